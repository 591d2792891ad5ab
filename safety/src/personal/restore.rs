//! Placeholders in what a model wrote, in the forms that models give them.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use super::kind::Kind;
use super::plain::half_width;

/// A placeholder in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Its word, as kinds have it.
    pub(super) word: &'static str,
    pub(super) number: u64,
    /// With its brackets, in bytes.
    pub(super) span: Range<usize>,
}

/// A text as its reader sees it, and where it differs from what was written.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Restored {
    /// The text.
    pub text: String,
    /// How many data were given back.
    pub given_back: usize,
    /// How many placeholders stand for what the reader is not given.
    pub withheld: usize,
    places: Vec<Place>,
}

/// A placeholder and what stands in its place, in bytes of either text.
#[derive(Clone, PartialEq, Eq)]
struct Place {
    written: Range<usize>,
    shown: Range<usize>,
}

impl Restored {
    /// Puts a datum, or the word for what is not given, in the place of a placeholder.
    pub(super) fn put(&mut self, written: Range<usize>, datum: Option<&str>, word: &str) {
        let start = self.text.len();
        match datum {
            Some(datum) => {
                self.given_back += 1;
                self.text.push_str(datum);
            }
            None => {
                self.withheld += 1;
                self.text.extend(["[", word, "]"]);
            }
        }
        self.places.push(Place { written, shown: start..self.text.len() });
    }

    /// Where the written text ends of which so many bytes are shown. A placeholder of which a part is shown belongs to it.
    pub fn written_end(&self, shown: usize) -> usize {
        match self.places.iter().rev().find(|place| place.shown.start < shown) {
            Some(place) => place.written.end + shown.saturating_sub(place.shown.end),
            None => shown,
        }
    }
}

impl fmt::Debug for Restored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { given_back, withheld, .. } = self;
        f.debug_struct("Restored")
            .field("given_back", given_back)
            .field("withheld", withheld)
            .finish_non_exhaustive()
    }
}

/// The text with every placeholder overwritten by dots of the same length, so that what judges words finds none in `[QQ_1]`.
pub fn without_names(text: &str) -> Cow<'_, str> {
    let mut overwritten = Cow::Borrowed(text);
    for (at, name, _) in named_places(text) {
        let dots = ".".repeat(name.len());
        overwritten.to_mut().replace_range(at..at + name.len(), &dots);
    }
    overwritten
}

/// Word and number of every placeholder of a text that has the form in which placeholders are given.
pub(super) fn names_in(text: &str) -> impl Iterator<Item = (&str, u64)> {
    named_places(text).filter_map(|(_, name, number)| Some((name.split_once('_')?.0, number)))
}

/// What stands between the brackets of placeholders in the form in which they are given: where, the name, its number.
fn named_places(text: &str) -> impl Iterator<Item = (usize, &str, u64)> {
    text.match_indices('[').filter_map(|(at, _)| {
        let (name, _) = text.get(at + 1..)?.split_once(']')?;
        let (word, number) = name.split_once('_')?;
        let known = Kind::ALL.iter().any(|kind| kind.placeholder() == word);
        let plain = number.bytes().all(|byte| byte.is_ascii_digit()) && !number.starts_with('0');
        let number = number.parse().ok().filter(|_| known && plain)?;
        Some((at + 1, name, number))
    })
}

/// Words that models put in place of a placeholder's when they translate it.
const TRANSLATED: [(&str, &str); 18] = [
    ("电话号码", "PHONE"),
    ("手机号码", "PHONE"),
    ("手机号", "PHONE"),
    ("电话", "PHONE"),
    ("手机", "PHONE"),
    ("電話", "PHONE"),
    ("手機", "PHONE"),
    ("邮箱", "EMAIL"),
    ("郵箱", "EMAIL"),
    ("电子邮箱", "EMAIL"),
    ("身份证号", "ID"),
    ("身份证", "ID"),
    ("银行卡", "CARD"),
    ("卡号", "CARD"),
    ("地址", "ADDRESS"),
    ("车牌", "PLATE"),
    ("微信", "WECHAT"),
    ("护照", "PASSPORT"),
];

/// Brackets that models put around a placeholder, with their ends.
const BRACKETS: [(char, char); 7] =
    [('[', ']'), ('【', '】'), ('{', '}'), ('<', '>'), ('(', ')'), ('「', '」'), ('〔', '〕')];

/// Most signs between the parts of a placeholder.
const WIDEST_GAP: usize = 4;

/// The placeholders of a text, in order.
pub(super) fn placeholders_in(text: &str) -> Vec<Found> {
    let characters: Vec<(usize, char)> = text.char_indices().map(|(at, c)| (at, folded(c))).collect();
    let reader = Reader { characters: &characters, end: text.len() };
    let mut found = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        match reader.placeholder(at) {
            Some((placeholder, next)) => {
                found.push(placeholder);
                at = next;
            }
            None => at += 1,
        }
    }
    found
}

fn folded(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => half_width(c).to_ascii_uppercase(),
        _ => c.to_ascii_uppercase(),
    }
}

/// A text in capitals, with the byte at which each character begins.
struct Reader<'a> {
    characters: &'a [(usize, char)],
    end: usize,
}

