//! Prompt injection and jailbreaks: texts that give the model orders against its instructions, in Chinese and English.
//!
//! Each technique is a [`Signal`] with patterns of phrases (`vocabulary.txt`, `patterns.txt`): "ignore" … "previous" … "instructions" in this
//! order, not too far apart, in one sentence. A pattern has a weight; a signal counts with the weight of its heaviest pattern that matched,
//! and the sum is the score. Signals of innocent texts, such as talk about prompt injection, take away. From 500 on a text is more likely
//! an injection than not; which action follows at which score is the caller's to say.
//!
//! Phrases are found in the folded text without its spaces and punctuation, so that neither width, script variant, letter spacing nor
//! punctuation hides them; common typos and digits for letters count as the letter. Base64, hexadecimal, percent-encoding, escapes and
//! binary are decoded and read as well, and words are also known in ROT13 and backwards.
//!
//! Beside the patterns the wording as a whole counts ([`Signal::Wording`]): a linear model over words and neighbouring words, learned from
//! the labelled texts of the corpus. Alone it makes an injection only of a text that names a model's instructions, limits, keepers or
//! secrets: everyday orders ("repeat the number", "answer with yes or no") are worded as injections are.
//!
//! An order that a text only speaks about (`mention.rs`), such as a quoted sentence that is to be translated, counts little.
//!
//! These are heuristics. They know what is common; an attack in words of its own, in another language, or spread over several messages
//! can pass.

mod decode;
mod detector;
mod mention;
mod patterns;
mod role_tags;
mod rule;
mod signal;
mod squeezed;
mod vocabulary;
mod wording;

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod training;

pub use detector::{Assessment, Detector};
pub use rule::Threshold;
pub use signal::Signal;
