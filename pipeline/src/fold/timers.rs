//! The timers of one partition: derived from the states, ordered by (due, key).

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

#[derive(Debug)]
pub(super) struct Timers<K> {
    order: BTreeSet<(i64, K)>,
    due: HashMap<K, i64>,
}

impl<K: Clone + Ord + Hash> Timers<K> {
    /// The timers of these keys. No key may come twice.
    pub(super) fn of(timers: impl ExactSizeIterator<Item = (K, Option<i64>)>) -> Self {
        let mut due = HashMap::with_capacity(timers.len());
        due.extend(timers.filter_map(|(key, due)| Some((key, due?))));
        Self { order: due.iter().map(|(key, due)| (*due, key.clone())).collect(), due }
    }

    /// The key's timer from now on; `None` when it has none.
    pub(super) fn set(&mut self, key: &K, due: Option<i64>) {
        let before = match due {
            Some(due) => self.due.insert(key.clone(), due),
            None => self.due.remove(key),
        };
        if before == due {
            return;
        }
        if let Some(before) = before {
            self.order.remove(&(before, key.clone()));
        }
        if let Some(due) = due {
            self.order.insert((due, key.clone()));
        }
    }

    pub(super) fn earliest(&self) -> Option<i64> {
        self.order.first().map(|(due, _)| *due)
    }

    /// Keys whose timer is due at `time`, in the order of (due, key), at most `most`.
    pub(super) fn due(&self, time: i64, most: usize) -> Vec<K> {
        self.order.iter().take_while(|(due, _)| *due <= time).take(most).map(|(_, key)| key.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> String {
        name.to_owned()
    }

    #[test]
    fn due_timers_come_in_the_order_of_due_and_key_and_a_moved_one_only_once() {
        let mut timers = Timers::of([].into_iter());
        for (name, due) in [("b", 5), ("a", 5), ("c", 1), ("d", 9), ("c", 7)] {
            timers.set(&key(name), Some(due));
        }
        assert_eq!(timers.earliest(), Some(5));
        assert_eq!(timers.due(7, 10), [key("a"), key("b"), key("c")]);
        assert_eq!(timers.due(7, 2), [key("a"), key("b")]);
        timers.set(&key("a"), None);
        timers.set(&key("a"), None);
        assert_eq!(timers.due(100, 10), [key("b"), key("c"), key("d")]);
    }
}
