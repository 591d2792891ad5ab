//! Who holds the records that are admitted and not committed, and when one more has to end at once.
//!
//! A partition is read in order: a record that is left in the log leaves everything behind it in the log as well. An app
//! or a target that hangs would fill its partitions and stop everybody else, so the last part of the room is kept for
//! those who hold little: from [`ALL`] percent on a record ends as crowded when every share of it holds its part of the
//! incompletes, from [`ANY`] percent on when one does. The step between the two lets an app go on beside a flood of
//! another whose target it shares, and one target beside another of the same app.
//!
//! Who comes behind is not known before it is read, so a share that is alone is treated like any other; a deployment
//! where nobody else can come sets [`crate::call::Overload::Wait`]. What a previous owner admitted is never shed:
//! it has its room, and it may have run.
//!
//! A lane that is full would stop its partition just so: its next record ends as well. And a lane of which a record was
//! shed is torn: its later records end too, until nothing of it is left here. Otherwise the end of an answer could
//! go out although its middle did not.

use std::collections::HashMap;
use std::sync::Arc;

use super::event::{Action, Disposition, Item, Key};
use super::offset_ledger::Phase;
use super::schedule::Task;
use super::{Core, RESUME_PERCENT};
use crate::call::Share;

/// Percent of a limit from which on a record needs one share that holds less than its part.
pub(super) const ALL: usize = 80;
/// Percent of a limit from which on every share of a record must hold less than its part.
const ANY: usize = 90;
/// What crowds stays for long: a held partition is read again as soon as what was shed is committed.
const CROWDED_RESUME_PERCENT: usize = 95;

/// Records by share.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Holders {
    records: usize,
    shares: HashMap<Share, usize>,
}

impl Holders {
    pub(super) fn add(&mut self, shares: &[Share]) {
        self.records += 1;
        for share in shares {
            *self.shares.entry(share.clone()).or_default() += 1;
        }
    }

    pub(super) fn remove(&mut self, shares: &[Share]) {
        self.records -= 1;
        shares.iter().for_each(|share| self.reduce(share, 1));
    }

    /// Takes out everything that `gone` held.
    pub(super) fn forget(&mut self, gone: &Self) {
        self.records -= gone.records;
        gone.shares.iter().for_each(|(share, &held)| self.reduce(share, held));
    }

    fn reduce(&mut self, share: &Share, by: usize) {
        let Some(held) = self.shares.get_mut(share) else { return };
        *held -= by;
        if *held == 0 {
            self.shares.remove(share);
        }
    }

    fn is_part(&self, held: usize, part: usize) -> bool {
        held * 100 >= self.records * part
    }

    /// Whether a record of these shares must leave the rest to others when `fill` percent are used.
    fn sheds(&self, shares: &[Share], part: usize, fill: usize) -> bool {
        let holds = |share: &Share| self.shares.get(share).is_some_and(|&held| self.is_part(held, part));
        match fill {
            0..ALL => false,
            ALL..ANY => !shares.is_empty() && shares.iter().all(holds),
            ANY.. => shares.iter().any(holds),
        }
    }

    /// Whether what is held goes on being held when `fill` percent are used.
    pub(super) fn keeps_held(&self, part: Option<usize>, fill: usize) -> bool {
        let crowded = |part| self.shares.values().any(|&held| self.is_part(held, part));
        fill >= RESUME_PERCENT && (fill >= CROWDED_RESUME_PERCENT || !part.is_some_and(crowded))
    }
}

impl Core {
    /// How much of the instance's records are used, in percent.
    pub(super) fn fill(&self) -> usize {
        self.records * 100 / self.limits.records
    }

    /// Whether a new record is to end instead of being run.
    pub(super) fn sheds(&self, partition: i32, item: &Item) -> bool {
        let (Some(part), Disposition::Run(admission)) = (self.limits.shed_percent, &item.disposition) else {
            return false;
        };
        let Some(owned) = self.partitions.get(&partition).filter(|p| !p.ledger.restoring()) else {
            return false;
        };
        owned.lanes.is_torn(&admission.lane)
            || owned.lanes.len(&admission.lane) >= self.limits.lane
            || owned.held.sheds(&admission.shares, part, owned.fill(&self.limits))
            || self.held.sheds(&admission.shares, part, self.fill())
    }

    /// Ends an admitted record as crowded, by a task that takes nobody's place.
    pub(super) fn shed(&mut self, key: Key) {
        let Some(owned) = self.partitions.get_mut(&key.partition) else { return };
        let Some(entry) = owned.ledger.get_mut(key.offset) else { return };
        let Some(work) = &entry.work else { return };
        owned.lanes.tear(&work.lane);
        self.next_task += 1;
        let (task, record) = (self.next_task, Arc::clone(&entry.record));
        entry.phase = Phase::Running(task);
        self.tasks.insert(task, Task { key, place: None });
        self.tally.shed += 1;
        self.actions.push(Action::Shed { task, record, rerun: entry.rerun });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(names: &[&'static str]) -> Vec<Share> {
        names.iter().map(|name| Share { kind: "any", name: (*name).into() }).collect()
    }

    #[test]
    fn the_step_between_all_and_any_is_for_those_who_share_one_of_two() {
        let mut holders = Holders::default();
        (0..9).for_each(|_| holders.add(&shares(&["app", "target"])));
        holders.add(&shares(&["other", "target"]));
        let away = |names: &[&'static str], fill| holders.sheds(&shares(names), 50, fill);
        for (names, from) in [
            (&["app", "target"][..], ALL),
            (&["app", "elsewhere"], ANY),
            (&["other", "target"], ANY),
            (&["other", "elsewhere"], 101),
            (&[], 101),
        ] {
            for fill in [0, ALL - 1, ALL, ANY - 1, ANY, 100] {
                assert_eq!(away(names, fill), fill >= from, "{names:?} at {fill}");
            }
        }
    }

    #[test]
    fn what_is_taken_out_is_forgotten() {
        let (mut all, mut one) = (Holders::default(), Holders::default());
        for holders in [&mut all, &mut one] {
            holders.add(&shares(&["a", "x"]));
            holders.add(&shares(&["a"]));
            holders.remove(&shares(&["a", "x"]));
        }
        all.add(&shares(&["b"]));
        all.forget(&one);
        assert_eq!((all.records, all.shares), (1, HashMap::from([(shares(&["b"])[0].clone(), 1)])));
    }

    #[test]
    fn a_hold_ends_earlier_where_somebody_crowds() {
        let mut holders = Holders::default();
        for name in ["a", "a", "b", "c", "d"] {
            holders.add(&shares(&[name]));
        }
        let ends_below =
            |part| (0..=100).rev().find(|&fill| !holders.keeps_held(part, fill)).map(|fill| fill + 1);
        assert_eq!(ends_below(Some(40)), Some(CROWDED_RESUME_PERCENT));
        assert_eq!(ends_below(Some(41)), Some(RESUME_PERCENT));
        assert_eq!(ends_below(None), Some(RESUME_PERCENT));
    }
}
