//! Token estimates before a call: an upper bound by character class, without any model's vocabulary.

use crate::target::Provider;

/// Tokens that a picture is taken for, by the family that sees it. A call is told an address, so nobody knows how large the picture is
/// before it was made.
///
/// - OpenAI: models that count tiles take 1,445 at most, for 8 of them; those that count patches 1,536 times a factor of the model, which is
///   1.62 for `gpt-4.1-mini`. Others have larger factors.
/// - Claude: a picture is brought to 1,568 pixels a side, about 1,600 tokens, by newer models to 2,576, at most 4,784.
/// - Tongyi, and servers of one's own, which mostly serve models alike: a token for each 32 × 32 pixels, of which 2,560 are looked at
///   unless a call asks for more.
/// - Ernie: its vendor states none; taken as the one before.
/// - Spark: no wire of this version takes pictures.
pub fn image_tokens(provider: Provider) -> u32 {
    match provider {
        Provider::Openai => 2_600,
        Provider::Claude => 4_784,
        Provider::Tongyi | Provider::Local | Provider::Ernie | Provider::Spark => 2_560,
    }
}

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
