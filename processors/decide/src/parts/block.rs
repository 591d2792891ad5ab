//! Blocks that no part may simply break off in: fenced code, which every part closes and the next one opens again, and tables, whose
//! head the next part says again. Where they are is CommonMark's matter (and GitHub's, for tables), lists, quotes and HTML included.

use std::borrow::Cow;
use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use super::json_size;

/// A fenced code block, or a table. All places are bytes of the whole text, at the start of a line or at the end of the text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Block {
    /// Its first line, with whatever stands in front of it.
    start: usize,
    /// What is inside: lines of code, or rows.
    inside: Range<usize>,
    /// Behind its last line.
    end: usize,
    is_code: bool,
    /// What the next part begins with when one ends inside; empty where that would take too much room.
    opening: String,
    /// What a part that ends inside ends with, on a line of its own.
    closing: String,
    /// As large as that is in JSON.
    closing_size: usize,
    /// What a line inside begins with: quote signs, and spaces for the rest.
    prefix: String,
}

/// Where a place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Region {
    /// In no block.
    Prose,
    /// In front of a block, or behind one.
    Between,
    /// In the line of a fence or in the head of a table, or where nothing would be left between them.
    Edge,
    /// In code.
    Code,
    /// In rows.
    Rows,
}

impl Block {
    /// Where a place is that is not beyond this block.
    pub(super) fn region(&self, at: usize) -> Region {
        let Range { start, end } = self.inside;
        match at {
            _ if at < self.start => Region::Prose,
            _ if at == self.start || at >= self.end => Region::Between,
            _ if at <= start || at > end || (at == end && self.is_closed()) => Region::Edge,
            _ if self.is_code => Region::Code,
            _ => Region::Rows,
        }
    }

    /// Behind its last line.
    pub(super) fn end(&self) -> usize {
        self.end
    }

    /// Its end is in the text, not merely the end of what it stands in.
    fn is_closed(&self) -> bool {
        self.inside.end < self.end
    }

    /// A part that ends there must close it.
    fn is_open_at(&self, at: usize) -> bool {
        (self.inside.start..=self.inside.end).contains(&at) && self.closing_size > 0
    }

    /// A part that begins there goes on inside of it, with an opening.
    pub(super) fn goes_on_at(&self, at: usize) -> bool {
        let Range { start, end } = self.inside;
        start <= at && (at < end || (at == end && self.is_closed())) && !self.opening.is_empty()
    }

    /// What a part that begins there begins with.
    pub(super) fn opening_at(&self, text: &str, at: usize) -> String {
        let is_line = text[..at].ends_with('\n');
        // What is left of a row is no row.
        if !self.goes_on_at(at) || (!self.is_code && !is_line) {
            return String::new();
        }
        let prefix = if is_line { "" } else { &self.prefix };
        format!("{}{prefix}", self.opening)
    }

    /// What a part that ends there ends with.
    pub(super) fn closing_at(&self, text: &str, at: usize) -> String {
        if !self.is_open_at(at) {
            return String::new();
        }
        let line_break = if text[..at].ends_with('\n') { "" } else { "\n" };
        format!("{line_break}{}", self.closing)
    }

    /// As large as that is in JSON.
    pub(super) fn closing_size_at(&self, text: &str, at: usize) -> usize {
        let line_break = if text[..at].ends_with('\n') { 0 } else { 2 };
        if self.is_open_at(at) { self.closing_size + line_break } else { 0 }
    }

    /// What is to stand behind it in a part that begins inside of it and goes on beyond: alone, nothing else would end it.
    pub(super) fn late_closing(&self) -> String {
        if self.is_closed() || self.closing_size == 0 { String::new() } else { format!("{}\n", self.closing) }
    }
}

/// Every block of a text, in order. What is to be said again for one takes at most `room` bytes as JSON.
pub(super) fn blocks(text: &str, room: usize) -> Vec<Block> {
    if !["```", "~~~", "|"].iter().any(|sign| text.contains(sign)) {
        return Vec::new();
    }
    let text = &*readable(text);
    let mut blocks = Vec::new();
    let mut open: Option<Open> = None;
    for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
        match (event, &mut open) {
            (Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))), _) => {
                open = Some(Open { range, code_end: None });
            }
            (Event::Text(_), Some(block)) => block.code_end = Some(range.end),
            (Event::End(TagEnd::CodeBlock), _) => {
                blocks.extend(open.take().and_then(|block| block.read(text, room)))
            }
            (Event::Start(Tag::HtmlBlock), _) => {
                blocks.extend(in_html(text, range).into_iter().filter_map(|block| block.read(text, room)));
            }
            (Event::Start(Tag::Table(_)), _) => blocks.extend(table(text, range, room)),
            _ => {}
        }
    }
    blocks
}

/// A fenced block that is being read.
struct Open {
    range: Range<usize>,
    /// Behind the last line of code, if there is one.
    code_end: Option<usize>,
}

