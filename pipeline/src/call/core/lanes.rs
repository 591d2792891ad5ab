//! Who comes next in each lane: one in flight, the rest in the order of their offsets.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Lanes of one partition. The front of a lane is the only record of it that may run.
#[derive(Debug, Default)]
pub(super) struct Lanes(HashMap<Arc<[u8]>, Lane>);

#[derive(Debug, Default)]
struct Lane {
    queue: VecDeque<i64>,
    /// A record of it was shed, and something of it has been here ever since.
    torn: bool,
    /// Records that were shed and whose end is not committed.
    away: usize,
}

impl Lanes {
    /// Appends a record; true when it is the front.
    pub(super) fn push(&mut self, lane: &Arc<[u8]>, offset: i64) -> bool {
        let queue = &mut self.0.entry(Arc::clone(lane)).or_default().queue;
        queue.push_back(offset);
        queue.len() == 1
    }

    /// Takes the front off and tells the new one.
    pub(super) fn pop(&mut self, lane: &Arc<[u8]>) -> Option<i64> {
        let queue = &mut self.0.get_mut(lane)?.queue;
        queue.pop_front();
        let next = queue.front().copied();
        self.forget_if_empty(lane);
        next
    }

    /// Notes that a record was shed.
    pub(super) fn tear(&mut self, lane: &Arc<[u8]>) {
        let lane = self.0.entry(Arc::clone(lane)).or_default();
        lane.torn = true;
        lane.away += 1;
    }

    /// Notes that the end of a record that was shed is committed.
    pub(super) fn settle(&mut self, lane: &Arc<[u8]>) {
        if let Some(lane) = self.0.get_mut(lane) {
            lane.away -= 1;
        }
        self.forget_if_empty(lane);
    }

    /// Whether a record was shed after which nothing of the lane may run.
    pub(super) fn is_torn(&self, lane: &Arc<[u8]>) -> bool {
        self.0.get(lane).is_some_and(|lane| lane.torn)
    }

    /// Records of the lane that run or wait, the front included.
    pub(super) fn len(&self, lane: &Arc<[u8]>) -> usize {
        self.0.get(lane).map_or(0, |lane| lane.queue.len())
    }

    fn forget_if_empty(&mut self, lane: &Arc<[u8]>) {
        if self.0.get(lane).is_some_and(|lane| lane.queue.is_empty() && lane.away == 0) {
            self.0.remove(lane);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_front_may_run_and_the_next_follows_in_order() {
        let (mut lanes, lane) = (Lanes::default(), Arc::from(*b"a"));
        assert!(lanes.push(&lane, 1));
        assert!(!lanes.push(&lane, 4));
        assert!(!lanes.push(&lane, 9));
        assert_eq!(lanes.pop(&lane), Some(4));
        assert_eq!(lanes.pop(&lane), Some(9));
        assert_eq!(lanes.pop(&lane), None);
        assert_eq!(lanes.len(&lane), 0);
        assert!(lanes.push(&lane, 12), "an empty lane is forgotten");
    }

    #[test]
    fn a_lane_is_torn_until_nothing_of_it_is_left() {
        let (mut lanes, lane) = (Lanes::default(), Arc::from(*b"a"));
        lanes.tear(&lane);
        assert!(lanes.is_torn(&lane));
        lanes.settle(&lane);
        assert!(!lanes.is_torn(&lane), "nothing of it was waiting");
        lanes.push(&lane, 1);
        lanes.tear(&lane);
        lanes.tear(&lane);
        lanes.settle(&lane);
        lanes.pop(&lane);
        assert!(lanes.is_torn(&lane), "one end is not committed");
        lanes.settle(&lane);
        assert!(!lanes.is_torn(&lane) && lanes.0.is_empty());
    }
}