impl Reader<'_> {
    fn at(&self, at: usize) -> char {
        self.characters.get(at).map_or('\0', |(_, c)| *c)
    }

    fn byte(&self, at: usize) -> usize {
        self.characters.get(at).map_or(self.end, |(byte, _)| *byte)
    }

    /// The placeholder that begins at a position, with the position after it.
    fn placeholder(&self, start: usize) -> Option<(Found, usize)> {
        let closing = BRACKETS.iter().find(|(open, _)| *open == self.at(start)).map(|(_, close)| *close);
        match closing {
            Some(closing) => self.bracketed(start, closing),
            None => self.bare(start),
        }
    }

    fn bracketed(&self, start: usize, closing: char) -> Option<(Found, usize)> {
        let word_at = self.skip(start + 1, |c| is_blank(c) || c == '*' || c == '`');
        let (word, word_end) = self.word(word_at)?;
        let number_at = self.skip(word_end, is_link);
        let (number, number_end) = self.number(number_at)?;
        let close = self.skip(number_end, |c| is_blank(c) || c == '*' || c == '`');
        // Brackets other than square ones stand around ordinary words, so that the line between must be there.
        let linked = matches!(closing, ']' | '】') || (word_end..number_at).any(|at| self.at(at) == '_');
        let gaps = [word_at - start, number_at - word_end, close - number_end];
        let narrow = gaps.iter().all(|gap| *gap <= WIDEST_GAP);
        let whole = self.at(close) == closing && narrow && linked;
        whole.then(|| (Found { word, number, span: self.byte(start)..self.byte(close + 1) }, close + 1))
    }

    fn bare(&self, start: usize) -> Option<(Found, usize)> {
        if !self.at(start).is_ascii_uppercase() || (start > 0 && is_name(self.at(start - 1))) {
            return None;
        }
        let (word, after) = self.word(start)?;
        let line = self.skip(after, |c| c == '\\');
        if self.at(line) != '_' {
            return None;
        }
        let (number, end) = self.number(line + 1)?;
        let ends = !is_name(self.at(end));
        ends.then(|| (Found { word, number, span: self.byte(start)..self.byte(end) }, end))
    }

    /// The word of a kind at a position, the longest that fits.
    fn word(&self, start: usize) -> Option<(&'static str, usize)> {
        let own = Kind::ALL.iter().map(|kind| (kind.placeholder(), kind.placeholder()));
        let words = own.chain(TRANSLATED);
        let fitting =
            words.filter(|(written, _)| written.chars().enumerate().all(|(n, c)| self.at(start + n) == c));
        let (written, word) = fitting.max_by_key(|(written, _)| written.chars().count())?;
        Some((word, start + written.chars().count()))
    }

    fn number(&self, start: usize) -> Option<(u64, usize)> {
        let end = self.skip(start, |c| c.is_ascii_digit());
        let digits: String = (start..end).map(|at| self.at(at)).collect();
        digits.parse().ok().filter(|_| !digits.starts_with('0')).map(|number| (number, end))
    }

    fn skip(&self, from: usize, test: impl Fn(char) -> bool) -> usize {
        let mut at = from;
        while at < self.characters.len() && test(self.at(at)) {
            at += 1;
        }
        at
    }
}

/// What may stand between the word and the number in brackets.
fn is_link(c: char) -> bool {
    is_blank(c) || matches!(c, '_' | '-' | '\\' | '*' | ':' | '#' | '—')
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200d}' | '\u{feff}')
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_that_models_give_a_placeholder_are_understood() {
        for text in [
            "[PHONE_1]",
            "[phone_1]",
            "【PHONE_1】",
            "PHONE_1",
            "[PHONE 1]",
            "[PHONE-1]",
            "[PHONE_\n1]",
            "[ PHONE_1 ]",
            "［ＰＨＯＮＥ＿１］",
            "[PHONE1]",
            "<PHONE_1>",
            "{PHONE_1}",
            "[PHONE\\_1]",
            "[**PHONE_1**]",
            "[Phone_1]",
            "(PHONE_1)",
            "[电话_1]",
            "【手机号1】",
            "PHONE\\_1",
            "[\nPHONE_1\n]",
            "`phone_1`",
        ] {
            let found = placeholders_in(text);
            assert_eq!(found.len(), 1, "{text:?}");
            assert_eq!((found[0].word, found[0].number), ("PHONE", 1), "{text:?}");
        }
        let found = placeholders_in("**[PHONE_1]**和PHONE_2。");
        assert_eq!(found.iter().map(|found| found.span.clone()).collect::<Vec<_>>(), [2..11, 16..23]);
    }

    #[test]
    fn only_the_form_in_which_they_are_given_is_a_name() {
        let text = "[PHONE_1] [phone_2] 【PHONE_3】[[QQ_12]] [FOO_1] [ID_01] [EMAIL_] [IP_1";
        assert_eq!(names_in(text).collect::<Vec<_>>(), [("PHONE", 1), ("QQ", 12)]);
        assert_eq!(without_names("加[QQ_12]，QQ_1"), "加[.....]，QQ_1");
        assert!(matches!(without_names("[]] [ 加"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_part_of_what_is_shown_belongs_to_a_part_of_what_was_written() {
        let mut restored = Restored { text: "a ".into(), ..Restored::default() };
        restored.put(2..11, Some("13800138000"), "PHONE");
        restored.text.push_str(" b");
        for (shown, written) in [(0, 0), (1, 1), (2, 2), (3, 11), (13, 11), (14, 12), (15, 13)] {
            assert_eq!(restored.written_end(shown), written, "{shown}");
        }
        assert!(!format!("{restored:?}").contains("138"));
    }

    #[test]
    fn words_and_other_numbers_are_not() {
        for text in [
            "phone 1",
            "(phone 1)",
            "[PHONE_]",
            "[PHONE_01]",
            "MYPHONE_1",
            "PHONE_1_2",
            "PHONE_1a",
            "[PHONE]",
            "[FOO_1]",
            "[PHONE_99999999999999999999999]",
            "电话1",
            "[PHONE_1x]",
            "(id 1)",
        ] {
            assert_eq!(placeholders_in(text), [], "{text:?}");
        }
        assert_eq!(placeholders_in("[PHONE_12]")[0].number, 12);
    }
}
