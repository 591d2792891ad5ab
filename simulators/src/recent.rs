//! A log that keeps its last entries, so that a stand-in can run for days.

use serde::Serialize;
use serde_json::{Value, json};
use std::collections::VecDeque;

/// Entries kept.
const KEPT: usize = 50_000;

/// The last entries of a log, numbered from 1 without gaps.
#[derive(Debug)]
pub(crate) struct Recent<T> {
    entries: VecDeque<T>,
    dropped: u64,
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self { entries: VecDeque::new(), dropped: 0 }
    }
}

impl<T> Recent<T> {
    /// Adds an entry and returns its number.
    pub(crate) fn push(&mut self, entry: T) -> u64 {
        self.entries.push_back(entry);
        let number = self.dropped + self.entries.len() as u64;
        if self.entries.len() > KEPT {
            self.entries.pop_front();
            self.dropped += 1;
        }
        number
    }

    /// The entry of a number, if it is still kept.
    pub(crate) fn get(&self, number: u64) -> Option<&T> {
        self.entries.get(self.index(number)?)
    }

    /// Like [`Recent::get`], to change it.
    pub(crate) fn get_mut(&mut self, number: u64) -> Option<&mut T> {
        let index = self.index(number)?;
        self.entries.get_mut(index)
    }

    /// The kept entries with their numbers, oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        (self.dropped + 1..).zip(&self.entries)
    }

    /// The kept entries, to change them.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.entries.iter_mut()
    }

    /// The kept entries after a number that pass, as JSON objects with their `number`.
    pub(crate) fn rows(&self, after: u64, shows: impl Fn(&T) -> bool) -> Vec<Value>
    where
        T: Serialize,
    {
        let shown = self.iter().filter(|(number, entry)| *number > after && shows(entry));
        let row = |(number, entry)| {
            let mut row = json!(entry);
            row["number"] = json!(number);
            row
        };
        shown.map(row).collect()
    }

    /// Forgets the entries; numbers go on.
    pub(crate) fn clear(&mut self) {
        self.dropped += self.entries.len() as u64;
        self.entries.clear();
    }

    fn index(&self, number: u64) -> Option<usize> {
        usize::try_from(number.checked_sub(self.dropped + 1)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{KEPT, Recent};

    #[test]
    fn numbers_survive_the_loss_of_old_entries() {
        let mut log = Recent::default();
        for i in 1..=KEPT as u64 + 10 {
            assert_eq!(log.push(i), i);
        }
        assert_eq!(log.get(10), None);
        assert_eq!(log.get(11), Some(&11));
        assert_eq!(log.iter().next(), Some((11, &11)));
        log.clear();
        assert_eq!(log.push(7), KEPT as u64 + 11);
    }
}
