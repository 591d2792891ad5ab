//! A text as the recognisers read it: widths and digits of every script are one, the case is kept, and each character knows where it
//! stands in the source. (The folding of the word list cannot serve here: a key or a token differs from another by case alone.)

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

use super::among::Among;

/// The digit zero of each script whose digits compatibility decomposition leaves alone, sorted; the other nine follow it.
/// (Unicode Character Database 15: General_Category Nd.)
const ZEROS: [u32; 58] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0,
    0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50,
    0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136,
    0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50,
    0x11da0, 0x16a60, 0x16ac0, 0x16b50, 0x1e140, 0x1e2f0, 0x1e950,
];

/// Chinese numerals up to nine, everyday and formal, in both scripts, with the readings of the telephone.
static NUMERALS: Among<34> = Among::of([
    '〇', '零', '一', '壹', '幺', '弌', '二', '贰', '貳', '弍', '两', '兩', '三', '叁', '參', '叄', '弎',
    '四', '肆', '五', '伍', '六', '陆', '陸', '七', '柒', '八', '捌', '九', '玖', '○', '洞', '拐', '勾',
]);

/// The digits that they stand for.
const DIGITS: [char; 34] = [
    '0', '0', '1', '1', '1', '1', '2', '2', '2', '2', '2', '2', '3', '3', '3', '3', '3', '4', '4', '5', '5',
    '6', '6', '6', '7', '7', '8', '8', '9', '9', '0', '0', '7', '9',
];

/// Shortest run of numerals and digits that is read as a number and not as words.
const SHORTEST_NUMBER: usize = 10;

/// A text for the recognisers. Positions are indices of its characters; what is asked outside the text is `'\0'`.
#[derive(Debug, Default)]
pub(super) struct Plain {
    chars: Vec<char>,
    lower: Vec<char>,
    starts: Vec<u32>,
    ends: Vec<u32>,
    /// How many characters were asked for.
    #[cfg(test)]
    pub(super) reads: std::sync::atomic::AtomicUsize,
}

impl Plain {
    /// Reads a text, reusing the buffers. Texts beyond 4 GiB are read up to there.
    pub(super) fn refill(&mut self, text: &str) {
        self.chars.clear();
        self.lower.clear();
        self.starts.clear();
        self.ends.clear();
        if text.is_ascii() {
            return self.refill_ascii(text);
        }
        let mut numerals = 0;
        for (at, c) in text.char_indices() {
            let (Ok(start), Ok(end)) = (u32::try_from(at), u32::try_from(at + c.len_utf8())) else { break };
            if c.is_ascii() {
                self.push(c, start, end);
            } else {
                numerals += usize::from(numeral(c).is_some());
                self.push_folded(c, start, end);
            }
        }
        if numerals >= SHORTEST_NUMBER / 2 {
            self.read_numerals();
        }
    }

    /// Reads a text in which every byte is a character, buffer by buffer.
    fn refill_ascii(&mut self, text: &str) {
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let bytes = text.bytes().take(length as usize);
        self.chars.extend(bytes.clone().map(char::from));
        self.lower.extend(bytes.map(|byte| char::from(byte.to_ascii_lowercase())));
        self.starts.extend(0..length);
        self.ends.extend(1..=length);
    }

    /// Reads a datum: all Chinese numerals are digits.
    pub(super) fn refill_datum(&mut self, text: &str) {
        self.refill(text);
        for c in &mut self.chars {
            *c = numeral(*c).unwrap_or(*c);
        }
    }

    /// Its length in characters.
    pub(super) fn len(&self) -> usize {
        self.chars.len()
    }

    /// The character at a position.
    #[inline]
    pub(super) fn at(&self, at: usize) -> char {
        #[cfg(test)]
        self.count(1);
        self.chars.get(at).copied().unwrap_or('\0')
    }

    /// The character before a position.
    #[inline]
    pub(super) fn before(&self, at: usize) -> char {
        self.at(at.wrapping_sub(1))
    }

    /// The character at a position in lower case.
    #[inline]
    pub(super) fn lower(&self, at: usize) -> char {
        #[cfg(test)]
        self.count(1);
        self.lower.get(at).copied().unwrap_or('\0')
    }

    /// The characters of a range, none when it reaches beyond the text.
    pub(super) fn slice(&self, range: Range<usize>) -> &[char] {
        #[cfg(test)]
        self.count(range.len());
        self.chars.get(range).unwrap_or_default()
    }

    #[cfg(test)]
    fn count(&self, reads: usize) {
        self.reads.fetch_add(reads, std::sync::atomic::Ordering::Relaxed);
    }

    /// Whether a word in lower case stands at a position.
    pub(super) fn has(&self, at: usize, word: &str) -> bool {
        word.chars().enumerate().all(|(n, c)| self.lower(at + n) == c)
    }

    /// First position from which on `test` fails.
    pub(super) fn skip(&self, from: usize, test: impl Fn(char) -> bool) -> usize {
        let mut at = from;
        while at < self.len() && test(self.at(at)) {
            at += 1;
        }
        at
    }

    /// First position of the stretch before `to` on which `test` holds throughout.
    pub(super) fn skip_back(&self, to: usize, test: impl Fn(char) -> bool) -> usize {
        let mut at = to;
        while at > 0 && test(self.before(at)) {
            at -= 1;
        }
        at
    }

