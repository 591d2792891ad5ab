//! The timers of one partition: derived from the states, ordered by (due, key).

use std::collections::{BTreeSet, HashMap};

use super::Key;

#[derive(Debug, Default)]
pub(super) struct Timers {
    order: BTreeSet<(i64, Key)>,
    due: HashMap<Key, i64>,
}

impl Timers {
    /// The timers of these keys. No key may come twice.
    pub(super) fn of(timers: impl ExactSizeIterator<Item = (Key, Option<i64>)>) -> Self {
        let mut due = HashMap::with_capacity(timers.len());
        due.extend(timers.filter_map(|(key, due)| Some((key, due?))));
        Self { order: due.iter().map(|(key, due)| (*due, Key::clone(key))).collect(), due }
    }

    /// The key's timer from now on; `None` when it has none.
    pub(super) fn set(&mut self, key: &Key, due: Option<i64>) {
        let before = match due {
            Some(due) => self.due.insert(Key::clone(key), due),
            None => self.due.remove(key),
        };
        if before == due {
            return;
        }
        if let Some(before) = before {
            self.order.remove(&(before, Key::clone(key)));
        }
        if let Some(due) = due {
            self.order.insert((due, Key::clone(key)));
        }
    }

    pub(super) fn earliest(&self) -> Option<i64> {
        self.order.first().map(|(due, _)| *due)
    }

    /// Keys whose timer is due at `time`, in the order of (due, key), at most `most`.
    pub(super) fn due(&self, time: i64, most: usize) -> Vec<Key> {
        self.order
            .iter()
            .take_while(|(due, _)| *due <= time)
            .take(most)
            .map(|(_, key)| Key::clone(key))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        name.as_bytes().into()
    }

    #[test]
    fn due_timers_come_in_the_order_of_due_and_key_and_a_moved_one_only_once() {
        let mut timers = Timers::default();
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
