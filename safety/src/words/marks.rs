//! What views and borders ask of each character of a folded text.

use std::ops::Range;

use crate::fold::Folded;
use crate::tables::{CharClass, class, may_begin_written, written_lookalike};

/// A letter of an alphabet whose words are runs of letters: Latin, Greek, Cyrillic.
pub(crate) const LETTER: u8 = 1;
/// A decimal digit.
pub(crate) const DIGIT: u8 = 2;
/// No letter, ideograph or digit: it may stand between two characters of a word. Also a sign that folds to a letter or digit, such
/// as ™ or a keycap.
pub(crate) const SEPARATOR: u8 = 4;
/// It belongs to the separator before it and is not counted again.
pub(crate) const JOINED: u8 = 8;
/// It looks blank.
pub(crate) const BLANK: u8 = 16;
/// An ideograph.
pub(crate) const IDEOGRAPH: u8 = 32;
/// A `u` that is written as ü.
pub(crate) const UMLAUT: u8 = 64;

/// A letter or digit that is a sign in the text, such as those of flags, trade marks and keycaps; no run of letters goes on over it.
pub(crate) const SIGN: u8 = 128;

const ZERO_WIDTH_JOINER: char = '\u{200d}';
const KEYCAP: char = '\u{20e3}';

/// The marks of every character of a folded text.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    all: Vec<u8>,
    /// Where the run of equal characters begins and ends that each character is in.
    runs: Vec<(u32, u32)>,
    /// What characters look like as they are written, where their folds do not; by their places.
    looks: Vec<(u32, char)>,
    /// The groups of characters that are [`JOINED`], in order.
    joined: Vec<Joined>,
    /// How often marks were asked for.
    #[cfg(test)]
    asked: std::cell::Cell<usize>,
}

/// Characters, one behind the other, that all belong to the separator before them.
#[derive(Debug, Clone, Copy)]
struct Joined {
    /// Place of the first one.
    start: u32,
    /// Place after the last one.
    end: u32,
    /// Place from which on all of them look blank.
    blank: u32,
}

/// What is behind a place and belongs to the separator before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rest {
    /// Place after it.
    pub(crate) end: usize,
    /// All of it looks blank; nothing does, too.
    pub(crate) is_blank: bool,
}

impl Marks {
    /// Marks another text, in the same buffer.
    pub(crate) fn refill(&mut self, text: &str, folded: &Folded) {
        self.all.clear();
        self.joined.clear();
        #[cfg(test)]
        self.asked.set(0);
        self.find_runs(folded.chars());
        self.find_looks(text, folded);
        let mut flags = 0_u32;
        // Whether nothing can be said of the character before but what its folded form says.
        let mut before_is_plain = false;
        for (at, (c, separator)) in folded.chars().iter().zip(folded.separators()).enumerate() {
            let is_plain = !separator && *c != 'u';
            if is_plain && before_is_plain {
                self.all.push(of_folded(*c));
                flags = 0;
                continue;
            }
            before_is_plain = is_plain;
            let source = folded.source(at..at + 1);
            let mut mark = of_folded(*c) | of_source(text, &source, *c);
            if let Some((last, place)) = before(folded, at) {
                let dropped = text.get(place.end..source.start).unwrap_or_default();
                self.amend_last(last, dropped);
                flags = if is_flag(text, &place) && is_flag(text, &source) { flags + 1 } else { 0 };
                let joined = place.start == source.start
                    || (dropped.contains(ZERO_WIDTH_JOINER) && is_joinable(last) && is_joinable(*c))
                    || is_skin(*c)
                    || flags % 2 == 1
                    || (last, *c) == ('\r', '\n');
                if joined && mark & self.at(at - 1) & SEPARATOR != 0 {
                    mark |= JOINED;
                    self.join(at as u32, mark & BLANK != 0);
                }
            }
            self.all.push(mark);
        }
        if let Some((last, place)) = before(folded, folded.len()) {
            self.amend_last(last, text.get(place.end..).unwrap_or_default());
        }
    }

