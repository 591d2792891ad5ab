//! How many calls each app and each target runs, and who waits for a share to free up.

use std::collections::{HashMap, VecDeque};

use super::event::Key;
use crate::call::handler::Share;

/// Running calls, in all and per share. Records over a share wait here, out of the way of everybody else's.
#[derive(Debug)]
pub(super) struct Shares {
    limit: usize,
    /// Places that are taken: by running calls and by announced starts.
    running: usize,
    held: HashMap<Share, Held>,
    /// Shares that had a place free up while someone waited for it.
    freed: VecDeque<Share>,
}

#[derive(Debug, Default)]
struct Held {
    running: usize,
    parked: VecDeque<Key>,
}

impl Shares {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, running: 0, held: HashMap::new(), freed: VecDeque::new() }
    }

    /// Takes one place of every share, or parks the record behind the first that has none.
    pub(super) fn take_or_park(&mut self, shares: &[Share], key: Key) -> bool {
        for share in shares {
            if let Some(held) = self.held.get_mut(share).filter(|held| held.running >= self.limit) {
                held.parked.push_back(key);
                return false;
            }
        }
        for share in shares {
            self.held.entry(share.clone()).or_default().running += 1;
        }
        self.running += 1;
        true
    }

    /// Whether every share has a place.
    pub(super) fn has_room(&self, shares: &[Share]) -> bool {
        shares.iter().all(|share| self.held.get(share).is_none_or(|held| held.running < self.limit))
    }

    /// What the limit of running calls counts.
    pub(super) fn running(&self) -> usize {
        self.running
    }

    /// Gives the places of one record back.
    pub(super) fn release(&mut self, shares: &[Share]) {
        self.running -= 1;
        for share in shares {
            let Some(held) = self.held.get_mut(share) else { continue };
            held.running = held.running.saturating_sub(1);
            if !held.parked.is_empty() {
                self.freed.push_back(share.clone());
            } else if held.running == 0 {
                self.held.remove(share);
            }
        }
    }

    /// The longest waiting record of a share that has a free place. It may still wait for another share.
    pub(super) fn unpark(&mut self) -> Option<Key> {
        while let Some(share) = self.freed.front() {
            let waiting = self.held.get_mut(share).filter(|held| held.running < self.limit);
            if let Some(key) = waiting.and_then(|held| held.parked.pop_front()) {
                return Some(key);
            }
            self.freed.pop_front();
        }
        None
    }

    /// Forgets the waiting records of a partition that is gone.
    pub(super) fn forget(&mut self, partition: i32) {
        for held in self.held.values_mut() {
            held.parked.retain(|key| key.partition != partition);
        }
        self.held.retain(|_, held| held.running > 0 || !held.parked.is_empty());
    }

    /// Records that wait for a share.
    pub(super) fn parked(&self) -> usize {
        self.held.values().map(|held| held.parked.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(kind: &'static str, name: &str) -> Share {
        Share { kind, name: name.into() }
    }

    fn key(offset: i64) -> Key {
        Key { partition: 0, epoch: 1, offset }
    }

    #[test]
    fn a_record_waits_for_every_share_and_passes_its_turn_on() {
        let mut shares = Shares::new(1);
        let (a, x) = (vec![share("app", "a"), share("target", "x")], vec![share("target", "x")]);
        let only_a = vec![share("app", "a")];
        assert!(shares.take_or_park(&only_a, key(0)));
        assert!(!shares.take_or_park(&a, key(1)), "the app is full");
        assert!(!shares.take_or_park(&only_a, key(2)));
        assert!(shares.take_or_park(&x, key(3)), "others go on");
        shares.release(&only_a);
        assert_eq!(shares.unpark(), Some(key(1)));
        assert!(!shares.take_or_park(&a, key(1)), "now its target is full");
        assert_eq!(shares.unpark(), Some(key(2)), "the free place goes to the next");
        assert!(shares.take_or_park(&only_a, key(2)));
        assert_eq!(shares.unpark(), None);
        shares.release(&x);
        assert_eq!(shares.unpark(), Some(key(1)));
    }

    #[test]
    fn a_partition_that_is_gone_leaves_nobody_waiting() {
        let mut shares = Shares::new(1);
        let a = vec![share("app", "a")];
        assert!(shares.take_or_park(&a, key(0)));
        assert!(!shares.take_or_park(&a, key(1)));
        shares.forget(0);
        shares.release(&a);
        assert_eq!((shares.unpark(), shares.parked()), (None, 0));
    }
}
