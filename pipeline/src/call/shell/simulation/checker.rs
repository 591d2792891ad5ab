//! Sees everything that the instances of a step do, and checks it against what they promise.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use crate::Record;
use crate::call::core::{PartitionStatus, Status};
use crate::call::handler::Handler;
use crate::call::limits::RawLimits;
use crate::call::progress::Progress;
use crate::kafka::commit_meta::MAX_CHARS;
use crate::kafka::{CommitOffset, Committed, Partition};
use crate::simulation::{Broker, INCARNATION, Sim, Violation};

/// How the outcome of an input is found.
#[derive(Clone)]
pub struct Outcomes {
    /// Topic that the step reads.
    pub input: Arc<str>,
    /// Topic that it writes outcomes to.
    pub output: Arc<str>,
    /// What names an input.
    pub input_id: fn(&Record) -> Vec<u8>,
    /// The input that an output is the outcome of; `None` for what others write there.
    pub output_id: fn(&Record) -> Option<Vec<u8>>,
    /// The input that this one cancels, where that is what it is for: it has no outcome of its own, and is done when the other
    /// one is, or when there was none.
    pub cancels: fn(&Record) -> Option<Vec<u8>>,
    /// Running it ends the process.
    pub deadly: fn(&Record) -> bool,
}

impl Outcomes {
    /// Ids of the inputs of a partition that have a decided outcome, in the order of the outcomes.
    pub fn of(&self, broker: &Broker, partition: i32) -> Vec<Vec<u8>> {
        let place = Partition { topic: Arc::clone(&self.output), index: partition };
        broker.decided(&place).iter().filter_map(|record| (self.output_id)(record)).collect()
    }
}

/// What later owners can know of the runs of one record.
#[derive(Debug, Default)]
struct LastRun {
    /// The partition was not assigned anew since the last run.
    latest: bool,
    /// When it was, the record was committed as admitted: from then on every run must be marked.
    known: bool,
}

#[derive(Debug, Default)]
struct Seen {
    /// Runs by (partition, offset).
    runs: BTreeMap<(i32, i64), LastRun>,
    reruns: u32,
    frontiers: BTreeMap<i32, i64>,
}

/// A call that is about to run.
pub(super) struct Run<'a> {
    pub(super) process: &'a str,
    pub(super) record: &'a Arc<Record>,
    pub(super) rerun: bool,
    /// Its process still owns the partition.
    pub(super) is_owner: bool,
}

/// Checks one step.
pub struct Checker {
    outcomes: Outcomes,
    limits: RawLimits,
    seen: RefCell<Seen>,
}

impl Checker {
    /// Watches the group of a step from now on.
    pub fn new(broker: &mut Broker, group: &str, outcomes: Outcomes, limits: RawLimits) -> Rc<Self> {
        let checker = Rc::new(Self { outcomes, limits, seen: RefCell::default() });
        let (watching, group) = (Rc::clone(&checker), group.to_owned());
        broker.watch(Box::new(
            move |broker, committing, offset| {
                if committing == group { watching.committed(broker, offset) } else { Ok(()) }
            },
        ));
        checker
    }

    /// How often something was run again that had run before.
    pub fn reruns(&self) -> u32 {
        self.seen.borrow().reruns
    }

    pub(super) fn is_deadly(&self, record: &Record) -> bool {
        (self.outcomes.deadly)(record)
    }

    /// A partition is assigned anew, with all below `high` committed as admitted. What started too shortly before its
    /// process ended is not among it, and may run again unmarked.
    pub(super) fn assigned(&self, partition: i32, high: i64) {
        let mut seen = self.seen.borrow_mut();
        for ((_, offset), run) in seen.runs.range_mut((partition, 0)..(partition + 1, 0)) {
            run.known |= std::mem::take(&mut run.latest) && *offset < high;
        }
    }

    /// A call is about to run beside `others`.
    pub(super) fn runs<H: Handler>(&self, sim: &Sim, handler: &H, run: &Run<'_>, others: &[Arc<Record>]) {
        let &Run { process, record, rerun, is_owner } = run;
        let place = format!("{}/{} at {}", record.topic, record.partition, record.offset);
        let id = (self.outcomes.input_id)(record);
        let ended = self.outcomes.of(&sim.broker(), record.partition).contains(&id);
        if ended && is_owner {
            sim.violate("repeated", format!("{process} runs {place}, whose outcome is committed"));
        }
        let lane = |record: &Record| handler.admit(record).map(|admission| admission.lane).ok();
        let same = |other: &&Arc<Record>| other.partition == record.partition && lane(other) == lane(record);
        if let Some(other) = others.iter().find(same) {
            sim.violate("overlap", format!("{process} runs {place} beside {}", other.offset));
        }
        if !is_owner {
            return;
        }
        let mut seen = self.seen.borrow_mut();
        let before = seen.runs.get(&(record.partition, record.offset));
        let announced =
            before.is_some() && handler.admit(record).is_ok_and(|admission| admission.commit_start);
        let known = before.is_some_and(|run| run.known);
        seen.reruns += u32::from(before.is_some());
        if (known || announced) && !rerun {
            sim.violate("unmarked", format!("{process} runs {place} again and does not say so"));
        }
        seen.runs.insert((record.partition, record.offset), LastRun { latest: true, known });
    }