    /// The marks of a character; none beyond the text.
    pub(crate) fn at(&self, place: usize) -> u8 {
        #[cfg(test)]
        self.asked.set(self.asked.get() + 1);
        self.all.get(place).copied().unwrap_or_default()
    }

    /// The marks of the character before a place; none at the beginning.
    pub(crate) fn before(&self, place: usize) -> u8 {
        place.checked_sub(1).map_or(0, |before| self.at(before))
    }

    /// Whether a letter stands here that others can be a run with.
    pub(crate) fn is_letter(&self, place: usize) -> bool {
        self.at(place) & (LETTER | SIGN) == LETTER
    }

    /// The same of the character before a place.
    pub(crate) fn is_letter_before(&self, place: usize) -> bool {
        place.checked_sub(1).is_some_and(|before| self.is_letter(before))
    }

    /// Whether a letter or digit stands here that others can be a run with.
    pub(crate) fn in_run(&self, place: usize) -> bool {
        let mark = self.at(place);
        mark & (LETTER | DIGIT) != 0 && mark & SIGN == 0
    }

    /// Where the run of equal characters begins that a character is in.
    pub(crate) fn run_start(&self, place: usize) -> usize {
        self.runs.get(place).map_or(place, |run| run.0 as usize)
    }

    /// Where it ends.
    pub(crate) fn run_end(&self, place: usize) -> usize {
        self.runs.get(place).map_or(place, |run| run.1 as usize)
    }

    /// What stands from a place on that belongs to the separator before it.
    pub(crate) fn rest_of_separator(&self, place: usize) -> Rest {
        let none = Rest { end: place, is_blank: true };
        if self.at(place) & JOINED == 0 {
            return none;
        }
        let behind = self.joined.partition_point(|joined| joined.start as usize <= place);
        let joined = behind.checked_sub(1).and_then(|last| self.joined.get(last));
        joined.map_or(none, |joined| Rest {
            end: joined.end as usize,
            is_blank: joined.blank as usize <= place,
        })
    }

    /// How often marks were asked for since the text was marked.
    #[cfg(test)]
    pub(crate) fn asked(&self) -> usize {
        self.asked.get()
    }

    /// Whether a letter of any script or an ideograph stands here, no digit and no sign.
    pub(crate) fn says_letter(&self, place: usize) -> bool {
        self.at(place) & (LETTER | IDEOGRAPH) != 0 || self.is_other_letter(place)
    }

    /// Whether a letter stands here of a script whose words are no runs of [`LETTER`].
    pub(crate) fn is_other_letter(&self, place: usize) -> bool {
        place < self.all.len() && self.at(place) & (LETTER | IDEOGRAPH | DIGIT | SEPARATOR) == 0
    }

    /// What the character at a place looks like as it is written, where its fold does not.
    pub(crate) fn look(&self, place: usize) -> Option<char> {
        let at = self.looks.binary_search_by_key(&place, |(at, _)| *at as usize).ok()?;
        self.looks.get(at).map(|(_, look)| *look)
    }

    /// Adds a character to the group that ends before it, or begins one.
    fn join(&mut self, at: u32, is_blank: bool) {
        if self.joined.last().is_none_or(|joined| joined.end != at) {
            self.joined.push(Joined { start: at, end: at, blank: at });
        }
        if let Some(joined) = self.joined.last_mut() {
            joined.end = at + 1;
            if !is_blank {
                joined.blank = joined.end;
            }
        }
    }

    fn find_looks(&mut self, text: &str, folded: &Folded) {
        self.looks.clear();
        if !text.bytes().fold(false, |any, byte| any | may_begin_written(byte)) {
            return;
        }
        for at in 0..folded.len() {
            let source = folded.source(at..at + 1);
            if text.as_bytes().get(source.start).is_some_and(|byte| may_begin_written(*byte)) {
                let written = text.get(source).and_then(|written| written.chars().next());
                let look = written.and_then(written_lookalike);
                self.looks.extend(look.map(|look| (at as u32, look)));
            }
        }
    }

