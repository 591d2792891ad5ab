//! Whether an answer gives away the system prompt.
//!
//! Prompt and answer are folded and stripped of everything but letters, ideographs and digits, so that another width, script variant,
//! punctuation or line length hides nothing. Two things are a leak: a long run of the prompt in the answer, and an answer that has a large
//! share of the prompt's short pieces, which a light rewording leaves in place. A marker that stands in the prompt ([`PromptGuard::with_canary`])
//! is a leak wherever it shows.
//!
//! What many prompts say ("you are a helpful assistant") counts for nothing, and a prompt that says little else is only guarded by its
//! marker. Whatever stands in the guarded text must not be said: knowledge that answers may quote (prices, opening hours, terms) belongs
//! into a part of the prompt that is not given to the guard.
//!
//! An answer that translates the prompt into another language, encodes it or tells it in quite other words is not recognised.

mod common_phrases;
mod pieces;

#[cfg(test)]
mod tests;

use std::ops::Range;

use pieces::{Pieces, Stripped};

/// Weight of a long piece: so many letters, or a third as many ideographs. Long pieces make up runs.
const LONG: usize = 24;
/// Weight of a short piece. Short pieces make up the share.
const SHORT: usize = 12;
/// A run that is told word by word is a leak from this weight on: 28 ideographs or 84 letters.
const LEAKED_RUN: usize = 84;
/// What may be changed within a run without ending it.
const GAP: usize = 15;
/// A share of the prompt from here on is a leak, in thousandths, as long as it is at least [`LEAKED_SHARE_WEIGHT`].
const LEAKED_SHARE: u32 = 500;
/// The least that is a leak by its share: 20 ideographs or 60 letters.
const LEAKED_SHARE_WEIGHT: usize = 60;
/// Fewest characters of a marker: shorter ones show up by chance.
const SHORTEST_CANARY: usize = 8;

/// What of the prompt an answer gives away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leak {
    /// Bytes of the answer that come from the prompt, in order, not overlapping.
    pub spans: Vec<Range<usize>>,
    /// How much of the prompt is in them, in thousandths; of what is special to this prompt, if that is not nothing.
    pub share_permille: u32,
    /// Whether the marker shows.
    pub canary: bool,
}

/// A marker that would show up by chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("guard prompt: its marker has fewer than {SHORTEST_CANARY} letters, ideographs and digits")]
pub struct ShortCanary;

/// Recognises one prompt in answers. Built once for each prompt.
#[derive(Debug, Clone)]
pub struct PromptGuard {
    long: Pieces,
    short: Pieces,
    canary: Vec<char>,
}

impl PromptGuard {
    /// Guards this text.
    pub fn new(prompt: &str) -> Self {
        let prompt = Stripped::of(prompt);
        Self {
            long: Pieces::special_to(&prompt, LONG),
            short: Pieces::special_to(&prompt, SHORT),
            canary: Vec::new(),
        }
    }

    /// Also looks for a marker: a string that stands in the prompt and that no answer says by itself.
    ///
    /// # Errors
    /// [`ShortCanary`] when the marker has fewer than eight letters, ideographs and digits.
    pub fn with_canary(mut self, canary: &str) -> Result<Self, ShortCanary> {
        self.canary = Stripped::of(canary).into_chars();
        if self.canary.len() < SHORTEST_CANARY { Err(ShortCanary) } else { Ok(self) }
    }

    /// What the answer gives away; `None` when that is nothing.
    pub fn leak(&self, answer: &str) -> Option<Leak> {
        let answer = Stripped::of(answer);
        let mut spans = answer.places_of(&self.canary);
        let canary = !spans.is_empty();
        let long = self.long.told_by(&answer);
        spans.extend(long.runs(GAP).into_iter().filter(|run| long.weight_within(run) >= LEAKED_RUN));
        let short = self.short.told_by(&answer);
        let (told, of) = (self.short.weight(&short), self.short.total_weight());
        let share = u32::try_from(1000 * told / of.max(1)).unwrap_or(1000);
        if share >= LEAKED_SHARE && told >= LEAKED_SHARE_WEIGHT {
            spans.extend(short.runs(0));
        }
        if spans.is_empty() {
            return None;
        }
        Some(Leak { spans: answer.sources(spans), share_permille: share, canary })
    }
}
