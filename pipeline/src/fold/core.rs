//! The pure core of all owned partitions: what one transaction holds, and what happens after it.

use std::collections::{BTreeMap, BTreeSet};

use super::Fold;
use super::halt::Halt;
use super::mark::Mark;
use super::part::Tally;
use super::shape::Shape;
use super::shard::{Rest, Shard};
use crate::{Outgoing, Record};

/// One transaction, for all partitions that have something to commit.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) records: Vec<Outgoing>,
    /// Partition, next offset and mark.
    pub(super) offsets: Vec<(i32, i64, Mark)>,
    pub(super) tally: Tally,
    /// Partitions that cannot go on: not in the plan, to be removed.
    pub(super) stopped: Vec<(i32, Halt)>,
}

/// What a record is to the core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offer {
    /// Not of an owned partition, or folded before.
    Ignored,
    /// It has to wait for the next transaction.
    Full,
    /// To be announced and committed, then folded by itself. If that cannot be committed, read on at this offset.
    Quarantined(i64),
    Take,
}

pub(super) struct Core<F: Fold> {
    pub(super) fold: F,
    shape: Shape,
    shards: BTreeMap<i32, Shard<F>>,
}

impl<F: Fold> Core<F> {
    pub(super) fn new(fold: F, shape: Shape) -> Self {
        Self { fold, shape, shards: BTreeMap::new() }
    }

    pub(super) fn insert(&mut self, partition: i32, shard: Shard<F>) {
        self.shards.insert(partition, shard);
    }

    /// Forgets a partition and everything about it that is not committed.
    pub(super) fn remove(&mut self, partition: i32) {
        self.shards.remove(&partition);
    }

    pub(super) fn shard(&mut self, partition: i32) -> Option<&mut Shard<F>> {
        self.shards.get_mut(&partition)
    }

    /// The records in quarantine that were announced, by partition.
    pub(super) fn announced(&self) -> impl Iterator<Item = (i32, i64)> {
        self.shards.iter().filter_map(|(partition, shard)| Some((*partition, shard.announced()?)))
    }

    pub(super) fn partitions(&self) -> impl Iterator<Item = i32> {
        self.shards.keys().copied()
    }

    /// What is to be done with a record that was read.
    pub(super) fn offer(&mut self, record: &Record) -> Offer {
        match self.shards.get_mut(&record.partition) {
            Some(shard) if record.offset >= shard.next() => match (shard.is_full(), shard.is_quarantined()) {
                (true, _) => Offer::Full,
                (false, true) => Offer::Quarantined(shard.next()),
                (false, false) => Offer::Take,
            },
            Some(_) | None => Offer::Ignored,
        }
    }

    /// Folds one record of an owned partition; others are ignored.
    ///
    /// # Errors
    /// [`Halt`]: the record was not folded and its partition cannot go on.
    pub(super) fn apply(&mut self, record: &Record, now: i64) -> Result<(), Halt> {
        match self.shards.get_mut(&record.partition) {
            Some(shard) => {
                let applied = shard.apply(&mut self.fold, &self.shape, record, now);
                applied.inspect_err(|_| shard.renounce())
            }
            None => Ok(()),
        }
    }

    /// Appends the clock records that are due. `caught_up` names the partitions whose logs were read to their ends.
    pub(super) fn append_clocks(&mut self, now: i64, caught_up: &BTreeSet<i32>) {
        for (partition, shard) in &mut self.shards {
            if shard.clock_due(now, rest(*partition, caught_up)) {
                shard.append_clock(&self.fold, now);
            }
        }
    }

    /// When the earliest timer of all is due, in milliseconds since the epoch.
    pub(super) fn earliest(&self) -> Option<i64> {
        self.shards.values().filter_map(Shard::earliest).min()
    }

    /// Everything that is to be committed now; `None` when there is nothing. To be settled by [`Self::committed`] or
    /// [`Self::roll_back`] before anything else is folded.
    pub(super) fn plan(&mut self) -> Option<Plan> {
        let mut plan = Plan::default();
        for (partition, shard) in &mut self.shards {
            match shard.part(&self.fold, &self.shape) {
                Ok(Some(part)) => {
                    plan.records.extend(part.records);
                    plan.offsets.push((*partition, part.next, part.mark));
                    plan.tally.records += part.tally.records;
                    plan.tally.dead_letters += part.tally.dead_letters;
                    plan.tally.clocks += part.tally.clocks;
                }
                Ok(None) => {}
                Err(stop) => plan.stopped.push((*partition, stop)),
            }
        }
        (!plan.offsets.is_empty() || !plan.stopped.is_empty()).then_some(plan)
    }

    /// The transaction of this plan is committed.
    pub(super) fn committed(&mut self, plan: &Plan) {
        for (partition, ..) in &plan.offsets {
            if let Some(shard) = self.shards.get_mut(partition) {
                shard.committed();
            }
        }
    }