impl Open {
    fn read(self, text: &str, room: usize) -> Option<Block> {
        let Line { start, before, said, next } = line(text, self.range.start, |c| matches!(c, '`' | '~'))?;
        let info = said.trim_start_matches(|c| said.starts_with(c));
        let marks = &said[..said.len() - info.len()];
        let code_end = self.code_end.unwrap_or(next).max(next);
        let is_closed = text.get(code_end..self.range.end)?.contains(marks);
        let (inside_end, end) = if is_closed {
            (code_end, last_line_end(text, self.range.end))
        } else {
            let behind = last_line_end(text, self.range.end).max(next);
            (behind, behind)
        };
        let prefix = blanked(before);
        let closing = format!("{prefix}{marks}");
        // A long information string is cut to the language, its first word.
        let infos = [info.trim(), info.split_whitespace().next().unwrap_or_default(), ""];
        let openings = infos.map(|info| format!("{prefix}{marks}{info}\n"));
        let opening =
            openings.into_iter().find(|opening| json_size(opening) + 2 * json_size(&closing) <= room);
        let closing = if opening.is_some() { closing } else { String::new() };
        let (opening, closing_size) = (opening.unwrap_or_default(), json_size(&closing));
        Some(Block {
            start,
            inside: next..inside_end,
            end,
            is_code: true,
            opening,
            closing,
            closing_size,
            prefix,
        })
    }
}

/// Fences inside of an HTML block. CommonMark has none there, but a part that begins inside of it is read without its tags.
fn in_html(text: &str, html: Range<usize>) -> Vec<Open> {
    let (mut at, mut open, mut found) = (html.start, None, Vec::new());
    for line in text[html.clone()].split_inclusive('\n') {
        let fence = line.trim_start_matches([' ', '\t', '>']);
        let start = at + line.len() - fence.len();
        let info = fence.trim_start_matches(|c| fence.starts_with(c));
        let marks = &fence[..fence.len() - info.len()];
        let is_fence = marks.len() >= 3 && marks.starts_with(['`', '~']) && !info.contains('`');
        match open {
            None if is_fence => open = Some((start, marks)),
            Some((first, by)) if marks.starts_with(by) && info.trim().is_empty() => {
                found.push(Open { range: first..at + line.len(), code_end: Some(at) });
                open = None;
            }
            _ => {}
        }
        at += line.len();
    }
    found.extend(open.map(|(first, _)| Open { range: first..html.end, code_end: Some(html.end) }));
    found
}

fn table(text: &str, range: Range<usize>, room: usize) -> Option<Block> {
    let Line { start, before, said, next } = line(text, range.start, |c| !matches!(c, ' ' | '\t'))?;
    let rows = line_end(text, next);
    let prefix = blanked(before);
    let mut opening = format!("{prefix}{said}\n{}", &text[next..rows]);
    if json_size(&opening) > room {
        opening = String::new();
    }
    let end = last_line_end(text, range.end).max(rows);
    Some(Block { start, inside: rows..end, end, opening, prefix, ..Block::default() })
}

/// One line, cut where something begins.
struct Line<'a> {
    start: usize,
    before: &'a str,
    said: &'a str,
    /// Where the next line begins.
    next: usize,
}

/// The line of that place, cut at the first character from there on that `begins` something.
fn line(text: &str, at: usize, begins: impl Fn(char) -> bool) -> Option<Line<'_>> {
    let start = text.get(..at)?.rfind('\n').map_or(0, |end| end + 1);
    let next = line_end(text, at);
    let cut = at + text.get(at..next)?.find(begins)?;
    Some(Line {
        start,
        before: &text[start..cut],
        said: text[cut..next].trim_end_matches(['\n', '\r']),
        next,
    })
}

/// Where the line of that place ends, its line break included.
fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |end| at + end + 1)
}

/// Where the last line that says something ends, of the text up to there.
fn last_line_end(text: &str, at: usize) -> usize {
    line_end(text, text[..at].trim_end().len())
}

/// What goes on, on the lines that follow: a quote's sign stays, a list's marker becomes space.
fn blanked(before: &str) -> String {
    before.chars().map(|c| if matches!(c, '>' | '\t') { c } else { ' ' }).collect()
}

/// The text as it is to be read, byte for byte in its place. Behind the box of a task many readers see a fence, CommonMark does not:
/// the fence takes the place of the box.
pub(super) fn readable(text: &str) -> Cow<'_, str> {
    let mut changed: Option<String> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if let Some((before, fence)) = task_fence(line) {
            let moved = changed.get_or_insert_with(|| text[..at].to_owned());
            moved.push_str(before);
            let (fence, line_break) = fence.split_at(fence.trim_end().len());
            moved.push_str(fence);
            moved.push_str(&" ".repeat(line.len() - before.len() - fence.len() - line_break.len()));
            moved.push_str(line_break);
        } else if let Some(changed) = &mut changed {
            changed.push_str(line);
        }
        at += line.len();
    }
    changed.map_or(Cow::Borrowed(text), Cow::Owned)
}

/// The two sides of a task's box that is followed by a fence.
fn task_fence(line: &str) -> Option<(&str, &str)> {
    let (before, rest) = line.split_once('[')?;
    let marker = before.strip_suffix([' ', '\t'])?.trim_end();
    let is_item = marker.ends_with(['-', '*', '+'])
        || marker
            .strip_suffix(['.', ')'])
            .is_some_and(|number| number.ends_with(|c: char| c.is_ascii_digit()));
    let fence = rest.strip_prefix([' ', 'x', 'X'])?.strip_prefix("] ")?.trim_start();
    let plain = before
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, ' ' | '\t' | '>' | '-' | '*' | '+' | '.' | ')'));
    (is_item && plain && (fence.starts_with("```") || fence.starts_with("~~~"))).then_some((before, fence))
}
