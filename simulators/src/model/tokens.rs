//! Token counts from text lengths.

use super::request::Turn;
use serde::Serialize;

/// Tokens that one call spends, as the provider bills them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Usage {
    /// Whole prompt, cached part included.
    pub(crate) prompt_tokens: u64,
    /// Part of the prompt that was read from the cache.
    pub(crate) cached_tokens: u64,
    /// Part of the prompt that was written to the cache for five minutes.
    pub(crate) cache_write_5m_tokens: u64,
    /// Part of the prompt that was written to the cache for an hour.
    pub(crate) cache_write_1h_tokens: u64,
    /// Whole output, reasoning included.
    pub(crate) completion_tokens: u64,
    /// Part of the output that was reasoning.
    pub(crate) reasoning_tokens: u64,
}

impl Usage {
    /// Adds another call's tokens.
    pub(crate) fn add(&mut self, other: Self) {
        self.prompt_tokens += other.prompt_tokens;
        self.cached_tokens += other.cached_tokens;
        self.cache_write_5m_tokens += other.cache_write_5m_tokens;
        self.cache_write_1h_tokens += other.cache_write_1h_tokens;
        self.completion_tokens += other.completion_tokens;
        self.reasoning_tokens += other.reasoning_tokens;
    }

    /// The same prompt with this output.
    pub(crate) fn with_output(self, thought: &str, text: &str) -> Self {
        let reasoning_tokens = of_text(thought);
        Self { completion_tokens: reasoning_tokens + of_text(text), reasoning_tokens, ..self }
    }

    /// Takes over which part of the prompt is read from the cache and which is written to it.
    pub(crate) fn cache(&mut self, share: Self) {
        self.cached_tokens = share.cached_tokens;
        self.cache_write_5m_tokens = share.cache_write_5m_tokens;
        self.cache_write_1h_tokens = share.cache_write_1h_tokens;
    }

    /// Prompt and output.
    pub(crate) fn total(self) -> u64 {
        self.prompt_tokens + self.completion_tokens
    }

    /// The prompt without what was read from the cache or written to it.
    pub(crate) fn uncached(self) -> u64 {
        let cached = self.cached_tokens + self.cache_write_5m_tokens + self.cache_write_1h_tokens;
        self.prompt_tokens.saturating_sub(cached)
    }
}

/// Tokens of a text: a Chinese, Japanese or Korean character counts 1.1, a Latin letter 0.3, others 1.
pub(crate) fn of_text(text: &str) -> u64 {
    tenths_of(text).div_ceil(10)
}

/// The same in tenths of a token, which add up from piece to piece.
pub(crate) fn tenths_of(text: &str) -> u64 {
    text.chars().map(tenths).sum()
}

fn tenths(character: char) -> u64 {
    match character {
        'a'..='z' | 'A'..='Z' => 3,
        '\u{2E80}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}' | '\u{F900}'..='\u{FAFF}' => 11,
        '\u{20000}'..='\u{3FFFF}' => 11,
        _ => 10,
    }
}

/// Tokens that a picture counts.
const PER_IMAGE: u64 = 1_000;

/// Tokens of a prompt: those of its pictures, 4 for each message and 3 for the beginning of the answer on top of the texts.
pub(crate) fn of_prompt(turns: &[Turn]) -> u64 {
    let of_turn = |turn: &Turn| 4 + of_text(&turn.text) + turn.images as u64 * PER_IMAGE;
    3 + turns.iter().map(of_turn).sum::<u64>()
}

/// Cached tokens of a prompt: everything before the last message, in blocks of 64.
pub(crate) fn of_cache(turns: &[Turn]) -> u64 {
    match turns.split_last() {
        Some((_, earlier)) if !earlier.is_empty() => of_prompt(earlier) / 64 * 64,
        _ => 0,
    }
}

/// The longest beginning of a text that has at most `most` tokens.
pub(crate) fn clip(text: &str, most: u64) -> &str {
    let mut spent = 0;
    for (at, character) in text.char_indices() {
        spent += tenths(character);
        if spent > most.saturating_mul(10) {
            return text.get(..at).unwrap_or_default();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Turn, clip, of_cache, of_prompt, of_text};

    fn turn(text: &str) -> Turn {
        Turn::new("user", text)
    }

    #[test]
    fn scripts_weigh_differently() {
        assert_eq!(of_text(""), 0);
        assert_eq!(of_text("abcdefghij"), 3);
        assert_eq!(of_text("一二三四五六七八九十"), 11);
        assert_eq!(of_text("12 "), 3);
    }

    #[test]
    fn a_prompt_counts_its_frame_and_caches_whole_blocks_before_the_last_message() {
        assert_eq!(of_prompt(&[turn("abcdefghij")]), 10);
        assert_eq!(of_cache(&[turn(&"1".repeat(500))]), 0);
        assert_eq!(of_cache(&[turn(&"1".repeat(150)), turn("x")]), 128);
    }

    #[test]
    fn a_clipped_text_stays_within_its_tokens() {
        let clipped = clip("一二三四五六七八九十", 5);
        assert_eq!(clipped, "一二三四");
        assert!(of_text(clipped) <= 5);
        assert_eq!(clip("abc", 1), "abc");
    }
}