    /// Undoes everything since the last commit, in all partitions. Returns which must be read again, and from which offset.
    pub(super) fn roll_back(&mut self) -> Vec<(i32, i64)> {
        let mut moved = Vec::new();
        for (partition, shard) in &mut self.shards {
            let before = shard.next();
            let after = shard.roll_back(&self.fold);
            if before != after {
                moved.push((*partition, after));
            }
        }
        moved
    }

    /// Append time of the oldest record of each partition that waits to be committed; see [`Shard::waiting_since`].
    pub(super) fn waiting_since(&self, caught_up: &BTreeSet<i32>) -> BTreeMap<i32, Option<i64>> {
        let shards = self.shards.iter();
        shards.map(|(index, shard)| (*index, shard.waiting_since(rest(*index, caught_up)))).collect()
    }
}

fn rest(partition: i32, caught_up: &BTreeSet<i32>) -> Rest {
    if caught_up.contains(&partition) { Rest::Nothing } else { Rest::Unknown }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::Headers;
    use crate::fold::restore::Start;
    use crate::fold::testing::Counter;

    fn core() -> Core<Counter> {
        let shape = Shape {
            step: "count".into(),
            states: "states".into(),
            dead_letters: "dead".into(),
            output_bytes: 40,
            window: 100,
        };
        let counter = Counter { input: "in".into(), output: "out".into(), noisy: false };
        let mut core = Core::new(counter, shape);
        for partition in 0..3 {
            let shard = Shard::new(&core.fold, partition, Start::Fresh(10), (String::new(), HashMap::new()));
            core.insert(partition, shard);
        }
        let first = core.plan().unwrap();
        assert_eq!(first.offsets.len(), 3, "every new owner marks its partitions");
        core.committed(&first);
        core
    }

    fn add(core: &mut Core<Counter>, partition: i32, offset: i64, key: &str) {
        let record = Record {
            topic: "in".into(),
            partition,
            offset,
            timestamp: 5,
            key: Some(key.into()),
            headers: Headers::default(),
            value: Some(b"add".to_vec()),
        };
        core.apply(&record, 5).unwrap();
    }

    #[test]
    fn a_plan_holds_the_partitions_that_changed_and_nothing_of_one_that_was_lost() {
        let mut core = core();
        add(&mut core, 0, 10, "a");
        add(&mut core, 1, 12, "b");
        add(&mut core, 7, 1, "not ours");
        core.remove(1);
        let plan = core.plan().unwrap();
        let offsets: Vec<_> = plan.offsets.iter().map(|(partition, next, _)| (*partition, *next)).collect();
        assert_eq!(offsets, [(0, 11)]);
        assert!(plan.records.iter().all(|record| record.partition == 0));
        core.committed(&plan);
        assert!(core.plan().is_none());
    }

    #[test]
    fn a_record_that_stops_its_partition_in_order_has_not_ended_the_process_however_often() {
        let mut core = core();
        let mut mark = Mark { running: true, attempts: 0, window: 16, clock_unread: false, turn: 1 };
        for _ in 0..5 {
            let shard =
                Shard::new(&core.fold, 0, Start::Committed(10, mark), (String::new(), HashMap::new()));
            core.insert(0, shard);
            core.shard(0).unwrap().announce();
            let plan = core.plan().unwrap();
            assert_eq!(plan.offsets[0].2.attempts, 1);
            core.committed(&plan);
            let record = Record {
                topic: "in".into(),
                partition: 0,
                offset: 10,
                timestamp: 5,
                key: Some(b"a".to_vec()),
                headers: Headers::default(),
                value: Some(b"future".to_vec()),
            };
            assert_eq!(core.apply(&record, 5).unwrap_err().label(), "future_version");
            let plan = core.plan().unwrap();
            core.committed(&plan);
            let next;
            (_, next, mark) = plan.offsets[0];
            assert_eq!((next, mark.running, mark.attempts), (10, true, 0));
        }
    }

    #[test]
    fn a_roll_back_names_only_partitions_that_must_be_read_again() {
        let mut core = core();
        add(&mut core, 2, 15, "a");
        core.plan().unwrap();
        assert_eq!(core.roll_back(), [(2, 10)]);
        add(&mut core, 2, 15, "a");
        let plan = core.plan().unwrap();
        assert_eq!(plan.records[0].value.as_deref(), Some(b"a=1/".as_slice()));
    }

    #[test]
    fn a_snapshot_that_cannot_be_written_stops_its_partition_and_no_other() {
        let mut core = core();
        add(&mut core, 0, 10, "a");
        let long = "k".repeat(40);
        let record = Record {
            topic: "in".into(),
            partition: 1,
            offset: 10,
            timestamp: 5,
            key: Some(long.into_bytes()),
            headers: Headers::default(),
            value: Some(b"timer 5".to_vec()),
        };
        core.apply(&record, 5).unwrap();
        let plan = core.plan().unwrap();
        assert_eq!(plan.offsets.iter().map(|(partition, ..)| *partition).collect::<Vec<_>>(), [0]);
        assert_eq!(
            plan.stopped.iter().map(|(p, stop)| (*p, stop.label())).collect::<Vec<_>>(),
            [(1, "oversize_state")]
        );
    }
}
