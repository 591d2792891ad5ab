//! The thread with the transactional producer: one plan in, one outcome out.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::Sender;

use super::poller::Command;
use super::shared::Shared;
use crate::Outgoing;
use crate::call::core::{Event, Plan, Settled};
use crate::call::metrics;
use crate::kafka::{
    CommitOffset, Config, Error, GroupMetadata, Instance, Outcome, Partition, TransactionalProducer,
    with_causes,
};

/// Fenced twice within this time: a twin runs.
const FENCED_AGAIN: Duration = Duration::from_secs(60);
const REBUILD_PAUSE: Duration = Duration::from_millis(200);
/// A dead letter that could not be written this often in a row is taken for one that never can.
const LETTER_ATTEMPTS: u32 = 20;

/// A plan with the membership under which it is to be committed, read when it was made.
pub(super) struct Order {
    pub(super) plan: Plan,
    pub(super) group: GroupMetadata,
}

pub(super) struct Committer {
    pub(super) config: Config,
    pub(super) instance: Instance,
    pub(super) topic: Arc<str>,
    pub(super) dead_letters: Arc<str>,
    pub(super) shared: Arc<Shared>,
    pub(super) events: Sender<Event>,
    pub(super) commands: SyncSender<Command>,
}

impl Committer {
    pub(super) fn run(self, orders: &Receiver<Order>) {
        let Some(mut producer) = self.connect() else { return };
        let mut fenced_at: Option<Instant> = None;
        let mut aborted_letters = 0;
        for Order { plan, group } in orders {
            if self.shared.is_over() {
                return;
            }
            let started = Instant::now();
            let outcome = self.commit(&mut producer, &plan, &group);
            metrics::transaction(self.instance.role(), outcome.label(), started.elapsed());
            let settled = match &outcome {
                Outcome::Committed => {
                    aborted_letters = 0;
                    Settled::Committed
                }
                Outcome::Aborted(reason) => {
                    tracing::warn!(reason, "transaction aborted");
                    aborted_letters += u32::from(self.has_letter(&plan));
                    if aborted_letters >= LETTER_ATTEMPTS {
                        return self.shared.fail(format!("write dead letter: {reason}"));
                    }
                    Settled::Aborted
                }
                Outcome::Unknown(reason) | Outcome::Fenced(reason) => {
                    tracing::warn!(reason, outcome = outcome.label(), "outcome of transaction is not known");
                    if matches!(outcome, Outcome::Fenced(_)) && !self.tolerates(&mut fenced_at, reason) {
                        return;
                    }
                    if !self.rebuild(&mut producer) || !self.ask(&plan) {
                        return;
                    }
                    continue;
                }
            };
            if self.events.blocking_send(Event::Planned { plan: plan.id, settled }).is_err() {
                return;
            }
        }
    }

    fn has_letter(&self, plan: &Plan) -> bool {
        plan.outputs.iter().flat_map(|outputs| outputs.iter()).any(|output| output.topic == self.dead_letters)
    }

    fn commit(&self, producer: &mut TransactionalProducer, plan: &Plan, group: &GroupMetadata) -> Outcome {
        if plan.id <= self.shared.abandoned.load(Ordering::Acquire) {
            return Outcome::Aborted("a partition of the plan is lost".into());
        }
        let records: Vec<&Outgoing> = plan.outputs.iter().flat_map(|outputs| outputs.iter()).collect();
        let offsets: Vec<CommitOffset> = plan
            .offsets
            .iter()
            .map(|commit| CommitOffset {
                partition: Partition { topic: Arc::clone(&self.topic), index: commit.partition },
                next: commit.offset,
                metadata: commit.metadata.clone(),
            })
            .collect();
        producer.run(&records, &offsets, group)
    }

    fn connect(&self) -> Option<TransactionalProducer> {
        while !self.shared.is_over() {
            match TransactionalProducer::new(&self.config, &self.instance) {
                Ok(producer) => return Some(producer),
                Err(error) if !self.passing(&error) => return None,
                Err(_) => thread::sleep(REBUILD_PAUSE),
            }
        }
        None
    }

    /// A new client, whose initialisation settles the transaction of the old one.
    fn rebuild(&self, producer: &mut TransactionalProducer) -> bool {
        while !self.shared.is_over() {
            match producer.rebuild() {
                Ok(()) => return true,
                Err(error) if !self.passing(&error) => return false,
                Err(_) => thread::sleep(REBUILD_PAUSE),
            }
        }
        false
    }

    fn passing(&self, error: &Error) -> bool {
        tracing::warn!(%error, "prepare transactional producer");
        if matches!(error, Error::Client { .. }) {
            self.shared.fail(with_causes(&error));
        }
        !matches!(error, Error::Client { .. })
    }

    /// The first fencing may be a restart of our own that overlapped; a second one soon after is not.
    fn tolerates(&self, fenced_at: &mut Option<Instant>, reason: &str) -> bool {
        let again = fenced_at.replace(Instant::now()).is_some_and(|at| at.elapsed() < FENCED_AGAIN);
        if again {
            let id = self.instance.transactional_id();
            self.shared
                .fail(format!("another process uses the transactional id {id}: fenced twice: {reason}"));
        }
        !again
    }

    /// Has the poller read what is committed now.
    fn ask(&self, plan: &Plan) -> bool {
        let partitions = plan.offsets.iter().map(|commit| commit.partition).collect();
        self.commands.send(Command::ReadBack { plan: plan.id, partitions }).is_ok()
    }
}
