//! What a prompt may hold.

use catalogue::estimate::{TOKENS_PER_LINE, tenths};

use crate::parts::char_size;

/// Most bytes of all lines as JSON, so that a request stays well below what the topic takes.
const MOST_BYTES: u64 = 512 * 1_024;

/// What is left of a window, in estimated tokens, and of a record, in bytes of JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PromptBudget {
    tokens: u64,
    bytes: u64,
}

/// What a line takes of a prompt; counts end at the largest that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line {
    /// Its tokens, as estimated.
    pub(crate) tokens: u32,
    /// Its bytes as JSON.
    pub(crate) bytes: u32,
}

impl PromptBudget {
    /// The budget of a window of that many tokens. What the answer may take is already off.
    pub(crate) fn of_window(tokens: u32) -> Self {
        Self { tokens: u64::from(tokens), bytes: MOST_BYTES }
    }

    /// What is left after one more line; `None` when the line does not fit.
    pub(crate) fn less(self, line: &str) -> Option<Self> {
        self.less_line(Line::of(line))
    }

    /// The same after a line that was measured.
    pub(crate) fn less_line(self, line: Line) -> Option<Self> {
        // Estimates are upper bounds for the vocabularies that were measured; 15 % more covers those that were not.
        let estimate = (u64::from(line.tokens) * 115).div_ceil(100) + u64::from(TOKENS_PER_LINE);
        Some(Self {
            tokens: self.tokens.checked_sub(estimate)?,
            bytes: self.bytes.checked_sub(u64::from(line.bytes))?,
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

impl Line {
    /// Of a text.
    pub(crate) fn of(text: &str) -> Self {
        let (mut sum, mut bytes) = (0_u64, 0_usize);
        for c in text.chars() {
            sum += u64::from(tenths(c));
            bytes += char_size(c);
        }
        let most = |count| u32::try_from(count).unwrap_or(u32::MAX);
        Self { tokens: most(sum.div_ceil(10)), bytes: most(bytes as u64) }
    }
}

#[cfg(test)]
mod tests {
    use catalogue::estimate::tokens;

    use crate::parts::json_size;

    use super::*;

    #[test]
    fn a_line_is_measured_as_its_tokens_and_its_json_are() {
        for text in ["", "a", "问a\n\u{1}\"", "Hello, 世界! 🎉 ①", &"好".repeat(1_000)] {
            let line = Line::of(text);
            assert_eq!((line.tokens, line.bytes as usize), (tokens(text), json_size(text)), "{text}");
        }
    }

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
