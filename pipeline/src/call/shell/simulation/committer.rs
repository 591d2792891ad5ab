//! As [`crate::call::shell::committer`].

use std::rc::Rc;
use std::sync::Arc;

use super::parts::{Order, Parts};
use crate::Outgoing;
use crate::call::core::{Event, Settled};
use crate::call::handler::Handler;
use crate::call::shell::poller::Command;
use crate::kafka::{CommitOffset, Outcome, Partition};
use crate::simulation::Producer;

/// Fenced twice within this time, in milliseconds: a twin runs.
const FENCED_AGAIN: i64 = 2_000;

pub(super) async fn run<H: Handler>(parts: Rc<Parts<H>>, mut producer: Producer) -> Result<(), String> {
    producer.rebuild().await;
    let mut fenced_at: Option<i64> = None;
    loop {
        parts.sim.tick().await;
        let Some(Order { plan, membership }) = parts.orders.borrow_mut().pop_front() else { continue };
        let outcome = if plan.id <= parts.abandoned.get() {
            Outcome::Aborted("a partition of the plan is lost".into())
        } else {
            let records: Vec<Outgoing> =
                plan.outputs.iter().flat_map(|outputs| outputs.iter().cloned()).collect();
            let offsets: Vec<CommitOffset> = plan
                .offsets
                .iter()
                .map(|commit| CommitOffset {
                    partition: Partition { topic: Arc::clone(&parts.config.topic), index: commit.partition },
                    next: commit.offset,
                    metadata: commit.metadata.clone(),
                })
                .collect();
            let present = || parts.with_client(|client| client.membership());
            producer.run(&records, &offsets, &membership, present).await
        };
        parts.sim.note(|| {
            let places: Vec<_> =
                plan.offsets.iter().map(|commit| (commit.partition, commit.offset)).collect();
            format!("{} commits plan {} of {places:?}: {outcome:?}", parts.name(), plan.id)
        });
        let settled = match outcome {
            Outcome::Committed => Settled::Committed,
            Outcome::Aborted(_) => Settled::Aborted,
            Outcome::Unknown(_) | Outcome::Fenced(_) => {
                let now = parts.sim.now();
                if matches!(outcome, Outcome::Fenced(_))
                    && fenced_at.replace(now).is_some_and(|at| now - at < FENCED_AGAIN)
                {
                    return Err("fenced twice".into());
                }
                producer.rebuild().await;
                let partitions = plan.offsets.iter().map(|commit| commit.partition).collect();
                parts.command(Command::ReadBack { plan: plan.id, partitions });
                continue;
            }
        };
        parts.send(Event::Planned { plan: plan.id, settled });
    }
}
