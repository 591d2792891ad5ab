//! Where a text is code: between fences, and between backticks of one line.

use std::ops::Range;

/// Longest code between backticks: two stray backticks far apart are none.
const INLINE: usize = 300;

/// The code of a text.
#[derive(Debug, Default)]
pub(super) struct Code {
    closed: Vec<Range<usize>>,
    /// Where a fence begins that never ends.
    open: Option<usize>,
}

impl Code {
    pub(super) fn of(text: &str) -> Self {
        let mut code = Self::default();
        let mut fence: Option<(usize, &str)> = None;
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            let marks = fence_of(line);
            match (fence, marks) {
                (None, Some(marks)) => fence = Some((at, marks)),
                (None, None) => code.inline(line, at),
                (Some((from, opened)), Some(marks)) if marks.starts_with(opened) && is_bare(line) => {
                    code.closed.push(from..at + line.len());
                    fence = None;
                }
                (Some(_), _) => {}
            }
            at += line.len();
        }
        code.open = fence.map(|(from, _)| from);
        code
    }

    /// It stands in code that has an end.
    pub(super) fn has(&self, at: usize) -> bool {
        let next = self.closed.partition_point(|range| range.end <= at);
        self.closed.get(next).is_some_and(|range| range.contains(&at))
    }

    /// It stands in code, even in a fence that is still open.
    pub(super) fn may_have(&self, at: usize) -> bool {
        self.has(at) || self.open.is_some_and(|from| from <= at)
    }

    /// Backticks pair with as many of their like.
    fn inline(&mut self, line: &str, at: usize) {
        let mut runs = runs(line).into_iter();
        while let Some(opening) = runs.next() {
            let closing =
                runs.clone().position(|run| run.len() == opening.len() && run.start - opening.end <= INLINE);
            if let Some(closing) = closing.and_then(|place| runs.nth(place)) {
                self.closed.push(at + opening.start..at + closing.end);
            }
        }
    }
}

/// Runs of backticks.
fn runs(line: &str) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (at, _) in line.match_indices('`') {
        match runs.last_mut() {
            Some(run) if run.end == at => run.end += 1,
            _ => runs.push(at..at + 1),
        }
    }
    runs
}

/// The marks of a fence that a line begins with, be it in a list or in a quotation.
fn fence_of(line: &str) -> Option<&str> {
    let content = line.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '>' | '-' | '*' | '+'));
    ['`', '~'].into_iter().find_map(|mark| {
        let length = content.len() - content.trim_start_matches(mark).len();
        let rest = content.get(length..)?;
        // Backticks behind backticks in one line are code of that line.
        (length >= 3 && !rest.contains('`')).then(|| &content[..length])
    })
}

fn is_bare(line: &str) -> bool {
    line.trim().chars().all(|c| matches!(c, '`' | '~' | '>' | ' ' | '-' | '*' | '+'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> (bool, bool) {
        let place = text.find('X').unwrap();
        let code = Code::of(text);
        (code.has(place), code.may_have(place))
    }

    #[test]
    fn code_is_known_by_its_marks() {
        for inside in [
            "`X`",
            "a `` ` X `` b",
            "```\nX\n```",
            "~~~xml\nX\n~~~\n",
            "- ```\n  X\n  ```\n",
            "> ```\n> X\n> ```",
            "````\n```\nX\n```\n````",
        ] {
            assert_eq!(at(inside), (true, true), "{inside:?}");
        }
        for outside in ["X", "`a` X `b`", "```\na\n```\nX", "` X", "a ` b\nX `", "```a``` X", "`` X `"] {
            assert_eq!(at(outside), (false, false), "{outside:?}");
        }
        assert_eq!(at("```\nX"), (false, true));
        assert_eq!(at(&format!("` {} X `", "a".repeat(INLINE))), (false, false));
    }
}
