//! Text that arrives in pieces, judged before it passes.
//!
//! [`HoldBack`] keeps so much of a text back that nothing of a word or of personal data passes before the whole of it has come and is
//! judged. What passes in the end is the same however the text was cut into pieces: each character that passes is the one that would pass
//! had the text come at once, masking included, and the stream stops where the first hit begins that may not pass.
//!
//! This rests on one property of what judges, its [`Judge::reach`]: whether characters are hit depends on no more than so many
//! characters before and behind them. A regular expression that has no longest match cannot promise that. Its matches are found as far
//! as they lie within the reach that its engine states, [`UNBOUNDED_REACH`] by default.
//!
//! Characters that folding drops, and repeats of a character, do not count as reach: however many of them stand inside a word, the
//! word is held back whole.

mod engine_judge;
mod hold_back;
mod judge;
mod measure;

#[cfg(test)]
mod tests;

pub use engine_judge::EngineJudge;
pub use hold_back::{HoldBack, Passed};
pub use judge::{Hit, Judge, UNBOUNDED_REACH};
