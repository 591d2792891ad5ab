//! Token estimates before a call: an upper bound by character class, without any model's vocabulary.

/// Tokens of one line of a prompt beyond those of its text.
pub const TOKENS_PER_LINE: u32 = 4;

/// Upper bound of the tokens of a text: 1.1 per CJK character, 0.3 per ASCII letter, 1 for everything else.
pub fn tokens(text: &str) -> u32 {
    let tenths: u64 = text.chars().map(|c| u64::from(tenths(c))).sum();
    u32::try_from(tenths.div_ceil(10)).unwrap_or(u32::MAX)
}

/// What one character adds to the estimate, in tenths of a token.
pub fn tenths(c: char) -> u8 {
    match c {
        'a'..='z' | 'A'..='Z' | ' ' => 3,
        '\u{2e80}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7af}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}' => 11,
        _ => 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_estimate_is_above_what_real_vocabularies_count() {
        // 111 Chinese characters were 115 tokens in the least compact vocabulary measured (cl100k).
        assert!(tokens(&"工".repeat(111)) >= 115);
        assert_eq!(tokens(""), 0);
    }
}
