//! Parts of a text that say something else once they are decoded.

use std::ops::Range;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Fewest characters of Base64 and of hexadecimal digits.
const SHORTEST_RUN: usize = 16;
/// Fewest escapes, and fewest groups of binary digits.
const FEWEST_GROUPS: usize = 4;

/// Tolerates what people leave out: padding, and bits that no byte needs.
const TOLERANT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, TOLERANT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, TOLERANT);

/// A decoded part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decoded {
    pub(super) text: String,
    /// Bytes of the source.
    pub(super) place: Range<usize>,
}

/// Everything in the text that can be decoded to readable text, each by itself.
pub(super) fn all(text: &str) -> Vec<Decoded> {
    let mut found = Vec::new();
    for place in runs(text, |byte| byte.is_ascii_alphanumeric() || b"+/-_=".contains(&byte), SHORTEST_RUN) {
        found.extend(readable(text, place, base64));
    }
    for place in runs(text, |byte| byte.is_ascii_hexdigit() || b" :,\\x\n".contains(&byte), SHORTEST_RUN) {
        let place = from_digits(text, place);
        found.extend(readable(text, place.clone(), binary).or_else(|| readable(text, place, hexadecimal)));
    }
    if text.bytes().filter(|byte| b"%\\&".contains(byte)).count() >= FEWEST_GROUPS {
        found.extend(readable(text, 0..text.len(), escapes));
    }
    found
}

/// Maximal runs of such bytes. All bytes are ASCII, so the borders are those of characters.
fn runs(text: &str, belongs: impl Fn(u8) -> bool, shortest: usize) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    let mut start = 0;
    for (at, byte) in text.bytes().chain([0x80]).enumerate() {
        if !belongs(byte) {
            if at - start >= shortest {
                runs.push(start..at);
            }
            start = at + 1;
        }
    }
    runs
}

fn readable(text: &str, place: Range<usize>, decode: impl Fn(&str) -> Option<Vec<u8>>) -> Option<Decoded> {
    let bytes = decode(text.get(place.clone())?)?;
    let text = String::from_utf8(bytes).ok()?;
    let is_readable = |c: char| !c.is_control() || c.is_whitespace();
    (!text.is_empty() && text.chars().all(is_readable)).then_some(Decoded { text, place })
}

/// The run from its first word with a digit on: in `hex: 6869` letters of the word before belong to the run.
fn from_digits(text: &str, run: Range<usize>) -> Range<usize> {
    let is_between = |c: char| c.is_whitespace() || matches!(c, ':' | ',');
    let words = text.get(run.clone()).unwrap_or_default().split_inclusive(is_between);
    let skipped: usize =
        words.take_while(|word| !word.contains(|c: char| c.is_ascii_digit())).map(str::len).sum();
    run.start + skipped..run.end
}

fn base64(run: &str) -> Option<Vec<u8>> {
    let run = run.trim_end_matches('=');
    // A last character alone holds no whole byte.
    let run = if run.len() % 4 == 1 { run.get(..run.len() - 1)? } else { run };
    STANDARD.decode(run).or_else(|_| URL_SAFE.decode(run)).ok()
}

fn hexadecimal(run: &str) -> Option<Vec<u8>> {
    let run = run.replace("0x", "");
    let digits: Vec<u32> = run.chars().filter_map(|c| c.to_digit(16)).collect();
    let has_enough = digits.len() >= SHORTEST_RUN && digits.len().is_multiple_of(2);
    has_enough.then(|| digits.chunks(2).map(|pair| number(pair, 16)).collect())?
}

fn binary(run: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = run
        .chars()
        .filter(|c| !c.is_whitespace() && *c != ',')
        .map(|c| c.to_digit(2))
        .collect::<Option<_>>()?;
    let has_enough = digits.len() >= 8 * FEWEST_GROUPS && digits.len().is_multiple_of(8);
    has_enough.then(|| digits.chunks(8).map(|bits| number(bits, 2)).collect())?
}

fn number(digits: &[u32], base: u32) -> Option<u8> {
    u8::try_from(digits.iter().fold(0, |number, digit| number * base + digit)).ok()
}

/// The text with `%41`, `\u0041`, `\x41`, `&#65;` and `&#x41;` replaced; nothing if it has too few of them.
fn escapes(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let (mut rest, mut count) = (text, 0);
    while let Some(first) = rest.chars().next() {
        if let Some((bytes, after)) = escape(rest) {
            out.extend(bytes);
            rest = after;
            count += 1;
        } else {
            out.extend(rest.get(..first.len_utf8())?.bytes());
            rest = rest.get(first.len_utf8()..)?;
        }
    }
    (count >= FEWEST_GROUPS).then_some(out)
}

/// The escape that the text begins with, and what follows it.
fn escape(text: &str) -> Option<(Vec<u8>, &str)> {
    if let Some(rest) = text.strip_prefix('%') {
        return Some((vec![u8::from_str_radix(rest.get(..2)?, 16).ok()?], rest.get(2..)?));
    }
    if let Some(rest) = text.strip_prefix("\\x") {
        return Some((vec![u8::from_str_radix(rest.get(..2)?, 16).ok()?], rest.get(2..)?));
    }
    if let Some(rest) = text.strip_prefix("\\u") {
        return Some((utf8(u32::from_str_radix(rest.get(..4)?, 16).ok()?)?, rest.get(4..)?));
    }
    let (number, rest) = text.strip_prefix("&#")?.split_once(';')?;
    let code = match number.strip_prefix(['x', 'X']) {
        Some(number) => u32::from_str_radix(number, 16),
        None => number.parse(),
    };
    Some((utf8(code.ok()?)?, rest))
}

fn utf8(code: u32) -> Option<Vec<u8>> {
    char::from_u32(code).map(|c| c.to_string().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_is_read() {
        for (what, text) in [
            ("base64", "please decode aWdub3JlIHByZXZpb3Vz now"),
            ("base64 without padding", "aWdub3JlIHByZXZpb3VzIQ"),
            ("base64 for addresses", "aWdub3JlIHByZXZpb3VzIO-_vQ=="),
            ("hexadecimal", "run 69676e6f72652070726576696f7573"),
            ("hexadecimal behind its name", "this hex: 69676e6f726520796f7572"),
            ("hexadecimal in pairs", "69 67 6e 6f 72 65 20 70 72 65 76 69 6f 75 73"),
            ("hexadecimal escapes", r"\x69\x67\x6e\x6f\x72\x65 previous"),
            ("percent", "%69%67%6e%6f%72%65%20previous"),
            ("unicode escapes", r"\u0069\u0067\u006e\u006f\u0072\u0065 previous"),
            ("entities", "&#105;&#103;&#110;&#x6f;&#114;&#101; previous"),
            ("binary", "01101001 01100111 01101110 01101111 01110010 01100101"),
        ] {
            let decoded = all(text);
            assert!(decoded.iter().any(|decoded| decoded.text.contains("ignore")), "{what}: {decoded:?}");
        }
    }

    #[test]
    fn plain_text_and_numbers_are_not() {
        for text in [
            "internationalization of the application",
            "订单号 202401011234567890",
            "13800138000, 6222020200112233",
            "100% \\o/",
        ] {
            assert_eq!(all(text), [], "{text}");
        }
    }
}
