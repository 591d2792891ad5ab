//! What columns can hold of what records say.

use pipeline::Refused;
use schemas::Millis;

/// The store's seconds end in 2106; nothing of ours is later.
const LAST_TIMESTAMP: Millis = u32::MAX as Millis * 1_000;

/// A time that decides partition and expiry of a row.
///
/// # Errors
/// A dead letter when the store has no such time.
pub(crate) fn timestamp(time: Millis) -> Result<Millis, Refused> {
    foreign_timestamp(time).ok_or(Refused::DeadLetter { reason: "time_out_of_range" })
}

/// A time that somebody else told; `None` when the store has no such time.
pub(crate) fn foreign_timestamp(time: Millis) -> Option<Millis> {
    (0..=LAST_TIMESTAMP).contains(&time).then_some(time)
}

/// The length of a list.
pub(crate) fn count(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}
