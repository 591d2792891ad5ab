//! Borders: where a text may be cut, and how well.

use super::block::Region;
use super::syllable::{Bond, bond};

/// How good a border is, from the worst to the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// Between two characters that are read as one.
    Anywhere,
    /// Between two that belong to one syllable or word.
    Syllable,
    /// Between two characters.
    Character,
    /// Between two words.
    Word,
    /// Between two lines of code, or two rows.
    Line,
    /// Between two sentences or lines.
    Sentence,
    /// Between two paragraphs or blocks.
    Paragraph,
}

/// A place to cut.
#[derive(Debug, Clone, Copy)]
pub(super) struct Border {
    /// Bytes of the text before it.
    pub(super) at: usize,
    /// Size of the part up to it, as JSON.
    pub(super) size: usize,
}

/// The last border of each rank.
#[derive(Debug, Default)]
pub(super) struct Borders([Option<Border>; 7]);

impl Borders {
    pub(super) fn add(&mut self, rank: Rank, border: Border) {
        self.0[rank as usize] = Some(border);
    }

    /// Where the best border is that leaves the part at least half full; else the last one that keeps characters whole.
    pub(super) fn best(&self, limit: usize) -> Option<usize> {
        let [anywhere, whole @ ..] = &self.0;
        let full = whole.iter().rev().flatten().find(|border| border.size >= limit / 2);
        let last = || whole.iter().flatten().max_by_key(|border| border.at);
        full.or_else(last).or(anywhere.as_ref()).map(|border| border.at)
    }
}

/// Rank of the border at `at`, where a character begins.
pub(super) fn rank(text: &str, at: usize, region: Region) -> Rank {
    let (before, after) = text.split_at(at);
    let mut back = before.chars().rev();
    let (Some(last), earlier, Some(next)) = (back.next(), back.next(), after.chars().next()) else {
        return Rank::Anywhere;
    };
    let bond = bond(before, after);
    match region {
        Region::Edge => Rank::Anywhere,
        _ if bond == Bond::Firm => Rank::Anywhere,
        Region::Between => Rank::Paragraph,
        Region::Code | Region::Rows if last == '\n' => Rank::Line,
        Region::Prose if last == '\n' && (before.ends_with("\n\n") || before.ends_with("\n\r\n")) => {
            Rank::Paragraph
        }
        Region::Prose if last == '\n' => Rank::Sentence,
        Region::Prose if ends(last) && !closes(next) && !ends(next) => Rank::Sentence,
        Region::Prose
            if last == ' ' && earlier.is_some_and(|c| ends(c) || matches!(c, '.' | '!' | '?' | ';')) =>
        {
            Rank::Sentence
        }
        Region::Prose if matches!(last, '，' | '、' | '：' | '—') && !closes(next) => Rank::Word,
        _ if is_space(last) && !is_space(next) => Rank::Word,
        _ if bond == Bond::Loose || closes(next) || ends(next) || opens(last) || is_space(next) => {
            Rank::Syllable
        }
        _ => Rank::Character,
    }
}

/// A space that a line may end at; also the dot between syllables of Tibetan, behind which words end.
fn is_space(c: char) -> bool {
    (c.is_whitespace() && !matches!(c, '\u{a0}' | '\u{202f}' | '\u{2007}'))
        || matches!(c, '\u{200b}' | '\u{f0b}')
}

/// An opening quote or bracket stays with what follows.
fn opens(c: char) -> bool {
    matches!(c, '“' | '‘' | '「' | '『' | '（' | '《' | '【' | '〔' | '(' | '[' | '{' | '¿' | '¡')
}

/// A closing quote or bracket, or a comma, stays with what it follows.
fn closes(c: char) -> bool {
    let quote_or_bracket =
        matches!(c, '”' | '’' | '」' | '』' | '）' | '》' | '】' | '〕' | '"' | ')' | ']' | '}');
    quote_or_bracket || matches!(c, '，' | '、' | '：' | ',' | '.' | '!' | '?' | ':' | '၊' | '،' | '؛')
}

/// Ends a sentence with no space behind it, in the scripts that have such signs.
fn ends(c: char) -> bool {
    matches!(c, '。' | '！' | '？' | '…' | '；' | '।' | '॥' | '။' | '។' | '៕' | '།' | '؟' | '۔' | '።')
}
