//! Announcements of records in quarantine that this process has outlived.
//!
//! An announcement counts an end of a process in advance. A driver that ends by itself, as one does whose identity a twin took,
//! cannot take it back any more: it may not commit. Its process goes on, so the record has not ended it. The next driver of
//! this process must not count it once more, or a quarrel of twins would make a harmless record a dead letter.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// By group and partition: where the record stands that was announced last.
static OUTLIVED: Mutex<BTreeMap<(String, i32), i64>> = Mutex::new(BTreeMap::new());

fn outlived() -> MutexGuard<'static, BTreeMap<(String, i32), i64>> {
    OUTLIVED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Remembers that a driver of `group` in this process ended after it had announced the record at `offset`, and not because of it.
pub(super) fn remember(group: &str, partition: i32, offset: i64) {
    outlived().insert((group.to_owned(), partition), offset);
}

/// Which record of the partition this process announced, in an earlier driver.
pub(super) fn announced(group: &str, partition: i32) -> Option<i64> {
    outlived().get(&(group.to_owned(), partition)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_announcement_of_a_partition_is_told_to_its_group_alone() {
        remember("outlived.decide", 3, 7);
        remember("outlived.decide", 3, 9);
        assert_eq!(announced("outlived.decide", 3), Some(9));
        assert_eq!(announced("outlived.decide", 4), None);
        assert_eq!(announced("outlived.other", 3), None);
    }
}
