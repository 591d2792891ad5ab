//! Parts of a text in which signs mention nobody: code, links, addresses, and quoted lines, which somebody else said.
//!
//! Markdown is read as chats show it, which is laxer than its standard: a fence may begin behind words and end in front of some.

use std::collections::HashMap;
use std::ops::Range;

use catalogue::name::is_sign;

/// Shortest run of backticks or tildes that fences a block.
const FENCE: usize = 3;

/// The parts as ranges of bytes, in order, not touching each other.
pub(super) fn ranges(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    blocks(text, &mut found);
    for (at, line) in lines(text) {
        links(line, at, &mut found);
        addresses(line, at, &mut found);
    }
    found.sort_by_key(|range| range.start);
    let mut apart: Vec<Range<usize>> = Vec::with_capacity(found.len());
    for range in found {
        match apart.last_mut().filter(|last| range.start <= last.end) {
            Some(last) => last.end = last.end.max(range.end),
            None => apart.push(range),
        }
    }
    apart
}

fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_inclusive('\n').scan(0, |at, line| {
        *at += line.len();
        Some((*at - line.len(), line))
    })
}

/// A fence that is open.
struct Fence {
    start: usize,
    sign: char,
    length: usize,
}

impl Fence {
    /// The fence that a line begins with, behind marks of a list. Behind the fence may stand one word, the block's language.
    fn of(line: &str, at: usize) -> Option<Self> {
        let behind = behind_list_marks(line);
        let sign = behind.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let info = behind.trim_start_matches(sign);
        let length = behind.len() - info.len();
        let is_info = match sign {
            '`' => !info.contains('`'),
            _ => !info.trim().contains(|c: char| c.is_whitespace() || is_sign(c)),
        };
        let start = at + line.len() - behind.len();
        (length >= FENCE && is_info).then_some(Self { start, sign, length })
    }

    /// Where it ends in a line, if it does: behind a run of at least its own length that stands alone at the beginning of the line,
    /// or, if it is of backticks, anywhere in a line that does not begin with one.
    fn end(&self, line: &str) -> Option<usize> {
        let bare = line.trim_start();
        let rest = bare.trim_start_matches(self.sign);
        if bare.len() - rest.len() >= self.length {
            return rest.chars().next().is_none_or(char::is_whitespace).then_some(line.len() - rest.len());
        }
        let runs = (self.sign == '`').then(|| runs(line)).into_iter().flatten();
        runs.into_iter().find(|run| run.len() >= self.length).map(|run| run.end)
    }
}

/// Adds fenced blocks, code within lines, and quoted lines. A fence that is not closed reaches to the end of the text.
fn blocks(text: &str, found: &mut Vec<Range<usize>>) {
    let mut fence: Option<Fence> = None;
    for (at, line) in lines(text) {
        let mut spoken = 0;
        if let Some(open) = &fence {
            let Some(end) = open.end(line) else { continue };
            found.push(open.start..at + end);
            spoken = end;
        } else if is_quoted(line) {
            found.push(at..at + line.len());
            continue;
        }
        let begun = Some(line).filter(|_| spoken == 0).and_then(|line| Fence::of(line, at));
        fence = begun.or_else(|| spans(&line[spoken..], at + spoken, found));
    }
    found.extend(fence.map(|open| open.start..text.len()));
}

/// Whether the line quotes somebody; a face such as `>_<` does not.
fn is_quoted(line: &str) -> bool {
    let behind = line.trim_start().strip_prefix('>');
    behind.is_some_and(|behind| !behind.starts_with(['_', '.', ':', ';', '^', '~', '-', '=', '<', '(']))
}

fn behind_list_marks(line: &str) -> &str {
    let mut line = line.trim_start();
    loop {
        let digits = line.trim_start_matches(|c: char| c.is_ascii_digit());
        let behind = if digits.len() < line.len() {
            digits.strip_prefix(['.', ')'])
        } else {
            line.strip_prefix(['-', '*', '+'])
        };
        match behind.and_then(|behind| behind.strip_prefix([' ', '\t'])) {
            Some(behind) => line = behind.trim_start(),
            None => return line,
        }
    }
}

