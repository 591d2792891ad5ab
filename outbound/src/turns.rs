//! Whose turn it is at a pace: those who wait are served one key after the other, so that a key with many requests does not
//! hold back a key with few. Pure.
//!
//! Each turn costs the part of the limits that its call takes, so that a key with large calls has fewer turns than one with
//! small calls. Keys are served in the order of what they have had; one that comes back after a rest has not saved anything up,
//! and is served before those that have had their turn (start-time fair queuing).
//!
//! Within a key everybody is served in the order of asking, but for their weights: who has weight 3 waits for a third of what
//! goes by while somebody with weight 1 waits (self-clocked fair queuing, where each has one turn to wait for). So lanes that ask again
//! and again have turns in proportion to their weights, and nobody waits for ever.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    num::NonZeroU32,
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

/// How far the clock of a key goes on while somebody of weight 1 waits.
const ROUND: u64 = 1_000_000;

/// How many turns somebody has of a key for one of weight 1.
pub type Weight = NonZeroU32;

/// When somebody is due by the clock of a key, and a number that grows with each who asks.
type Due = (u64, u64);

#[derive(Debug)]
struct Queue {
    /// What the key has had.
    had: u64,
    number: u64,
    /// In the order in which they are due.
    waiting: BTreeMap<Due, Entry>,
    /// The sum of the costs of those who wait.
    cost: u64,
    /// When the one was due that was served last.
    clock: u64,
}

#[derive(Debug)]
struct Entry {
    id: u64,
    cost: u64,
}

/// A place that was given up.
struct Left {
    due: u64,
    /// What the turn would have cost.
    cost: u64,
}

/// Those of a key who are served before somebody.
struct Before {
    count: usize,
    cost: u64,
}

impl Queue {
    /// When somebody is due who asks now.
    fn due(&self, weight: Weight) -> u64 {
        self.clock.saturating_add(ROUND / u64::from(weight.get()))
    }

    fn first(&self) -> Option<u64> {
        Some(self.waiting.first_key_value()?.1.id)
    }

    fn due_of(&self, id: u64) -> Option<Due> {
        self.waiting.iter().find(|(_, entry)| entry.id == id).map(|(due, _)| *due)
    }

    fn before(&self, due: Due) -> Before {
        let before = self.waiting.range(..due);
        before.fold(Before { count: 0, cost: 0 }, |all, (_, entry)| Before {
            count: all.count + 1,
            cost: all.cost.saturating_add(entry.cost),
        })
    }
}

impl Turns {
    /// Takes a place behind everybody with the same key and no less weight, for a turn that costs so much.
    pub fn join(&mut self, key: &Arc<str>, id: u64, cost: u64, weight: Weight) {
        self.waiting += 1;
        let number = self.number();
        let queue = self.queues.entry(Arc::clone(key)).or_insert_with(|| Queue {
            had: self.had,
            number,
            waiting: BTreeMap::new(),
            cost: 0,
            clock: 0,
        });
        if queue.waiting.is_empty() {
            self.resting.remove(&(queue.had, Arc::clone(key)));
            queue.number = number;
            self.order.insert((queue.had, number, Arc::clone(key)));
        }
        queue.cost = queue.cost.saturating_add(cost);
        queue.waiting.insert((queue.due(weight), number), Entry { id, cost });
    }

    /// Takes a place before all who have not been served yet.
    pub fn rejoin(&mut self, id: u64) {
        self.waiting += 1;
        self.again.push_back(id);
    }

    /// Who is served next.
    #[must_use]
    pub fn next(&self) -> Option<u64> {
        let first = || self.queues.get(&self.order.first()?.2)?.first();
        self.again.front().copied().or_else(first)
    }

