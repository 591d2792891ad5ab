//! How much work a good answer to a text takes: a local, pure scorer for Chinese and English.
//!
//! In reading order: `folded` and `spelling` make spellings of one text equal, `courtesy` takes greetings and thanks away, `lexicon` finds the cues of the vocabulary in it, `asked` tells what is
//! asked from what is only told or pasted, `shape` counts what needs no vocabulary, and `weights` says what each of these is worth.
//! It sees the text and the number of earlier turns, and nothing else; integers only, so that every machine gives the same score. It does not
//! understand the text: what it finds no signal for is `standard`, which is the cheaper mistake.

mod asked;
mod courtesy;
mod folded;
mod lexicon;
mod shape;
mod spelling;
mod weights;

pub use catalogue::complexity::{Class, Thresholds};

use asked::Asked;
use folded::Folded;
use shape::Shape;
use weights::Counts;

/// What is known besides the text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Context {
    /// Turns of the conversation before this one.
    pub history_turns: u32,
    /// Where the classes begin.
    pub thresholds: Thresholds,
}

/// Something that was found, and what it adds to the score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Signal {
    /// What was found.
    pub name: &'static str,
    /// What it adds; below zero for what makes an answer easier.
    pub points: i32,
}

/// How much work an answer takes, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Score {
    /// From 0 to 1000.
    pub score: u32,
    /// The class that the thresholds give it.
    pub class: Class,
    /// What the score was added up from, in a fixed order.
    pub signals: Vec<Signal>,
}

/// Scores a text.
#[must_use]
pub fn score(text: &str, context: &Context) -> Score {
    let signals = weights::signals(&counts(text, context));
    let sum: i32 = signals.iter().map(|signal| signal.points).sum();
    let score = u32::try_from(sum.clamp(0, 1000)).unwrap_or_default();
    Score { score, class: context.thresholds.class(score), signals }
}

/// How often each group and each property of the shape was found.
fn counts(text: &str, context: &Context) -> Counts {
    let vocabulary = lexicon::vocabulary();
    let text = vocabulary.spelling.correct(Folded::new(text).chars);
    let text = courtesy::strip(&text);
    let hits = vocabulary.hits(text);
    let asked = Asked::new(text, &hits);
    let mut counts = Counts::new(Shape::new(text, &hits, &asked), context.history_turns);
    for hit in &hits {
        if asked.holds(hit.at) {
            counts.add(hit.group);
        } else if hit.group.heavy() {
            counts.context += 1;
        }
    }
    counts
}
