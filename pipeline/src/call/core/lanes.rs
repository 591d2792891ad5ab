//! Who comes next in each lane: one in flight, the rest in the order of their offsets.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Lanes of one partition. The front of a lane is the only record of it that may run.
#[derive(Debug, Default)]
pub(super) struct Lanes(HashMap<Arc<[u8]>, VecDeque<i64>>);

impl Lanes {
    /// Appends a record; true when it is the front.
    pub(super) fn push(&mut self, lane: &Arc<[u8]>, offset: i64) -> bool {
        let queue = self.0.entry(Arc::clone(lane)).or_default();
        queue.push_back(offset);
        queue.len() == 1
    }

    /// Takes the front off and tells the new one.
    pub(super) fn pop(&mut self, lane: &Arc<[u8]>) -> Option<i64> {
        let queue = self.0.get_mut(lane)?;
        queue.pop_front();
        let next = queue.front().copied();
        if next.is_none() {
            self.0.remove(lane);
        }
        next
    }

    /// Records of the lane, the front included.
    pub(super) fn len(&self, lane: &Arc<[u8]>) -> usize {
        self.0.get(lane).map_or(0, VecDeque::len)
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
}
