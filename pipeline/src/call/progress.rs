//! What is done of a partition, as it travels in commit metadata.
//!
//! One encoding: the incomplete offsets below `high`, ascending, each as a varint of its distance from the one before
//! and its `started` bit. A gap below 64 costs one byte, so 2,500 incompletes that lie as densely as running calls do
//! take about 2,510 bytes, 3,350 characters of base64. A bitmap or run lengths would be smaller for some shapes, but
//! only here completing a record never makes the text longer (the varint of a joined gap is no longer than the two
//! varints that it replaces), so a check at admission bounds every later commit.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::kafka::commit_meta::{self, Kind, MetadataError};

const KIND: Kind = Kind { tag: 'c', version: 1 };
/// More incompletes than any version admits: a longer list was not written by us.
const MAX_INCOMPLETE: usize = 4_096;
/// Bytes of a payload besides its incompletes, at most: flags, three numbers, attempts of a probation.
const FIXED: usize = 1 + 3 * 10 + 16 * 4;
const CLEAN: u8 = 1;
const EXACT: u8 = 2;

/// What is known of one incomplete record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mark {
    /// Its start was committed before it ran; in an exact map: it may have run.
    pub started: bool,
    /// How often the process ended while it ran on probation.
    pub attempts: u8,
}

/// Which offsets of a partition are done: all below `base`, and those below `high` that are not incomplete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The frontier: the committed offset, the lowest that is not done.
    pub base: i64,
    /// One above the highest admitted offset.
    pub high: i64,
    /// The writer ended its ownership in order: nothing was running when it let go.
    pub clean: bool,
    /// The marks tell of every incomplete record whether it may have run. Otherwise any below `high` may have.
    pub exact: bool,
    /// Offsets from `base` up to `high` that are not done.
    pub incomplete: BTreeMap<i64, Mark>,
}

impl Progress {
    /// Nothing admitted yet, from `offset` on: what an operator's reset commits.
    pub fn fresh(offset: i64) -> Self {
        Self { base: offset, high: offset, clean: true, exact: true, incomplete: BTreeMap::new() }
    }

    /// Metadata to commit together with offset `base`.
    ///
    /// # Errors
    /// [`MetadataError::TooLong`] when it does not fit; admission checks keep it from happening.
    pub fn seal(&self, incarnation: &str) -> Result<String, MetadataError> {
        commit_meta::seal(KIND, incarnation, &URL_SAFE_NO_PAD.encode(self.payload()))
    }

    /// Reads what was committed at `offset`.
    ///
    /// # Errors
    /// Any [`MetadataError`]: the partition must be refused, since taking it for empty would repeat finished work.
    pub fn open(incarnation: &str, offset: i64, text: &str) -> Result<Self, MetadataError> {
        let body = commit_meta::open(KIND, incarnation, text)?;
        let payload = URL_SAFE_NO_PAD.decode(body).map_err(|_| MetadataError::Body)?;
        let progress = read(&payload).ok_or(MetadataError::Body)?;
        if progress.base == offset { Ok(progress) } else { Err(MetadataError::Body) }
    }

    fn payload(&self) -> Vec<u8> {
        let mut out = vec![(u8::from(self.clean) * CLEAN) | (u8::from(self.exact) * EXACT)];
        put(&mut out, self.base.unsigned_abs());
        put(&mut out, self.high.abs_diff(self.base));
        put(&mut out, self.incomplete.len() as u64);
        let mut expected = self.base;
        for (&offset, mark) in &self.incomplete {
            put(&mut out, entry(offset.abs_diff(expected), mark.started));
            expected = offset + 1;
        }
        for (index, mark) in self.incomplete.values().enumerate().filter(|(_, mark)| mark.attempts > 0) {
            put(&mut out, index as u64);
            out.push(mark.attempts);
        }
        out
    }
}

/// Bytes that an incomplete costs whose predecessor lies `gap` offsets further down than next to it.
pub(super) fn entry_size(gap: u64) -> usize {
    let mut out = Vec::with_capacity(10);
    put(&mut out, entry(gap, true));
    out.len()
}

/// Longest metadata, in characters, for incompletes that take `bytes` bytes.
pub(super) fn text_size(incarnation: &str, bytes: usize) -> usize {
    commit_meta::MAX_CHARS - commit_meta::room(incarnation) + ((FIXED + bytes) * 4).div_ceil(3)
}

fn entry(gap: u64, started: bool) -> u64 {
    (gap << 1) | u64::from(started)
}

fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value as u8) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// One varint off the front, in its only spelling.
fn take(input: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..63).step_by(7) {
        let (&byte, rest) = input.split_first()?;
        *input = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return (byte != 0 || shift == 0).then_some(value);
        }
    }
    None
}

fn take_offset(input: &mut &[u8], from: i64) -> Option<i64> {
    from.checked_add(i64::try_from(take(input)?).ok()?)
}

fn read(mut input: &[u8]) -> Option<Progress> {
    let (&flags, rest) = input.split_first()?;
    input = rest;
    let base = take_offset(&mut input, 0)?;
    let high = take_offset(&mut input, base)?;
    let count = usize::try_from(take(&mut input)?).ok()?;
    if flags & !(CLEAN | EXACT) != 0 || count > MAX_INCOMPLETE || count > input.len() {
        return None;
    }
    let mut offsets = Vec::with_capacity(count);
    let mut incomplete = BTreeMap::new();
    let mut expected = base;
    for _ in 0..count {
        let entry = take(&mut input)?;
        let offset = expected.checked_add(i64::try_from(entry >> 1).ok()?)?;
        if offset >= high {
            return None;
        }
        incomplete.insert(offset, Mark { started: entry & 1 == 1, attempts: 0 });
        offsets.push(offset);
        expected = offset + 1;
    }
    // The frontier is the lowest incomplete, or everything admitted is done.
    if offsets.first().copied().unwrap_or(high) != base {
        return None;
    }
    let mut lowest = 0;
    while !input.is_empty() {
        let index = usize::try_from(take(&mut input)?).ok()?;
        let (&attempts, rest) = input.split_first()?;
        input = rest;
        if index < lowest || attempts == 0 {
            return None;
        }
        incomplete.get_mut(offsets.get(index)?)?.attempts = attempts;
        lowest = index + 1;
    }
    Some(Progress { base, high, clean: flags & CLEAN != 0, exact: flags & EXACT != 0, incomplete })
}

#[cfg(test)]
mod tests;