    /// Notes that it was served, and gives its place up.
    pub fn served(&mut self, key: &Arc<str>, id: u64) {
        let left = self.remove(key, id);
        let Some(queue) = self.queues.get_mut(key) else { return };
        if let Some(Left { due, cost }) = left {
            queue.clock = queue.clock.max(due);
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
        self.queues.get(key)?.first()
    }

    /// How many are served before the one who joins now with this weight, as long as nobody else does.
    #[must_use]
    pub fn ahead(&self, key: &Arc<str>, weight: Weight) -> usize {
        let Some(own) = self.queues.get(key) else {
            return self.again.len() + self.others_before(key, self.had, self.next_number);
        };
        let number = if own.waiting.is_empty() { self.next_number } else { own.number };
        let before = own.before((own.due(weight), self.next_number));
        let had = own.had.saturating_add(before.cost);
        self.again.len() + before.count + self.others_before(key, had, number)
    }

    /// How many are served before this one; as many as wait when it is not among them.
    #[must_use]
    pub fn before(&self, key: &Arc<str>, id: u64) -> usize {
        if let Some(at) = self.again.iter().position(|it| *it == id) {
            return at;
        }
        let own = self.queues.get(key);
        let Some((own, due)) = own.and_then(|own| Some((own, own.due_of(id)?))) else { return self.waiting };
        let before = own.before(due);
        let had = own.had.saturating_add(before.cost);
        self.again.len() + before.count + self.others_before(key, had, own.number)
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

    /// Takes somebody out, and tells of the place, but for those who had a turn before.
    fn remove(&mut self, key: &Arc<str>, id: u64) -> Option<Left> {
        if let Some(at) = self.again.iter().position(|it| *it == id) {
            self.again.remove(at);
            self.waiting -= 1;
            return None;
        }
        let queue = self.queues.get_mut(key)?;
        let due = queue.due_of(id)?;
        let entry = queue.waiting.remove(&due)?;
        queue.cost = queue.cost.saturating_sub(entry.cost);
        self.waiting -= 1;
        if queue.waiting.is_empty() {
            self.order.remove(&(queue.had, queue.number, Arc::clone(key)));
            self.resting.insert((queue.had, Arc::clone(key)));
        }
        Some(Left { due: due.0, cost: entry.cost })
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
            turns.join(&key(name), id, 10, Weight::MIN);
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
            let told = turns.ahead(&key(name), Weight::MIN);
            turns.join(&key(name), 99, 10, Weight::MIN);
            keys.insert(99, key(name));
            assert_eq!(served(&mut turns, &keys).iter().position(|it| *it == 99), Some(told), "{name}");
        }
    }

    #[test]
    fn a_flood_adds_at_most_one_turn_for_each_of_somebody_elses() {
        let (mut turns, _) = joined(&["flood"; 500]);
        turns.join(&key("quiet"), 1_000, 10, Weight::MIN);
        assert_eq!(turns.before(&key("quiet"), 1_000), 1);
        assert_eq!(turns.ahead(&key("quiet"), Weight::MIN), 3);
    }

    #[test]
    fn a_key_with_large_calls_has_fewer_turns() {
        let (mut turns, mut keys) = (Turns::default(), HashMap::new());
        for id in 0..40 {
            let (name, cost) = if id % 2 == 0 { ("large", 30) } else { ("small", 10) };
            turns.join(&key(name), id, cost, Weight::MIN);
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
        (200..210).for_each(|id| turns.join(&key("quiet"), id, 10, Weight::MIN));
        assert_eq!(turns.next(), Some(200));
        turns.served(&key("quiet"), 200);
        assert_eq!(turns.next(), Some(50), "then they take turns");
    }

    fn weight(weight: u32) -> Weight {
        Weight::new(weight).unwrap()
    }

    #[test]
    fn lanes_that_ask_again_and_again_have_turns_in_proportion_to_their_weights() {
        let mut turns = Turns::default();
        // Ten lanes of weight 1, ten of weight 4, and another app.
        let of = |lane: u64| {
            if lane < 20 {
                (key("app"), weight(if lane < 10 { 1 } else { 4 }))
            } else {
                (key("other"), Weight::MIN)
            }
        };
        let join = |turns: &mut Turns, lane: u64| {
            let (key, weight) = of(lane);
            turns.join(&key, lane, 10, weight);
        };
        (0..21).for_each(|lane| join(&mut turns, lane));
        let mut had = [0_u32; 21];
        for _ in 0..2_000 {
            let lane = turns.next().unwrap();
            turns.served(&of(lane).0, lane);
            had[lane as usize] += 1;
            join(&mut turns, lane);
        }
        assert_eq!(had[20], 1_000, "the other app has every second turn");
        let light: Vec<u32> = had[..10].to_vec();
        let heavy: Vec<u32> = had[10..20].to_vec();
        assert!(light.iter().all(|had| (19..=21).contains(had)), "{light:?}");
        assert!(heavy.iter().all(|had| (79..=81).contains(had)), "{heavy:?}");
    }

    #[test]
    fn a_heavy_lane_passes_those_who_wait_and_no_flood_of_them_keeps_a_light_one_waiting_for_ever() {
        let (mut turns, app) = (Turns::default(), key("app"));
        (0..8).for_each(|id| turns.join(&app, id, 10, Weight::MIN));
        turns.join(&app, 100, 10, weight(4));
        assert_eq!((turns.next(), turns.before(&app, 100), turns.before(&app, 0)), (Some(100), 0, 1));
        assert_eq!((turns.ahead(&app, weight(4)), turns.ahead(&app, Weight::MIN)), (1, 9));
        let mut before = 0;
        for id in 101.. {
            let next = turns.next().unwrap();
            turns.served(&app, next);
            if next == 0 {
                break;
            }
            before += 1;
            turns.join(&app, id, 10, weight(4));
        }
        assert_eq!(before, 3, "the fourth is due when the light one is, and asked later");
    }

    #[test]
    fn what_is_told_of_the_wait_is_what_comes_with_weights_too() {
        let (mut turns, app) = (Turns::default(), key("app"));
        let weights = [1, 3, 1, 2, 4, 1, 3, 2, 1];
        for (id, of) in (0..).zip(weights) {
            turns.join(&app, id, 10, weight(of));
        }
        let told: Vec<usize> = (0..weights.len() as u64).map(|id| turns.before(&app, id)).collect();
        let ahead = turns.ahead(&app, weight(2));
        turns.join(&app, 99, 10, weight(2));
        let mut order = Vec::new();
        while let Some(id) = turns.next() {
            turns.served(&app, id);
            order.push(id);
        }
        assert_eq!(order.iter().position(|id| *id == 99), Some(ahead), "{order:?}");
        order.retain(|id| *id != 99);
        for (id, told) in (0..).zip(told) {
            assert_eq!(order.iter().position(|it| *it == id), Some(told), "{order:?}");
        }
    }
}
