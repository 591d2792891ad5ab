//! Partitions as the poller owns them.

use std::collections::BTreeMap;

use crate::call::core::Assignment;

/// An owned partition as the poller knows it.
#[derive(Debug)]
pub(super) struct Owned {
    pub(super) epoch: u64,
    pub(super) session: u64,
}

/// The partition that a command is about, if it is still owned by that assignment. The core asks before it hears that a
/// partition is gone and has come again. A pause would then hold the new assignment for ever, since nobody takes it back; a
/// move would lead it past records; and a release would let go of it while plans are made for it.
pub(super) fn present(owned: &mut BTreeMap<i32, Owned>, of: Assignment) -> Option<&mut Owned> {
    owned.get_mut(&of.partition).filter(|owned| owned.epoch == of.epoch)
}

/// The core has let go of an assignment. What it said of a former one does not end the wait for the present one.
pub(super) fn released(releasing: &mut Vec<Assignment>, of: Assignment) {
    releasing.retain(|&waiting| waiting != of);
}

/// The present assignments of these partitions; those that are not owned are left out.
pub(super) fn assignments(
    owned: &BTreeMap<i32, Owned>,
    partitions: impl IntoIterator<Item = i32>,
) -> Vec<Assignment> {
    let of = |partition| Some(Assignment { partition, epoch: owned.get(&partition)?.epoch });
    partitions.into_iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_of_an_earlier_assignment_finds_nothing() {
        let mut owned = BTreeMap::from([(3, Owned { epoch: 7, session: 0 })]);
        let earlier = Assignment { partition: 3, epoch: 6 };
        assert!(present(&mut owned, earlier).is_none());
        assert!(present(&mut owned, Assignment { partition: 2, epoch: 7 }).is_none());
        let now = Assignment { partition: 3, epoch: 7 };
        assert!(present(&mut owned, now).is_some());
        let mut releasing = assignments(&owned, [2, 3]);
        released(&mut releasing, earlier);
        assert_eq!(releasing, [now]);
        released(&mut releasing, now);
        assert_eq!(releasing, []);
    }
}
