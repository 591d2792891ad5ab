//! Splits an answer into parts that fit a message: at sentence and code-block borders, fences closed in every part.

mod border;
mod fence;

#[cfg(test)]
mod tests;

use border::{Border, Borders};
use fence::{Fence, FenceReader};

/// One part: a piece of the text, with the fence that it goes on in and the one that it leaves open.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece<'a> {
    opening: Option<Fence<'a>>,
    text: &'a str,
    closing: Option<Fence<'a>>,
}

/// Splits a text into parts of at most `limit` bytes each as JSON, without the quotes. Nothing is lost or added, but for
/// fences that a part opens again or closes early. A limit below 256 bytes may be overrun.
pub(crate) fn split(text: &str, limit: usize) -> Vec<String> {
    pieces(text, limit).iter().map(Piece::render).collect()
}

/// The text, its last block closed if it was left open.
pub(crate) fn closed(text: &str) -> String {
    let mut reader = FenceReader::new(None);
    for (at, c) in text.char_indices() {
        reader.open_at(text, at);
        reader.pass(c);
    }
    let closing = reader.open_at(text, text.len()).map(|fence| fence.closing(text)).unwrap_or_default();
    format!("{text}{closing}")
}

/// Bytes of a text as JSON, without the quotes.
pub(crate) fn json_size(text: &str) -> usize {
    text.chars().map(char_size).sum()
}

fn char_size(c: char) -> usize {
    match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' => 6,
        _ => c.len_utf8(),
    }
}

impl Piece<'_> {
    fn render(&self) -> String {
        let mut part = self.opening.map(Fence::opening).unwrap_or_default();
        part.push_str(self.text);
        if let Some(fence) = self.closing {
            part.push_str(&fence.closing(self.text));
        }
        part
    }
}

fn pieces(text: &str, limit: usize) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut rest, mut open) = (text, None);
    while !rest.is_empty() {
        let piece = next_piece(rest, open, limit);
        rest = &rest[piece.text.len()..];
        open = piece.closing;
        pieces.push(piece);
    }
    pieces
}

/// The longest piece that fits and ends at a good border.
fn next_piece<'a>(rest: &'a str, opening: Option<Fence<'a>>, limit: usize) -> Piece<'a> {
    let closing_size = |open: Option<Fence<'_>>, text: &str| open.map_or(0, |f| json_size(&f.closing(text)));
    let mut reader = FenceReader::new(opening);
    let mut borders = Borders::default();
    let mut size = opening.map_or(0, |fence| json_size(&fence.opening()));
    for (at, c) in rest.char_indices() {
        let open = reader.open_at(rest, at);
        if size > limit {
            break;
        }
        if at > 0 && size + closing_size(open, &rest[..at]) <= limit {
            let border = Border { at, size, open };
            borders.add(border::rank(&rest[..at], c, &reader, open.is_some()), border);
        }
        size += char_size(c);
        reader.pass(c);
    }
    if size <= limit {
        let open = reader.open_at(rest, rest.len());
        if size + closing_size(open, rest) <= limit {
            return Piece { opening, text: rest, closing: open };
        }
    }
    // Where not even one character fits beside its fences, one is taken all the same.
    let first = rest.chars().next().map_or(0, char::len_utf8);
    let cut = borders.best(limit).unwrap_or(Border { at: first, size: 0, open: opening });
    Piece { opening, text: &rest[..cut.at], closing: cut.open }
}