    pub(super) fn budgets(&self, sim: &Sim, status: &Status) {
        let limits = &self.limits;
        let held = |p: &PartitionStatus| p.incomplete > limits.partition_records + 1;
        // Those that wait have left their places, and as many may have come back to them.
        let over = status.running > 2 * limits.running || status.partitions.values().any(held);
        if over {
            sim.violate("budget", format!("{status:?}"));
        }
    }

    /// What a commit says must be the truth.
    fn committed(&self, broker: &Broker, offset: &CommitOffset) -> Result<(), Violation> {
        let broken =
            |kind, what: String| Err(Violation { kind, detail: format!("{:?}: {what}", offset.partition) });
        if offset.metadata.len() > MAX_CHARS {
            return broken("map", format!("{} characters", offset.metadata.len()));
        }
        let progress = match Progress::open(INCARNATION, offset.next, &offset.metadata) {
            Ok(progress) => progress,
            Err(error) => return broken("map", error.to_string()),
        };
        if progress.seal(INCARNATION).as_deref() != Ok(&offset.metadata) {
            return broken("map", "written again it is another text".into());
        }
        let index = offset.partition.index;
        let before = self.seen.borrow_mut().frontiers.insert(index, offset.next);
        if before.is_some_and(|before| before > offset.next) {
            return broken("frontier", format!("back from {before:?} to {}", offset.next));
        }
        let ended: BTreeSet<Vec<u8>> = self.outcomes.of(broker, index).into_iter().collect();
        let mut asked: BTreeSet<Vec<u8>> = BTreeSet::new();
        for record in broker.decided(&offset.partition).iter().filter(|record| record.offset < progress.high)
        {
            let done = record.offset < progress.base || !progress.incomplete.contains_key(&record.offset);
            if let Some(cancelled) = (self.outcomes.cancels)(record) {
                if done && asked.contains(&cancelled) && !ended.contains(&cancelled) {
                    return broken("cancel", format!("{} is done before what it cancels", record.offset));
                }
                continue;
            }
            asked.insert((self.outcomes.input_id)(record));
            match (done, ended.contains(&(self.outcomes.input_id)(record))) {
                (true, false) => {
                    return broken("lost", format!("{} is done without an outcome", record.offset));
                }
                (false, true) => {
                    return broken("map", format!("{} is not done with an outcome", record.offset));
                }
                (true, true) | (false, false) => {}
            }
        }
        Ok(())
    }

    /// What of its input the group has not committed.
    pub fn unread(&self, sim: &Sim, group: &str) -> Option<String> {
        let broker = sim.broker();
        let inputs = broker.partitions(&self.outcomes.input);
        let Some(committed) = broker.committed(group, &inputs) else {
            return Some("offsets are not stable".into());
        };
        let last = |partition: &Partition| broker.decided(partition).last().map(|record| record.offset + 1);
        let read =
            |c: &Committed| last(&c.partition).is_none_or(|end| c.next.is_some_and(|next| next >= end));
        let unread = committed.iter().find(|c| !read(c));
        unread.map(|c| format!("{:?} at {:?} of {:?}", c.partition, c.next, last(&c.partition)))
    }

    /// Every input has exactly one outcome.
    ///
    /// # Errors
    /// The first that has none, or more.
    pub fn check(&self, sim: &Sim) -> Result<(), Violation> {
        let broker = sim.broker();
        for partition in broker.partitions(&self.outcomes.input) {
            let mut ended: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
            self.outcomes
                .of(&broker, partition.index)
                .into_iter()
                .for_each(|id| *ended.entry(id).or_default() += 1);
            let is_asked = |record: &Arc<Record>| (self.outcomes.cancels)(record).is_none();
            for record in broker.decided(&partition).into_iter().filter(is_asked) {
                let times = ended.remove(&(self.outcomes.input_id)(&record)).unwrap_or_default();
                if times != 1 {
                    let detail = format!("{partition:?} at {} has {times} outcomes", record.offset);
                    return Err(Violation { kind: if times == 0 { "lost" } else { "duplicate" }, detail });
                }
            }
            if let Some(id) = ended.keys().next() {
                let detail = format!("{partition:?}: {id:?} has an outcome and was never asked for");
                return Err(Violation { kind: "duplicate", detail });
            }
        }
        Ok(())
    }
}