    fn find_runs(&mut self, chars: &[char]) {
        self.runs.clear();
        for run in chars.chunk_by(|one, two| one == two) {
            let start = self.runs.len();
            let end = start + run.len();
            self.runs.resize(end, (start as u32, end as u32));
        }
    }

    /// What fell away behind the last character can say more of it.
    fn amend_last(&mut self, last: char, dropped: &str) {
        let Some(mark) = self.all.last_mut().filter(|_| !dropped.is_empty()) else { return };
        if dropped.contains(KEYCAP) && (last.is_ascii_digit() || last == '#' || last == '*') {
            *mark |= SEPARATOR | SIGN;
        }
        if last == 'u' && dropped.contains('\u{308}') {
            *mark |= UMLAUT;
        }
    }
}

/// The character before a place, and where its source stands.
fn before(folded: &Folded, at: usize) -> Option<(char, Range<usize>)> {
    let before = at.checked_sub(1)?;
    Some((*folded.chars().get(before)?, folded.source(before..at)))
}

fn of_folded(c: char) -> u8 {
    match c {
        'a'..='z' => LETTER,
        '0'..='9' => DIGIT,
        '\0'..=' ' | '\x7f' => SEPARATOR | BLANK,
        '!'..='~' => SEPARATOR,
        _ => match class(c) {
            CharClass::Ideograph => IDEOGRAPH,
            // Kana, Hangul and the letters of abjads write words without borders, or with those that ideographs have.
            CharClass::Letter if c < '\u{590}' => LETTER,
            CharClass::Letter => 0,
            CharClass::Digit => DIGIT,
            CharClass::Blank => SEPARATOR | BLANK,
            CharClass::Other => SEPARATOR,
        },
    }
}

fn of_source(text: &str, source: &Range<usize>, c: char) -> u8 {
    // Signs that fold to letters are in these blocks: Latin-1, general punctuation to symbols, enclosed ideographs, the last plane.
    let first = text.as_bytes().get(source.start).copied().unwrap_or_default();
    if !matches!(first, 0xc2..=0xc7 | 0xe2 | 0xe3 | 0xf0) && c != 'u' {
        return 0;
    }
    let written = text.get(source.clone()).unwrap_or_default();
    let umlaut = |w: char| matches!(w, 'ü' | 'Ü' | 'ǖ' | 'Ǖ' | 'ǘ' | 'Ǘ' | 'ǚ' | 'Ǚ' | 'ǜ' | 'Ǜ' | '\u{308}');
    if c == 'u' && written.contains(umlaut) {
        return UMLAUT;
    }
    match written.chars().next() {
        Some(w) if w != c && matches!(class(w), CharClass::Other | CharClass::Blank) => {
            if is_enclosed(w) || is_raised(w) { SEPARATOR } else { SEPARATOR | SIGN }
        }
        _ => 0,
    }
}

/// Half of a flag. The fold makes a letter of it.
fn is_flag(text: &str, source: &Range<usize>) -> bool {
    let written = text.get(source.clone()).and_then(|written| written.chars().next());
    matches!(written, Some('\u{1f1e6}'..='\u{1f1ff}'))
}

/// A letter or digit in a circle, a square or brackets, which people write words with.
fn is_enclosed(c: char) -> bool {
    matches!(c, '\u{2460}'..='\u{24ff}' | '\u{2776}'..='\u{2793}' | '\u{1f100}'..='\u{1f189}')
}

/// A digit above or below the line, which is part of a run as every other digit.
fn is_raised(c: char) -> bool {
    matches!(c, '²' | '³' | '¹' | '\u{2070}' | '\u{2074}'..='\u{2079}' | '\u{2080}'..='\u{2089}')
}

/// Whether a zero-width joiner can make one sign of this and another: emoji, not punctuation.
fn is_joinable(c: char) -> bool {
    !c.is_ascii() && !matches!(c, '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ffef}')
}

fn is_skin(c: char) -> bool {
    matches!(c, '\u{1f3fb}'..='\u{1f3ff}')
}
