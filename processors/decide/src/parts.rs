//! Splits an answer into parts that fit a message: at paragraphs, sentences and lines, never inside of what a reader sees as one
//! character or says as one syllable if it can be helped; code closed in every part, and a table's head said again.

mod block;
mod border;
mod syllable;

#[cfg(test)]
mod tests;

use std::iter::from_fn;

use unicode_segmentation::UnicodeSegmentation;

use block::{Block, Region, blocks};
use border::{Border, Borders, Rank, rank};

/// One part: a piece of the text, and what stands around it since blocks go on in other parts.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece<'a> {
    opening: String,
    text: &'a str,
    /// What ends the block that the part goes on with, and where in the text.
    late_closing: Option<(usize, String)>,
    closing: String,
}

/// A text that was cut off after so many parts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Cut<'a> {
    /// The parts.
    pub(crate) parts: Vec<String>,
    /// What of the text is in them.
    pub(crate) said: &'a str,
}

/// Splits a text into parts of at most `limit` bytes each as JSON, without the quotes. Nothing is lost or added, but for
/// fences that a part opens again or closes early and for tables' heads that are said again. A limit below 256 bytes may be overrun.
pub(crate) fn split(text: &str, limit: usize) -> Vec<String> {
    let mut pieces = Pieces::of(text, limit);
    from_fn(|| pieces.take()).map(|piece| piece.render()).collect()
}

/// The text in at most `most` parts of at most `limit` bytes, the last of which ends with `ending` where something had to be left out.
pub(crate) fn split_off<'a>(text: &'a str, limit: usize, most: usize, ending: &str) -> Cut<'a> {
    let mut pieces = Pieces::of(text, limit);
    let whole = from_fn(|| pieces.take()).take(most.saturating_sub(1));
    let mut parts: Vec<String> = whole.map(|piece| piece.render()).collect();
    pieces.limit = limit.saturating_sub(json_size(ending));
    parts.extend(pieces.take().map(|last| format!("{}{ending}", last.render().trim_end())));
    Cut { parts, said: &text[..pieces.at] }
}

/// The beginning of a text that has at most so many characters, up to a good border.
pub(crate) fn beginning(text: &str, most: usize) -> &str {
    if text.chars().nth(most).is_none() {
        return text;
    }
    let blocks = blocks(text, usize::MAX);
    let mut left = blocks.iter().peekable();
    let mut borders = Borders::default();
    for (count, (at, _, begins)) in characters(text, 0).enumerate().take(most + 1).skip(1) {
        while left.next_if(|block| block.end() < at).is_some() {}
        let region = left.peek().map_or(Region::Prose, |block| block.region(at));
        let rank = if begins { rank(text, at, region) } else { Rank::Anywhere };
        borders.add(rank, Border { at, size: count });
    }
    borders.best(most).and_then(|at| text.get(..at)).unwrap_or_default()
}

/// The text, its last block closed if it was left open.
pub(crate) fn closed(text: &str) -> String {
    let closing =
        blocks(text, usize::MAX).last().map(|block| block.closing_at(text, text.len())).unwrap_or_default();
    format!("{text}{closing}")
}

/// Bytes of a text as JSON, without the quotes.
pub(crate) fn json_size(text: &str) -> usize {
    text.chars().map(char_size).sum()
}

/// Bytes of a character within a text as JSON.
pub(crate) fn char_size(c: char) -> usize {
    match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' => 6,
        _ => c.len_utf8(),
    }
}

impl Piece<'_> {
    fn render(&self) -> String {
        let (before, after) = self.text.split_at(self.late_closing.as_ref().map_or(0, |(at, _)| *at));
        let late_closing = self.late_closing.as_ref().map_or("", |(_, closing)| closing);
        [&self.opening, before, late_closing, after, &self.closing].concat()
    }
}

/// A text on its way into pieces.
struct Pieces<'a> {
    text: &'a str,
    limit: usize,
    blocks: Vec<Block>,
    /// Where the next piece begins.
    at: usize,
}

impl<'a> Pieces<'a> {
    fn of(text: &'a str, limit: usize) -> Self {
        Self { text, limit, blocks: blocks(text, limit / 2), at: 0 }
    }

    /// Takes the next piece.
    fn take(&mut self) -> Option<Piece<'a>> {
        if self.at == self.text.len() {
            return None;
        }
        let from = self.at;
        self.at = self.next_border();
        let text = &self.text[from..self.at];
        let last = self.block(self.at);
        let opening = self.block(from).map(|block| block.opening_at(self.text, from)).unwrap_or_default();
        let ended = self.going_on(from).filter(|block| block.end() < self.at);
        let late_closing = ended.map(|block| (block.end() - from, block.late_closing()));
        let closing = last.map(|block| block.closing_at(self.text, self.at)).unwrap_or_default();
        Some(Piece { opening, text, late_closing, closing })
    }

    /// The first block that is not over there.
    fn block(&self, at: usize) -> Option<&Block> {
        self.blocks.get(self.blocks.partition_point(|block| block.end() < at))
    }

    /// The block that a piece from there goes on with.
    fn going_on(&self, from: usize) -> Option<&Block> {
        self.block(from).filter(|block| block.goes_on_at(from))
    }

    /// Where the longest piece ends that fits, at a good border.
    fn next_border(&self) -> usize {
        let (text, from) = (self.text, self.at);
        if self.blocks.is_empty() && text.len() - from <= self.limit && json_size(&text[from..]) <= self.limit
        {
            return text.len();
        }
        let going_on = self.going_on(from).map(|block| (block.end(), json_size(&block.late_closing())));
        let mut blocks =
            self.blocks[self.blocks.partition_point(|block| block.end() < from)..].iter().peekable();
        let mut size = blocks.peek().map_or(0, |block| json_size(&block.opening_at(text, from)));
        let mut borders = Borders::default();
        for (at, c, begins) in characters(text, from) {
            while blocks.next_if(|block| block.end() < at).is_some() {}
            let block = blocks.peek();
            let late_closing = going_on.filter(|(end, _)| *end < at).map_or(0, |(_, size)| size);
            if size + late_closing > self.limit {
                break;
            }
            if size + late_closing + block.map_or(0, |block| block.closing_size_at(text, at)) <= self.limit {
                let Some(_) = c else { return at };
                let region = block.map_or(Region::Prose, |block| block.region(at));
                let rank = if begins { rank(text, at, region) } else { Rank::Anywhere };
                borders.add(rank, Border { at, size });
            }
            size += c.map_or(0, char_size);
        }
        // Where not even one character fits beside what stands around it, one is taken all the same.
        let first = || from + text[from..].chars().next().map_or(0, char::len_utf8);
        borders.best(self.limit).filter(|at| *at > from).unwrap_or_else(first)
    }
}

/// Every character from there on with its place, and whether one begins there as readers see them; last the end.
fn characters(text: &str, from: usize) -> impl Iterator<Item = (usize, Option<char>, bool)> {
    let clusters = text[from..].grapheme_indices(true);
    let characters = clusters.flat_map(move |(start, cluster)| {
        cluster.char_indices().map(move |(at, c)| (from + start + at, Some(c), at == 0))
    });
    characters.chain([(text.len(), None, true)])
}
