//! The fold table: what each character becomes and of which class it is.

use std::sync::LazyLock;

use crate::tables::CharClass;
use crate::tables::pages::Pages;

/// `FROM TO…` or `FIRST-LAST TO`, in hexadecimal; built by `safety/tables/build.py`, where the sources and licences stand.
const FOLD: &str = include_str!("../../tables/fold.txt");
/// `FIRST-LAST KIND`, in hexadecimal.
const CLASS: &str = include_str!("../../tables/class.txt");

/// Code points of the first plane.
const FIRST_PLANE: usize = 0x1_0000;

static TABLE: LazyLock<Table> = LazyLock::new(Table::parse);

const CHANGE: u32 = 0x1f_ffff;
const CLASS_SHIFT: u32 = 21;
const CLASS_BITS: u32 = 7;
/// Classes of letters, ideographs and digits are below [`SIGN`], those of signs are not.
const IDEOGRAPH: u32 = 1;
const LETTER: u32 = 2;
const DIGIT: u32 = 3;
const SIGN: u32 = 4;
const BLANK: u32 = 5;
/// The class of a sign that folds to a letter, ideograph or digit; to all else it is a sign as any other.
const DOUBTFUL: u32 = 7;
/// Entries below this are one character that goes out as it is.
pub(super) const PLAIN: u32 = 1 << 24;
/// Entries below this are such a character, and a sign only if its fold is one.
pub(super) const CERTAIN: u32 = DOUBTFUL << CLASS_SHIFT;
const SEVERAL: u32 = 1 << 24;
const JOINS: u32 = 2 << 24;
const MARK: u32 = 3 << 24;
const KIND: u32 = 3 << 24;
const LEN_BITS: u32 = 5;

/// What becomes of one character.
pub(super) enum Fate {
    /// It becomes this character.
    One(char),
    /// It becomes these characters, none of which may stand for nothing.
    Several(&'static [char]),
    /// It becomes this character, which joins the one before it: a Hangul vowel or final, a voicing mark of kana.
    Joins(char),
    /// It becomes this mark, which is part of a word of its own script and an ornament elsewhere.
    Mark(char),
}

/// The table. One entry of 32 bits for each code point: bits 0..21 are what turns the character into its fold (exclusive or), or the
/// place and the length of several characters; 21..24 the class; 24..26 the kind of fate.
///
/// The first plane, where nearly all of a text is, has no pages, so that a look-up there is one load.
pub(super) struct Table {
    first_plane: Vec<u32>,
    beyond: Pages<u32>,
    pool: Vec<char>,
}

/// The table, built when it is first asked for.
pub(super) fn table() -> &'static Table {
    &TABLE
}

/// The character that an entry of kind [`PLAIN`] makes of `c`.
#[inline]
pub(super) fn plain(c: char, entry: u32) -> char {
    char::from_u32(c as u32 ^ (entry & CHANGE)).unwrap_or(c)
}

/// Whether a character with this entry is no letter, ideograph or digit.
#[inline]
pub(super) fn is_sign(entry: u32) -> bool {
    entry & SIGN << CLASS_SHIFT != 0
}

impl Table {
    /// The entry of a character.
    #[inline]
    pub(super) fn entry(&self, c: char) -> u32 {
        self.first_plane.get(c as usize).copied().unwrap_or_else(|| self.beyond.get(c))
    }

    fn update(&mut self, at: u32, change: impl FnOnce(u32) -> u32) {
        match self.first_plane.get_mut(at as usize) {
            Some(entry) => *entry = change(*entry),
            None => self.beyond.update(at, change),
        }
    }

    /// What becomes of a character with this entry.
    pub(super) fn fate(&'static self, c: char, entry: u32) -> Fate {
        match entry & KIND {
            SEVERAL => Fate::Several(self.several(entry)),
            JOINS => Fate::Joins(plain(c, entry)),
            MARK => Fate::Mark(plain(c, entry)),
            _ => Fate::One(plain(c, entry)),
        }
    }

    fn several(&self, entry: u32) -> &[char] {
        let start = ((entry & CHANGE) >> LEN_BITS) as usize;
        let len = (entry & ((1 << LEN_BITS) - 1)) as usize;
        self.pool.get(start..start + len).unwrap_or_default()
    }

    /// The class of a character.
    pub(super) fn class(&self, c: char) -> CharClass {
        match self.entry(c) >> CLASS_SHIFT & CLASS_BITS {
            IDEOGRAPH => CharClass::Ideograph,
            LETTER => CharClass::Letter,
            DIGIT => CharClass::Digit,
            BLANK => CharClass::Blank,
            _ => CharClass::Other,
        }
    }

    fn parse() -> Self {
        let unknown = SIGN << CLASS_SHIFT;
        let mut table =
            Self { first_plane: vec![unknown; FIRST_PLANE], beyond: Pages::new(unknown), pool: Vec::new() };
        for line in CLASS.lines() {
            let (span, kind) = line.split_once(' ').unwrap_or_default();
            let (class, fate) = match kind {
                "I" => (IDEOGRAPH, 0),
                "L" => (LETTER, 0),
                "D" => (DIGIT, 0),
                "B" => (BLANK, 0),
                "J" => (LETTER, JOINS),
                "M" => (LETTER, MARK),
                _ => (SIGN, 0),
            };
            for at in range(span) {
                table.update(at, |_| class << CLASS_SHIFT | fate);
            }
        }
        for line in FOLD.lines() {
            let (span, to) = line.split_once(' ').unwrap_or((line, ""));
            table.add(range(span), to);
        }
        table.beyond.share();
        table
    }

    fn add(&mut self, from: std::ops::Range<u32>, to: &str) {
        let to: Vec<u32> = to.split(' ').filter_map(|hex| u32::from_str_radix(hex, 16).ok()).collect();
        for (step, at) in from.enumerate() {
            if let [one] = to.as_slice() {
                let one = one + u32::try_from(step).unwrap_or(0);
                let to = char::from_u32(one).map_or(0, |c| self.entry(c));
                self.update(at, |entry| {
                    let doubtful = DOUBTFUL << CLASS_SHIFT;
                    let class = match (is_sign(to), is_sign(entry)) {
                        (true, _) => to & (CLASS_BITS << CLASS_SHIFT),
                        (false, true) if entry >> CLASS_SHIFT & CLASS_BITS == SIGN => doubtful,
                        (false, _) => entry & (CLASS_BITS << CLASS_SHIFT),
                    };
                    class | to & KIND | (at ^ one)
                });
            } else {
                let place = u32::try_from(self.pool.len() << LEN_BITS | to.len()).unwrap_or(0);
                self.update(at, |entry| entry & (CLASS_BITS << CLASS_SHIFT) | SEVERAL | place);
            }
        }
        if to.len() > 1 {
            self.pool.extend(to.iter().filter_map(|at| char::from_u32(*at)));
        }
    }
}

/// `FIRST-LAST` or `FIRST`, in hexadecimal.
fn range(span: &str) -> std::ops::Range<u32> {
    let (first, last) = span.split_once('-').unwrap_or((span, span));
    let hex = |text| u32::from_str_radix(text, 16).unwrap_or(0);
    hex(first)..hex(last) + 1
}
