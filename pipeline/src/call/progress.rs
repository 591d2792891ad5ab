//! What is done of a partition, as it travels in commit metadata.
//!
//! One encoding: the incomplete offsets below `high`, ascending, each as a varint of its distance from the one before
//! and its `started` bit. A gap below 64 costs one byte, so 2,500 incompletes that lie as densely as running calls do
//! take about 2,510 bytes, 3,350 characters of base64. A bitmap or run lengths would be smaller for some shapes, but
//! only here completing a record never makes the text longer (the varint of a joined gap is no longer than the two
//! varints that it replaces), so a check at admission bounds every later commit.
//!
//! Version 2 is version 1 with what unclean ends left behind it ([`History`]), two bitmaps over the incompletes among
//! it. It is written only while there is such a thing to tell, so that an earlier build can read everything else.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::kafka::commit_meta::{self, Kind, MetadataError};

mod history;

pub use history::History;

const PLAIN: Kind = Kind { tag: 'c', version: 1 };
const WITH_HISTORY: Kind = Kind { tag: 'c', version: 2 };
/// More incompletes than any version admits: a longer list was not written by us.
const MAX_INCOMPLETE: usize = 4_096;
/// Bytes of a payload besides its incompletes and the bitmaps over them, at most: flags, three numbers, the history.
const FIXED: usize = 1 + 3 * 10 + history::FIXED;
const CLEAN: u8 = 1;
const EXACT: u8 = 2;

/// What is known of one incomplete record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mark {
    /// Its start was committed before it ran; in an exact map: it may have run.
    pub started: bool,
    /// Beside a [`History`]: when it ran.
    pub ran: Ran,
}

/// When a record ran, as far as unclean ends go. A life of a partition is the time of one owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ran {
    /// At the last end, and in this life.
    #[default]
    Twice,
    /// In this life.
    Now,
    /// Not in this life: it ran at two ends in a row or more, and waits until it is tried.
    Quarantined,
    /// Not in this life.
    Idle,
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
    /// What unclean ends left, while a record that may have run at the last of them is not done.
    pub history: Option<History>,
}

impl Progress {
    /// Nothing admitted yet, from `offset` on: what an operator's reset commits.
    pub fn fresh(offset: i64) -> Self {
        Self {
            base: offset,
            high: offset,
            clean: true,
            exact: true,
            incomplete: BTreeMap::new(),
            history: None,
        }
    }

    /// Whether its next owner must know where the log ended: an unclean end left records that may have run and are not
    /// known to have been admitted.
    pub(super) fn asks_for_end(&self) -> bool {
        !self.clean && self.history.is_none()
    }

    /// Metadata to commit together with offset `base`.
    ///
    /// # Errors
    /// [`MetadataError::TooLong`] when it does not fit; admission checks keep it from happening.
    pub fn seal(&self, incarnation: &str) -> Result<String, MetadataError> {
        let kind = if self.history.is_some() { WITH_HISTORY } else { PLAIN };
        commit_meta::seal(kind, incarnation, &URL_SAFE_NO_PAD.encode(self.payload()))
    }

    /// Reads what was committed at `offset`.
    ///
    /// # Errors
    /// Any [`MetadataError`]: the partition must be refused, since taking it for empty would repeat finished work.
    pub fn open(incarnation: &str, offset: i64, text: &str) -> Result<Self, MetadataError> {
        let (kind, body) = match commit_meta::open(PLAIN, incarnation, text) {
            Err(MetadataError::Version) => {
                (WITH_HISTORY, commit_meta::open(WITH_HISTORY, incarnation, text)?)
            }
            plain => (PLAIN, plain?),
        };
        let payload = URL_SAFE_NO_PAD.decode(body).map_err(|_| MetadataError::Body)?;
        let progress = read(kind, &payload).ok_or(MetadataError::Body)?;
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
        if let Some(history) = &self.history {
            history.put(&mut out, self);
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

fn read(kind: Kind, mut input: &[u8]) -> Option<Progress> {
    let (&flags, rest) = input.split_first()?;
    input = rest;
    let base = take_offset(&mut input, 0)?;
    let high = take_offset(&mut input, base)?;
    let count = usize::try_from(take(&mut input)?).ok()?;
    if flags & !(CLEAN | EXACT) != 0 || count > MAX_INCOMPLETE || count > input.len() {
        return None;
    }
    let mut incomplete = BTreeMap::new();
    let mut expected = base;
    for _ in 0..count {
        let entry = take(&mut input)?;
        let offset = expected.checked_add(i64::try_from(entry >> 1).ok()?)?;
        if offset >= high {
            return None;
        }
        incomplete.insert(offset, Mark { started: entry & 1 == 1, ..Mark::default() });
        expected = offset + 1;
    }
    // The frontier is the lowest incomplete, or everything admitted is done.
    if incomplete.keys().next().copied().unwrap_or(high) != base {
        return None;
    }
    let (clean, exact) = (flags & CLEAN != 0, flags & EXACT != 0);
    let mut progress = Progress { base, high, clean, exact, incomplete, history: None };
    if kind == PLAIN {
        pass_attempts(input, count)?;
    } else {
        progress.history = Some(History::take(&mut input, &mut progress)?);
    }
    Some(progress)
}

/// Skips what earlier builds wrote behind the incompletes: which of them had run alone, and how often. Their way of counting
/// blamed records for what others did, so nothing follows from it.
fn pass_attempts(mut input: &[u8], count: usize) -> Option<()> {
    let mut lowest = 0;
    while !input.is_empty() {
        let index = usize::try_from(take(&mut input)?).ok()?;
        let (&attempts, rest) = input.split_first()?;
        input = rest;
        if index < lowest || index >= count || attempts == 0 {
            return None;
        }
        lowest = index + 1;
    }
    Some(())
}

#[cfg(test)]
mod tests;