    /// The bytes of the source that a range of characters stands for.
    pub(super) fn source(&self, range: Range<usize>) -> Option<Range<usize>> {
        let start = *self.starts.get(range.start)?;
        let end = *self.ends.get(range.end.checked_sub(1)?)?;
        Some(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
    }

    fn push(&mut self, c: char, start: u32, end: u32) {
        self.chars.push(c);
        self.lower.push(c.to_ascii_lowercase());
        self.starts.push(start);
        self.ends.push(end);
    }

    /// A mark belongs to the character before it.
    fn extend(&mut self, end: u32) {
        if let Some(last) = self.ends.last_mut() {
            *last = end;
        }
    }

    fn push_folded(&mut self, c: char, start: u32, end: u32) {
        match c {
            '\u{4e00}'..='\u{9fff}' | '\u{3001}' => self.push(c, start, end),
            '｡' => self.push('。', start, end),
            '\u{ff01}'..='\u{ff5e}' => self.push(half_width(c), start, end),
            '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '﹣' | '﹘' | '⁃' => {
                self.push('-', start, end)
            }
            '·' | '•' | '・' | '･' | '∙' | '⋅' | '‧' => self.push('.', start, end),
            '“' | '”' | '「' | '」' | '『' | '』' | '【' | '】' | '《' | '》' => {
                self.push('"', start, end)
            }
            '‘' | '’' => self.push('\'', start, end),
            '\u{2028}' | '\u{2029}' | '\u{85}' => self.push('\n', start, end),
            '〜' => self.push('~', start, end),
            _ if is_mark(c) => self.extend(end),
            _ if is_dropped(c) => {}
            _ => self.push_compatible(c, start, end),
        }
    }

    fn push_compatible(&mut self, c: char, start: u32, end: u32) {
        if let Some(digit) = script_digit(c).or_else(|| ringed_digit(c)) {
            return self.push(digit, start, end);
        }
        for part in std::iter::once(c).nfkc().filter(|part| !is_dropped(*part)) {
            self.push(if part.is_whitespace() && part != '\n' { ' ' } else { part }, start, end);
        }
    }

    /// Replaces long runs of Chinese numerals by digits, in their places.
    fn read_numerals(&mut self) {
        let mut at = 0;
        while at < self.len() {
            if numeral(self.at(at)).is_none() {
                at += 1;
                continue;
            }
            let start = self.skip_back(at, |c| c.is_ascii_digit());
            let end = self.skip(at, |c| {
                numeral(c).is_some() || c.is_ascii_digit() || matches!(c, ' ' | '-' | '.' | 'x' | 'X')
            });
            let run = start..end;
            let digits = self
                .slice(run.clone())
                .iter()
                .filter(|c| c.is_ascii_digit() || numeral(**c).is_some())
                .count();
            if digits >= SHORTEST_NUMBER {
                for c in self.chars.get_mut(run).into_iter().flatten() {
                    *c = numeral(*c).unwrap_or(*c);
                }
            }
            at = end.max(at + 1);
        }
    }
}

/// The digit that a Chinese numeral stands for.
pub(super) fn numeral(c: char) -> Option<char> {
    NUMERALS.place(c).and_then(|place| DIGITS.get(place)).copied()
}

/// The ASCII form of a full-width character.
pub(super) fn half_width(c: char) -> char {
    u32::from(c).checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(c)
}

fn script_digit(c: char) -> Option<char> {
    let code = u32::from(c);
    let zero = ZEROS.get(ZEROS.partition_point(|zero| *zero <= code).checked_sub(1)?)?;
    char::from_digit(code.checked_sub(*zero).filter(|digit| *digit < 10)?, 10)
}

/// Digits in rings, brackets and with a full stop, which compatibility would spell with their brackets or leave alone.
fn ringed_digit(c: char) -> Option<char> {
    let digit = match c {
        '⓪' | '⓿' | '🄋' | '🄌' => 0,
        '①'..='⑨' => u32::from(c) - 0x2460 + 1,
        '⑴'..='⑼' => u32::from(c) - 0x2474 + 1,
        '⒈'..='⒐' => u32::from(c) - 0x2488 + 1,
        '❶'..='❾' => u32::from(c) - 0x2776 + 1,
        '➀'..='➈' => u32::from(c) - 0x2780 + 1,
        '➊'..='➒' => u32::from(c) - 0x278a + 1,
        '⓵'..='⓽' => u32::from(c) - 0x24f5 + 1,
        _ => return None,
    };
    char::from_digit(digit, 10)
}

/// Marks on the character before them.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{20d0}'..='\u{20f0}' | '\u{fe00}'..='\u{fe0f}')
}

/// Characters that are not seen, or only as marks on their neighbours.
fn is_dropped(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
        || is_mark(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        let mut plain = Plain::default();
        plain.refill(text);
        plain.chars.iter().collect()
    }

    #[test]
    fn widths_and_digits_of_every_script_are_one_and_the_case_stays() {
        for (text, expected) in [
            ("１３８－ＡＢｃ＠", "138-ABc@"),
            ("٠١٢۳४𝟓𝟼", "0123456"),
            ("①⑵❸➃➎⒍", "123456"),
            ("1\u{fe0f}\u{20e3}2\u{200b}3", "123"),
            ("138–0013—8000", "138-0013-8000"),
            ("一三八零零壹叁捌〇〇〇", "13800138000"),
            ("我有三个", "我有三个"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn a_range_leads_back_to_its_bytes() {
        let mut plain = Plain::default();
        plain.refill("号１\u{200b}２.");
        assert_eq!(plain.source(1..3), Some(3..12));
        assert_eq!(plain.source(1..2), Some(3..6));
        assert_eq!(plain.source(3..4), Some(12..13));
        assert_eq!(plain.source(4..5), None);
    }
}
