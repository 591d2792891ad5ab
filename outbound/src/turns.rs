//! Whose turn it is at a pace: those who wait are served one key after the other, so that a key with many requests does not
//! hold back a key with few. Pure.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

/// Who waits, by key: an app where apps share an endpoint, a conversation where they share an app.
#[derive(Debug, Default)]
pub struct Turns {
    /// Those who had their turn and were refused through no fault of theirs: they keep their place.
    again: VecDeque<u64>,
    /// Keys that somebody waits for, in the order in which they are served next.
    ring: VecDeque<Arc<str>>,
    queues: HashMap<Arc<str>, VecDeque<u64>>,
    waiting: usize,
}

impl Turns {
    /// Takes a place behind everybody with the same key.
    pub fn join(&mut self, key: &Arc<str>, id: u64) {
        self.waiting += 1;
        let queue = self.queues.entry(Arc::clone(key)).or_default();
        if queue.is_empty() {
            self.ring.push_back(Arc::clone(key));
        }
        queue.push_back(id);
    }

    /// Takes a place before all who have not been served yet.
    pub fn rejoin(&mut self, id: u64) {
        self.waiting += 1;
        self.again.push_back(id);
    }

    /// Who is served next.
    #[must_use]
    pub fn next(&self) -> Option<u64> {
        let first = || self.queues.get(self.ring.front()?)?.front();
        self.again.front().or_else(first).copied()
    }

    /// Gives a place up, served or not.
    pub fn leave(&mut self, key: &Arc<str>, id: u64) {
        if let Some(at) = self.again.iter().position(|it| *it == id) {
            self.again.remove(at);
            self.waiting -= 1;
            return;
        }
        let Some(queue) = self.queues.get_mut(key) else { return };
        let Some(at) = queue.iter().position(|it| *it == id) else { return };
        queue.remove(at);
        self.waiting -= 1;
        let is_over = queue.is_empty();
        if is_over {
            self.queues.remove(key);
        }
        // Whoever was served goes behind the other keys.
        if let Some(place) = self.ring.iter().position(|it| it == key)
            && (is_over || at == 0 && place == 0)
        {
            let key = self.ring.remove(place);
            self.ring.extend(key.filter(|_| !is_over));
        }
    }

    /// How many are served before the one who joins now, as long as nobody else does.
    #[must_use]
    pub fn ahead(&self, key: &Arc<str>) -> usize {
        let own = self.queues.get(key).map_or(0, VecDeque::len);
        let others = self.queues.iter().filter(|(it, _)| *it != key);
        self.again.len() + own + others.map(|(_, queue)| queue.len().min(own + 1)).sum::<usize>()
    }

    /// How many are served before this one; as many as wait when it is not among them.
    #[must_use]
    pub fn before(&self, key: &Arc<str>, id: u64) -> usize {
        if let Some(at) = self.again.iter().position(|it| *it == id) {
            return at;
        }
        let Some(own) = self.queues.get(key).and_then(|queue| queue.iter().position(|it| *it == id)) else {
            return self.waiting;
        };
        let place = |it: &Arc<str>| self.ring.iter().position(|in_ring| in_ring == it);
        let mine = place(key);
        let others = self.queues.iter().filter(|(it, _)| *it != key);
        let before = others.map(|(it, queue)| queue.len().min(own + usize::from(place(it) < mine)));
        self.again.len() + own + before.sum::<usize>()
    }

    /// Everybody who waits.
    #[must_use]
    pub const fn waiting(&self) -> usize {
        self.waiting
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Arc<str> {
        name.into()
    }

    /// Serves everybody; tells the ids in the order of service.
    fn served(turns: &mut Turns, keys: &HashMap<u64, Arc<str>>) -> Vec<u64> {
        let mut order = Vec::new();
        while let Some(id) = turns.next() {
            turns.leave(&keys[&id], id);
            order.push(id);
        }
        assert_eq!((turns.waiting(), turns.ring.len(), turns.queues.len()), (0, 0, 0));
        order
    }

    fn joined(names: &[&str]) -> (Turns, HashMap<u64, Arc<str>>) {
        let (mut turns, mut keys) = (Turns::default(), HashMap::new());
        for (id, name) in (0..).zip(names) {
            turns.join(&key(name), id);
            keys.insert(id, key(name));
        }
        (turns, keys)
    }

    #[test]
    fn one_key_after_the_other_and_within_a_key_in_the_order_of_asking() {
        let (mut turns, keys) = joined(&["a", "a", "a", "a", "b", "c", "b"]);
        assert_eq!(served(&mut turns, &keys), [0, 4, 5, 1, 6, 2, 3]);
    }

    #[test]
    fn who_was_refused_keeps_the_place() {
        let (mut turns, mut keys) = joined(&["a", "a", "b"]);
        turns.rejoin(7);
        turns.rejoin(8);
        keys.extend([(7, key("a")), (8, key("b"))]);
        assert_eq!(served(&mut turns, &keys), [7, 8, 0, 2, 1]);
    }

    #[test]
    fn who_gives_up_takes_nobodys_turn() {
        let (mut turns, keys) = joined(&["a", "b", "a", "b", "c"]);
        turns.leave(&key("b"), 3);
        turns.leave(&key("c"), 4);
        turns.leave(&key("c"), 4);
        assert_eq!(served(&mut turns, &keys), [0, 1, 2]);
    }

    #[test]
    fn what_is_told_of_the_wait_is_what_comes() {
        let names = ["a", "a", "b", "a", "c", "c", "a", "b", "d"];
        let (turns, keys) = joined(&names);
        let told: Vec<usize> = (0..names.len() as u64).map(|id| turns.before(&keys[&id], id)).collect();
        let (mut turns, keys) = joined(&names);
        let order = served(&mut turns, &keys);
        for (id, told) in (0..).zip(told) {
            assert_eq!(order.iter().position(|it| *it == id), Some(told), "{id}");
        }
        for name in ["a", "b", "e"] {
            let (mut turns, mut keys) = joined(&names);
            let told = turns.ahead(&key(name));
            turns.join(&key(name), 99);
            keys.insert(99, key(name));
            assert_eq!(served(&mut turns, &keys).iter().position(|it| *it == 99), Some(told), "{name}");
        }
    }

    #[test]
    fn a_flood_adds_at_most_one_turn_for_each_of_somebody_elses() {
        let (mut turns, _) = joined(&["flood"; 500]);
        turns.join(&key("quiet"), 1_000);
        assert_eq!(turns.before(&key("quiet"), 1_000), 1);
        assert_eq!(turns.ahead(&key("quiet")), 3);
    }
}
