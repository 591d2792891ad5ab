//! Borders: where a text may be cut, and how well.

use super::fence::{Fence, FenceReader};

/// How good a border is, from the worst to the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// Between two characters that belong together.
    Anywhere,
    /// Between two characters.
    Character,
    /// Between two words.
    Word,
    /// Between two lines of code.
    CodeLine,
    /// Between two sentences or lines.
    Sentence,
    /// Between two paragraphs or blocks.
    Paragraph,
}

/// A place to cut.
#[derive(Debug, Clone, Copy)]
pub(super) struct Border<'a> {
    /// Bytes before it.
    pub(super) at: usize,
    /// Size of the part up to it, as JSON.
    pub(super) size: usize,
    /// The block that is open there.
    pub(super) open: Option<Fence<'a>>,
}

/// The last border of each rank.
#[derive(Debug, Default)]
pub(super) struct Borders<'a>([Option<Border<'a>>; 6]);

impl<'a> Borders<'a> {
    pub(super) fn add(&mut self, rank: Rank, border: Border<'a>) {
        self.0[rank as usize] = Some(border);
    }

    /// The best border that leaves the part at least half full; else the last one that keeps characters whole.
    pub(super) fn best(&self, limit: usize) -> Option<Border<'a>> {
        let full = |border: &Border<'_>| border.size >= limit / 2;
        let good = self.0.iter().rev().flatten().find(|border| full(border));
        let whole = self.0[Rank::Character as usize..].iter().flatten().max_by_key(|border| border.at);
        good.or(whole).or(self.0[Rank::Anywhere as usize].as_ref()).copied()
    }
}

/// Rank of the border between `before` and the character `next`.
pub(super) fn rank(before: &str, next: char, reader: &FenceReader<'_>, in_block: bool) -> Rank {
    let mut back = before.chars().rev();
    let (Some(last), earlier) = (back.next(), back.next()) else { return Rank::Anywhere };
    if reader.in_fence_line() || belongs(before, last, next) {
        return Rank::Anywhere;
    }
    if in_block {
        return match last {
            '\n' => Rank::CodeLine,
            c if c.is_whitespace() => Rank::Word,
            _ => Rank::Character,
        };
    }
    match last {
        '\n' if earlier == Some('\n') || reader.at_block() => Rank::Paragraph,
        '\n' => Rank::Sentence,
        '。' | '！' | '？' | '…' | '；' if !closes(next) && !ends(next) => Rank::Sentence,
        ' ' if earlier.is_some_and(|c| matches!(c, '.' | '!' | '?' | ';')) => Rank::Sentence,
        '，' | '、' | '：' | '—' => Rank::Word,
        c if c.is_whitespace() => Rank::Word,
        _ => Rank::Character,
    }
}

/// A closing quote or bracket stays with its sentence.
fn closes(c: char) -> bool {
    matches!(c, '”' | '’' | '」' | '』' | '）' | '》' | '】' | '"' | ')')
}

fn ends(c: char) -> bool {
    matches!(c, '。' | '！' | '？' | '…' | '；')
}

/// The next character changes or goes on with the last one: what a reader sees as one must not be cut.
fn belongs(before: &str, last: char, next: char) -> bool {
    let joined = last == '\u{200d}' || (last == '\r' && next == '\n');
    let flag = regional(next) && before.chars().rev().take_while(|c| regional(*c)).count() % 2 == 1;
    joined || flag || extends(next)
}

/// One half of a flag.
fn regional(c: char) -> bool {
    matches!(c, '\u{1f1e6}'..='\u{1f1ff}')
}

/// Combining marks, joiners, variation selectors, skin tones, tags, and the vowels of syllable scripts.
fn extends(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5bd}' | '\u{610}'..='\u{61a}'
        | '\u{64b}'..='\u{65f}' | '\u{900}'..='\u{903}' | '\u{93a}'..='\u{94f}' | '\u{e31}' | '\u{e34}'..='\u{e3a}'
        | '\u{e47}'..='\u{e4e}' | '\u{1160}'..='\u{11ff}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{200c}' | '\u{200d}' | '\u{20d0}'..='\u{20ff}' | '\u{302a}'..='\u{302f}' | '\u{3099}' | '\u{309a}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{fe20}'..='\u{fe2f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0020}'..='\u{e007f}'
        | '\u{e0100}'..='\u{e01ef}')
}
