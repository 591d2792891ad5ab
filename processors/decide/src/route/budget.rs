//! What a prompt may hold.

use catalogue::estimate::{TOKENS_PER_LINE, tokens};

use crate::parts::json_size;

/// Most bytes of all lines as JSON, so that a request stays well below what the topic takes.
const MOST_BYTES: u64 = 512 * 1_024;

/// What is left of a window, in estimated tokens, and of a record, in bytes of JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PromptBudget {
    tokens: u64,
    bytes: u64,
}

impl PromptBudget {
    /// The budget of a window of that many tokens. What the answer may take is already off.
    pub(crate) fn of_window(tokens: u32) -> Self {
        Self { tokens: u64::from(tokens), bytes: MOST_BYTES }
    }

    /// What is left after one more line; `None` when the line does not fit.
    pub(crate) fn less(self, line: &str) -> Option<Self> {
        // Estimates are upper bounds for the vocabularies that were measured; 15 % more covers those that were not.
        let estimate = (u64::from(tokens(line)) * 115).div_ceil(100) + u64::from(TOKENS_PER_LINE);
        Some(Self {
            tokens: self.tokens.checked_sub(estimate)?,
            bytes: self.bytes.checked_sub(json_size(line) as u64)?,
        })
    }

    /// What is left without so many tokens; `None` when there are not so many.
    pub(crate) fn without(self, tokens: u64) -> Option<Self> {
        Some(Self { tokens: self.tokens.checked_sub(tokens)?, ..self })
    }

    /// The same, with at most so many tokens.
    pub(crate) fn at_most(self, tokens: u32) -> Self {
        Self { tokens: self.tokens.min(u64::from(tokens)), ..self }
    }

    /// The same, with at most so many bytes of JSON.
    pub(crate) fn within(self, bytes: u32) -> Self {
        Self { bytes: self.bytes.min(u64::from(bytes)), ..self }
    }

    /// Half of it.
    pub(crate) fn half(self) -> Self {
        Self { tokens: self.tokens / 2, bytes: self.bytes / 2 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_takes_its_estimate_with_a_reserve() {
        // 100 Chinese characters: 110 tokens estimated, 127 with the reserve, 4 for the line.
        let text = "问".repeat(100);
        let left = PromptBudget { tokens: 0, bytes: MOST_BYTES - 300 };
        assert_eq!(PromptBudget::of_window(131).less(&text), Some(left));
        assert_eq!(PromptBudget::of_window(130).less(&text), None);
    }

    #[test]
    fn a_line_that_fits_the_window_may_still_be_too_large_for_a_record() {
        let line = "\u{1}".repeat(90_000);
        assert_eq!(PromptBudget::of_window(u32::MAX).less(&line), None);
    }
}
