//! Fences of code blocks, as CommonMark has them: a line of at least three backticks or tildes.

/// Longest line that counts as a fence: it is repeated in every part of its block.
const LONGEST_LINE: usize = 64;

/// The line that opened a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fence<'a> {
    line: &'a str,
    mark: char,
    count: usize,
}

impl<'a> Fence<'a> {
    /// Reads a line that could open a block.
    fn of_line(line: &'a str) -> Option<Self> {
        let marks = line.trim_start_matches(' ');
        let mark = marks.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let info = marks.trim_start_matches(mark);
        let count = marks.len() - info.len();
        let opens = count >= 3 && line.len() - marks.len() <= 3 && !(mark == '`' && info.contains('`'));
        (opens && line.len() <= LONGEST_LINE).then_some(Self { line, mark, count })
    }

    fn is_closed_by(&self, line: &str) -> bool {
        let other = Fence::of_line(line);
        other.is_some_and(|o| {
            o.mark == self.mark && o.count >= self.count && line.trim().chars().all(|c| c == self.mark)
        })
    }

    /// What a part that goes on in this block begins with.
    pub(super) fn opening(self) -> String {
        format!("{}\n", self.line)
    }

    /// What a part that leaves this block open, and says `text` so far, ends with.
    pub(super) fn closing(self, text: &str) -> String {
        let line_break = if text.ends_with('\n') { "" } else { "\n" };
        format!("{line_break}{}", self.mark.to_string().repeat(self.count))
    }
}

/// Follows the blocks of a text that is read from its start, character by character.
#[derive(Debug)]
pub(super) struct FenceReader<'a> {
    open: Option<Fence<'a>>,
    /// What is open once the line is over.
    after_line: Option<Fence<'a>>,
    /// The line is a fence.
    fence_line: bool,
    /// The line before closed a block.
    closed: bool,
    at_start: bool,
}

impl<'a> FenceReader<'a> {
    pub(super) fn new(open: Option<Fence<'a>>) -> Self {
        Self { open, after_line: open, fence_line: false, closed: false, at_start: true }
    }

    /// The block that a cut at `at` would leave open. To be asked at every character, in order.
    pub(super) fn open_at(&mut self, text: &'a str, at: usize) -> Option<Fence<'a>> {
        if self.at_start {
            let rest = &text[at..];
            let line = rest.split('\n').next().unwrap_or(rest).trim_end_matches('\r');
            self.after_line = match self.open {
                Some(fence) if fence.is_closed_by(line) => None,
                Some(fence) => Some(fence),
                None => Fence::of_line(line),
            };
            self.fence_line = self.after_line.is_some() != self.open.is_some();
        }
        if at == text.len() { self.after_line } else { self.open }
    }

    /// Goes past the next character.
    pub(super) fn pass(&mut self, c: char) {
        self.at_start = c == '\n';
        if self.at_start {
            self.open = self.after_line;
            self.closed = self.fence_line && self.after_line.is_none();
        }
    }

    /// The next character is inside the line of a fence.
    pub(super) fn in_fence_line(&self) -> bool {
        self.fence_line && !self.at_start
    }

    /// A block begins here, or has just ended.
    pub(super) fn at_block(&self) -> bool {
        self.at_start && (self.closed || (self.fence_line && self.open.is_none()))
    }
}
