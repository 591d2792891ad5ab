//! A number as people write it: letters and digits in groups, with spaces, hyphens, dots or brackets between.

use std::ops::Range;

use super::plain::Plain;

/// Most letters and digits of a run; longer ones are cut, and nothing ends at the cut.
const LONGEST: usize = 48;
/// Most separators between two groups.
const WIDEST_GAP: usize = 3;

/// Groups of ASCII letters and digits.
#[derive(Debug, Default)]
pub(super) struct Run {
    /// Letters and digits without separators, in capitals.
    pub(super) text: Vec<u8>,
    /// Where each of them stands.
    places: Vec<usize>,
    /// For each group, how many letters and digits there are up to its end.
    ends: Vec<usize>,
    /// For each group but the first, what stands before it.
    gaps: Vec<char>,
}

impl Run {
    /// Reads the groups from a position on.
    pub(super) fn read(&mut self, plain: &Plain, start: usize) {
        self.text.clear();
        self.places.clear();
        self.ends.clear();
        self.gaps.clear();
        let mut at = start;
        loop {
            let mut end = at;
            while plain.at(end).is_ascii_alphanumeric() {
                // What is longer is cut here, so that it is not read to its end from each of its parts.
                if self.text.len() == LONGEST {
                    return;
                }
                let place = end;
                end += 1;
                self.text.push(u8::try_from(plain.at(place)).unwrap_or_default().to_ascii_uppercase());
                self.places.push(place);
            }
            self.ends.push(self.text.len());
            let next = plain.skip(end, is_separator);
            let goes_on = next > end && next - end <= WIDEST_GAP && plain.at(next).is_ascii_alphanumeric();
            if !goes_on || is_fraction(plain, next) {
                return;
            }
            self.gaps.push(gap(plain, end..next));
            at = next;
        }
    }

    /// The first `count` letters and digits, if a group ends there.
    pub(super) fn whole(&self, count: usize) -> Option<&[u8]> {
        self.ends.contains(&count).then(|| self.text.get(..count))?
    }

    /// The first `count` letters and digits, if they are the first group or groups that nothing continues.
    pub(super) fn complete(&self, count: usize) -> Option<&[u8]> {
        let groups = self.groups_in(count)?;
        let followed = self.ends.len() > groups && self.is_joined(groups);
        (groups == 1 || !followed).then(|| self.text.get(..count))?
    }

    /// The positions of the letters and digits in a range of them.
    pub(super) fn places(&self, range: Range<usize>) -> Option<Range<usize>> {
        let first = *self.places.get(range.start)?;
        let last = *self.places.get(range.end.checked_sub(1)?)?;
        Some(first..last + 1)
    }

    /// How many groups the first `count` letters and digits fill, if they fill groups.
    pub(super) fn groups_in(&self, count: usize) -> Option<usize> {
        self.ends.iter().position(|end| *end == count).map(|at| at + 1)
    }

    /// The lengths of the groups between two counts of letters and digits; the first group may begin inside a written one.
    pub(super) fn lengths(&self, range: Range<usize>) -> Vec<usize> {
        let mut lengths = Vec::new();
        let mut from = range.start;
        for end in self.ends.iter().filter(|end| (range.start + 1..=range.end).contains(*end)) {
            lengths.push(end - from);
            from = *end;
        }
        lengths
    }

    /// How many digits the run begins with.
    pub(super) fn digits(&self) -> usize {
        self.text.iter().take_while(|c| c.is_ascii_digit()).count()
    }

    /// What stands before the group that begins after `count` letters and digits.
    pub(super) fn gap_after(&self, count: usize) -> Option<char> {
        self.gaps.get(self.groups_in(count)?.checked_sub(1)?).copied()
    }

    /// The counts at which groups end.
    pub(super) fn ends(&self) -> &[usize] {
        &self.ends
    }

    /// Whether the group of that number continues the one before it: it has digits.
    fn is_joined(&self, group: usize) -> bool {
        let from = group.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let to = self.ends.get(group).copied().unwrap_or(from);
        self.text.get(from..to).is_some_and(|text| text.iter().any(u8::is_ascii_digit))
    }
}

/// Whether a month and a year begin here, as on cards: `12/27`.
fn is_fraction(plain: &Plain, at: usize) -> bool {
    let end = plain.skip(at, |c| c.is_ascii_digit());
    end - at <= 2 && plain.at(end) == '/' && plain.at(end + 1).is_ascii_digit()
}

fn is_separator(c: char) -> bool {
    matches!(c, ' ' | '-' | '.' | '_' | '(' | ')' | '\t')
}

/// The separator that says most about a gap.
fn gap(plain: &Plain, range: Range<usize>) -> char {
    plain.slice(range).iter().copied().max_by_key(|c| usize::from(*c != ' ')).unwrap_or(' ')
}