/// Runs of backticks in a line.
fn runs(line: &str) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (at, tick) in line.match_indices('`') {
        match runs.last_mut().filter(|run| run.end == at) {
            Some(run) => run.end += tick.len(),
            None => runs.push(at..at + tick.len()),
        }
    }
    runs
}

/// Adds code within a line, from one run of backticks to the next of the same length. Returns the fence that begins in the line, if
/// one does.
fn spans(line: &str, at: usize, found: &mut Vec<Range<usize>>) -> Option<Fence> {
    let runs = runs(line);
    let mut next = vec![None; runs.len()];
    let mut of_length = HashMap::new();
    for (number, run) in runs.iter().enumerate().rev() {
        next[number] = of_length.insert(run.len(), number);
    }
    let mut number = 0;
    while let Some(run) = runs.get(number) {
        if let Some(closing) = next[number] {
            found.push(at + run.start..at + runs[closing].end);
            number = closing;
        } else if run.len() >= FENCE {
            return Some(Fence { start: at + run.start, sign: '`', length: run.len() });
        }
        number += 1;
    }
    None
}

/// Adds links, `[words](target)`, both parts of each.
fn links(line: &str, at: usize, found: &mut Vec<Range<usize>>) {
    let (mut open, mut from) = (Vec::new(), 0);
    while let Some(bracket) = line[from..].find(['[', ']']).map(|found| from + found) {
        from = bracket + 1;
        if line[bracket..].starts_with('[') {
            open.push(bracket);
        } else if let Some(start) = open.pop().filter(|_| line[from..].starts_with('(')) {
            // Without a closing bracket for this one there is none for a later one either.
            let Some(close) = line[from..].find(')') else { return };
            from += close + 1;
            found.push(at + start..at + from);
        }
    }
}

/// Adds addresses of pages, with or without `https://`, up to the end of the word.
fn addresses(line: &str, at: usize, found: &mut Vec<Range<usize>>) {
    let is_border = |c: char| c.is_whitespace() || "<>\"`，。、；：！？（）「」『』【】《》“”‘’".contains(c);
    let mut from = 0;
    for word in line.split(is_border) {
        if let Some(start) = address(word) {
            found.push(at + from + start..at + from + word.len());
        }
        let behind = line[from + word.len()..].chars().next();
        from += word.len() + behind.map_or(0, char::len_utf8);
    }
}

/// Where an address begins in a word, if there is one.
fn address(word: &str) -> Option<usize> {
    let host_of = |before: &str| {
        let rest = before
            .trim_end_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':' | '+'));
        rest.len()
    };
    word.match_indices(['/', '?', '#']).find_map(|(at, _)| {
        let start = host_of(&word[..at]);
        let before = &word[start..at];
        let is_scheme = word[at..].starts_with("//") && before.len() > 1 && before.ends_with(':');
        // A word, a slash and a sign are a path (`team/@bot`), unless the word begins with a sign: then mentions are listed (`@a/@b`).
        let is_path = word[at + 1..].starts_with(is_sign) && !before.is_empty() && !word.starts_with(is_sign);
        (is_scheme || is_path || is_host(before)).then_some(start)
    })
}

/// Whether a text is the name of a host, such as `example.com` or `10.0.0.1:8700`.
fn is_host(text: &str) -> bool {
    let host = text.split_once(':').map_or(text, |(host, _)| host);
    let mut labels = host.rsplit('.');
    let last = labels.next().unwrap_or_default();
    let is_top = last.len() > 1 && last.bytes().all(|b| b.is_ascii_alphabetic());
    let is_number = host.split('.').count() == 4 && host.split('.').all(|label| label.parse::<u8>().is_ok());
    is_number || (is_top && host.len() > last.len() && labels.all(|label| !label.is_empty()))
}
