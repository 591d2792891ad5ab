//! What unclean ends left of a partition's records.

use super::{Mark, Progress, Ran, put, take};

/// Bytes of a history besides its bitmaps, at most: ends, flags, three records, the length of a bitmap.
pub(super) const FIXED: usize = 2 + 3 * 3 + 2;
const QUICK: u8 = 1;
const FRESH: u8 = 2;
const COMPANY: u8 = 4;
/// No record beyond these has a mark: a map lists no more.
const OFFSETS: usize = super::MAX_INCOMPLETE;

/// The unclean ends in a row at which some record may have run each time, and what this life adds to them.
///
/// In a life with a history the start of every record is committed before it runs, so that what ran at its end is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    /// How many ends. From the second on the records that may have run at the last two are suspects and run one at a time.
    pub ends: u8,
    /// The last end came just after one of these records, or a suspect, had started.
    pub quick: bool,
    /// In this life one of them has just started.
    pub fresh: bool,
    /// The suspect that was last started, if it was started alone.
    pub trial: Option<i64>,
    /// Records that are no suspects have run in this process since that start.
    pub company: bool,
    /// The suspect on trial at the last end that would have been condemned without such company.
    pub accused: Option<i64>,
    /// Found to be what ends the process: it does not run again.
    pub condemned: Option<i64>,
}

impl History {
    pub(super) fn put(&self, out: &mut Vec<u8>, progress: &Progress) {
        out.push(self.ends);
        let flags = [(self.quick, QUICK), (self.fresh, FRESH), (self.company, COMPANY)];
        out.push(flags.into_iter().map(|(is_set, flag)| u8::from(is_set) * flag).sum());
        for offset in [self.trial, self.accused, self.condemned] {
            let index = offset.and_then(|offset| progress.incomplete.keys().position(|&it| it == offset));
            put(out, index.map_or(0, |index| index as u64 + 1));
        }
        // Two bits each: whether it does not run, and in the other bitmap what else there is to tell.
        let resting = bitmap(progress, |mark| matches!(mark.ran, Ran::Quarantined | Ran::Idle));
        put(out, resting.len() as u64);
        out.extend(resting);
        out.extend(bitmap(progress, |mark| matches!(mark.ran, Ran::Now | Ran::Idle)));
    }

    /// Reads the rest of a payload, marks into `progress`.
    pub(super) fn take(input: &mut &[u8], progress: &mut Progress) -> Option<Self> {
        let (&[ends, flags], rest) = input.split_first_chunk()?;
        *input = rest;
        if ends == 0 || flags & !(QUICK | FRESH | COMPANY) != 0 {
            return None;
        }
        let [trial, accused, condemned] =
            [take(input)?, take(input)?, take(input)?].map(|index| at(progress, index));
        let length = usize::try_from(take(input)?).ok()?;
        let (resting, second) = input.split_at_checked(length)?;
        *input = &[];
        set(progress, resting, |mark| mark.ran = Ran::Quarantined)?;
        let second_bit =
            |mark: &mut Mark| mark.ran = if mark.ran == Ran::Quarantined { Ran::Idle } else { Ran::Now };
        set(progress, second, second_bit)?;
        let [quick, fresh, company] = [QUICK, FRESH, COMPANY].map(|flag| flags & flag != 0);
        let [trial, accused, condemned] = [trial?, accused?, condemned?];
        Some(Self { ends, quick, fresh, trial, company, accused, condemned })
    }
}

/// The record that an index names, counted from 1; 0 names none.
fn at(progress: &Progress, index: u64) -> Option<Option<i64>> {
    let Some(before) = index.checked_sub(1) else { return Some(None) };
    progress.incomplete.keys().nth(usize::try_from(before).ok()?).copied().map(Some)
}

/// One bit per incomplete, without the bytes at the end that say nothing.
fn bitmap(progress: &Progress, has: impl Fn(&Mark) -> bool) -> Vec<u8> {
    let mut bytes = vec![0u8; progress.incomplete.len().min(OFFSETS).div_ceil(8)];
    let marked = progress.incomplete.values().enumerate().filter(|(_, mark)| has(mark));
    for (index, _) in marked {
        if let Some(byte) = bytes.get_mut(index / 8) {
            *byte |= 1 << (index % 8);
        }
    }
    while bytes.last() == Some(&0) {
        bytes.pop();
    }
    bytes
}

/// Does `mark` to every incomplete whose bit is set.
fn set(progress: &mut Progress, bytes: &[u8], mark: impl Fn(&mut Mark)) -> Option<()> {
    if bytes.last() == Some(&0) {
        return None;
    }
    let mut marks = progress.incomplete.values_mut();
    for byte in bytes {
        for bit in 0..8 {
            match (marks.next(), byte >> bit & 1 == 1) {
                (Some(it), true) => mark(it),
                (None, true) => return None,
                (_, false) => {}
            }
        }
    }
    Some(())
}
