//! Measures of two answers to the same question.
//!
//! - [`same`]: whether they are equal, byte by byte and in one form
//! - [`similarity`]: how many pieces of characters they share
//!
//! Whether an answer refuses, and its language, are known elsewhere: [`safety::is_refusal`], [`catalogue::language::language_of`]. What the
//! filter says of it is in the results, since it goes by each side's own rules.

pub mod same;
pub mod similarity;

use catalogue::labels::Language;
use catalogue::language::language_of;
use serde::Serialize;

use crate::results::TurnResult;

/// A value of each side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Pair<T> {
    /// The baseline's.
    pub baseline: T,
    /// The candidate's.
    pub candidate: T,
}

impl<T> Pair<T> {
    /// What becomes of both.
    pub fn map<U>(self, mut of: impl FnMut(T) -> U) -> Pair<U> {
        Pair { baseline: of(self.baseline), candidate: of(self.candidate) }
    }
}

/// What two answers to the same question have in common.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measures {
    /// Byte by byte the same.
    pub exact: bool,
    /// The same in one form: [`same::normal`].
    pub normalised: bool,
    /// From 0, nothing in common, to 1: [`similarity::similarity`].
    pub similarity: f64,
    /// Characters.
    pub characters: Pair<usize>,
    /// Whether each refuses.
    pub refuses: Pair<bool>,
    /// The language of each; `None` for one that is not known.
    pub language: Pair<Option<Language>>,
}

impl Measures {
    /// Compares two answers to a question.
    pub fn of(question: &str, baseline: &str, candidate: &str) -> Self {
        let answers = Pair { baseline, candidate };
        Self {
            exact: baseline == candidate,
            normalised: same::normal(baseline) == same::normal(candidate),
            similarity: similarity::similarity(baseline, candidate),
            characters: answers.map(|answer| answer.chars().count()),
            refuses: answers.map(safety::is_refusal),
            language: answers.map(|answer| language_of(answer, [question])),
        }
    }

    /// Of a turn that both sides answered.
    pub fn of_turn(turn: &TurnResult) -> Option<Self> {
        let (baseline, candidate) = (turn.baseline.answer.as_deref()?, turn.candidate.answer.as_deref()?);
        Some(Self::of(turn.question.as_deref().unwrap_or_default(), baseline, candidate))
    }

    /// Characters of the candidate's answer to those of the baseline's; `None` for an empty baseline.
    pub fn length_ratio(&self) -> Option<f64> {
        let Pair { baseline, candidate } = self.characters;
        (baseline > 0).then(|| candidate as f64 / baseline as f64)
    }
}

#[cfg(test)]
mod tests;
