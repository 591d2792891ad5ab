//! Whose turn it is at a pace: those who wait are served one key after the other, so that a key with many requests does not
//! hold back a key with few. Pure.
//!
//! Each turn costs the part of the limits that its call takes, so that a key with large calls has fewer turns than one with
//! small calls. Keys are served in the order of what they have had; one that comes back after a rest has not saved anything up,
//! and is served before those that have had their turn (start-time fair queuing).

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::Arc,
};

/// Who waits, by key: an app where apps share an endpoint, a conversation where they share an app.
#[derive(Debug, Default)]
pub struct Turns {
    /// Those who had their turn and were refused through no fault of theirs: they keep their place.
    again: VecDeque<u64>,
    /// Keys that somebody waits for, or that have had more than those who were served last.
    queues: HashMap<Arc<str>, Queue>,
    /// Keys that somebody waits for, in the order in which they are served next.
    order: BTreeSet<Place>,
    /// Keys that nobody waits for, by what they have had.
    resting: BTreeSet<(u64, Arc<str>)>,
    /// What the key has had that was served last.
    had: u64,
    next_number: u64,
    waiting: usize,
}

/// By what a key has had; those that have had as much, by the time at which they came to it.
type Place = (u64, u64, Arc<str>);

#[derive(Debug)]
struct Queue {
    /// What the key has had.
    had: u64,
    number: u64,
    waiting: VecDeque<Entry>,
    /// The sum of the costs of those who wait.
    cost: u64,
}

#[derive(Debug)]
struct Entry {
    id: u64,
    cost: u64,
}

impl Turns {
    /// Takes a place behind everybody with the same key, for a turn that costs so much.
    pub fn join(&mut self, key: &Arc<str>, id: u64, cost: u64) {
        self.waiting += 1;
        let number = self.number();
        let queue = self.queues.entry(Arc::clone(key)).or_insert_with(|| Queue {
            had: self.had,
            number,
            waiting: VecDeque::new(),
            cost: 0,
        });
        if queue.waiting.is_empty() {
            self.resting.remove(&(queue.had, Arc::clone(key)));
            queue.number = number;
            self.order.insert((queue.had, number, Arc::clone(key)));
        }
        queue.cost = queue.cost.saturating_add(cost);
        queue.waiting.push_back(Entry { id, cost });
    }

    /// Takes a place before all who have not been served yet.
    pub fn rejoin(&mut self, id: u64) {
        self.waiting += 1;
        self.again.push_back(id);
    }

    /// Who is served next.
    #[must_use]
    pub fn next(&self) -> Option<u64> {
        let first = || self.queues.get(&self.order.first()?.2)?.waiting.front();
        self.again.front().copied().or_else(|| Some(first()?.id))
    }

    /// Notes that it was served, and gives its place up.
    pub fn served(&mut self, key: &Arc<str>, id: u64) {
        let cost = self.remove(key, id);
        let Some(queue) = self.queues.get_mut(key) else { return };
        if let Some(cost) = cost {
            self.had = self.had.max(queue.had);
            let had = queue.had.saturating_add(cost);
            self.moved(key, had);
        }
        self.forget();
    }

    /// Gives a place up without having been served.
    pub fn leave(&mut self, key: &Arc<str>, id: u64) {
        self.remove(key, id);
        self.forget();
    }

    /// Who is first of the keys of which this holds.
    pub fn first_of(&self, holds: impl Fn(&Arc<str>) -> bool) -> Option<u64> {
        let (_, _, key) = self.order.iter().find(|(_, _, key)| holds(key))?;
        Some(self.queues.get(key)?.waiting.front()?.id)
    }

    /// How many are served before the one who joins now, as long as nobody else does.
    #[must_use]
    pub fn ahead(&self, key: &Arc<str>) -> usize {
        let own = self.queues.get(key);
        let (had, number) = own.map_or((self.had, self.next_number), |queue| {
            let number = if queue.waiting.is_empty() { self.next_number } else { queue.number };
            (queue.had.saturating_add(queue.cost), number)
        });
        self.again.len() + own.map_or(0, |own| own.waiting.len()) + self.others_before(key, had, number)
    }

    /// How many are served before this one; as many as wait when it is not among them.
    #[must_use]
    pub fn before(&self, key: &Arc<str>, id: u64) -> usize {
        if let Some(at) = self.again.iter().position(|it| *it == id) {
            return at;
        }
        let own = self.queues.get(key);
        let place = own.and_then(|own| Some((own, own.waiting.iter().position(|entry| entry.id == id)?)));
        let Some((own, at)) = place else { return self.waiting };
        let cost: u64 = own.waiting.iter().take(at).map(|entry| entry.cost).sum();
        self.again.len() + at + self.others_before(key, own.had.saturating_add(cost), own.number)
    }

    /// Everybody who waits.
    #[must_use]
    pub const fn waiting(&self) -> usize {
        self.waiting
    }

    /// Keys that somebody waits for, those with most that wait first, at most so many.
    #[must_use]
    pub fn queues(&self, most: usize) -> Vec<Arc<str>> {
        let waiting =
            self.order.iter().filter_map(|(_, _, key)| Some((self.queues.get(key)?.waiting.len(), key)));
        let mut waiting: Vec<_> = waiting.collect();
        waiting.sort_unstable_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.cmp(other.1)));
        waiting.into_iter().take(most).map(|(_, key)| Arc::clone(key)).collect()
    }

    /// Of other keys, those who are served before one whose key will have had so much: exact where a key's turns cost the same.
    fn others_before(&self, key: &Arc<str>, had: u64, number: u64) -> usize {
        let before = |queue: &Queue| {
            let Some(lead) = had.checked_sub(queue.had) else { return 0 };
            let each = (queue.cost / queue.waiting.len().max(1) as u64).max(1);
            let even = usize::from(!lead.is_multiple_of(each) || queue.number < number);
            usize::try_from(lead / each).unwrap_or(usize::MAX).saturating_add(even).min(queue.waiting.len())
        };
        self.queues.iter().filter(|(it, _)| *it != key).map(|(_, queue)| before(queue)).sum()
    }

    /// Takes somebody out; tells what the turn would have cost, but for those who had one before.
    fn remove(&mut self, key: &Arc<str>, id: u64) -> Option<u64> {
        if let Some(at) = self.again.iter().position(|it| *it == id) {
            self.again.remove(at);
            self.waiting -= 1;
            return None;
        }
        let queue = self.queues.get_mut(key)?;
        let at = queue.waiting.iter().position(|entry| entry.id == id)?;
        let entry = queue.waiting.remove(at)?;
        queue.cost = queue.cost.saturating_sub(entry.cost);
        self.waiting -= 1;
        if queue.waiting.is_empty() {
            self.order.remove(&(queue.had, queue.number, Arc::clone(key)));
            self.resting.insert((queue.had, Arc::clone(key)));
        }
        Some(entry.cost)
    }

    /// The key has had so much from now on.
    fn moved(&mut self, key: &Arc<str>, had: u64) {
        let number = self.number();
        let Some(queue) = self.queues.get_mut(key) else { return };
        if queue.waiting.is_empty() {
            self.resting.remove(&(queue.had, Arc::clone(key)));
            self.resting.insert((had, Arc::clone(key)));
        } else {
            self.order.remove(&(queue.had, queue.number, Arc::clone(key)));
            self.order.insert((had, number, Arc::clone(key)));
        }
        (queue.had, queue.number) = (had, number);
    }

    /// Forgets the keys that have had no more than those who are served now; all of them once nobody waits.
    fn forget(&mut self) {
        if self.waiting == 0 {
            self.had = self.resting.last().map_or(self.had, |(had, _)| self.had.max(*had));
        }
        while self.resting.first().is_some_and(|(had, _)| *had <= self.had) {
            if let Some((_, key)) = self.resting.pop_first() {
                self.queues.remove(&key);
            }
        }
    }

    fn number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number - 1
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
            turns.served(&keys[&id], id);
            order.push(id);
        }
        assert_eq!(
            (turns.waiting(), turns.order.len(), turns.queues.len(), turns.resting.len()),
            (0, 0, 0, 0)
        );
        order
    }

    fn joined(names: &[&str]) -> (Turns, HashMap<u64, Arc<str>>) {
        let (mut turns, mut keys) = (Turns::default(), HashMap::new());
        for (id, name) in (0..).zip(names) {
            turns.join(&key(name), id, 10);
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
            turns.join(&key(name), 99, 10);
            keys.insert(99, key(name));
            assert_eq!(served(&mut turns, &keys).iter().position(|it| *it == 99), Some(told), "{name}");
        }
    }

    #[test]
    fn a_flood_adds_at_most_one_turn_for_each_of_somebody_elses() {
        let (mut turns, _) = joined(&["flood"; 500]);
        turns.join(&key("quiet"), 1_000, 10);
        assert_eq!(turns.before(&key("quiet"), 1_000), 1);
        assert_eq!(turns.ahead(&key("quiet")), 3);
    }

    #[test]
    fn a_key_with_large_calls_has_fewer_turns() {
        let (mut turns, mut keys) = (Turns::default(), HashMap::new());
        for id in 0..40 {
            let (name, cost) = if id % 2 == 0 { ("large", 30) } else { ("small", 10) };
            turns.join(&key(name), id, cost);
            keys.insert(id, key(name));
        }
        let order = served(&mut turns, &keys);
        let large = order.iter().take(20).filter(|id| *id % 2 == 0).count();
        assert_eq!(large, 5, "{order:?}");
    }

    #[test]
    fn who_comes_after_a_rest_is_next_and_has_saved_nothing_up() {
        let (mut turns, keys) = joined(&["flood"; 100]);
        for id in 0..50 {
            turns.served(&keys[&id], id);
        }
        (200..210).for_each(|id| turns.join(&key("quiet"), id, 10));
        assert_eq!(turns.next(), Some(200));
        turns.served(&key("quiet"), 200);
        assert_eq!(turns.next(), Some(50), "then they take turns");
    }
}
