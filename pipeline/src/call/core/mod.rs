//! The pure core: input events in, actions out. It does no I/O and reads no clock, so any schedule can be played.

mod cancel;
mod event;
mod holdings;
mod inspect;
mod intake;
mod lanes;
mod limits;
mod offset_ledger;
mod outcome;
mod overload;
mod partition;
mod plan;
mod quarantine;
mod schedule;
mod shares;
mod status;
mod suspects;
mod tally;
mod tasks;
mod trials;

use std::collections::{BTreeMap, VecDeque};

pub(crate) use event::{
    Action, Assignment, Burial, Commit, Disposition, Ending, Event, Item, Key, Plan, Position, Settled,
};
use holdings::Holdings;
pub(crate) use limits::Limits;
use outcome::{Outcome, Outstanding};
use partition::{Life, Partition};
pub(crate) use quarantine::{CRASH, FATAL_ENDS};
use shares::Shares;
pub use status::{PartitionStatus, Status};
use tally::Tally;
use tasks::Tasks;
use trials::Trials;

/// How long a stop waits for its last plans, in milliseconds: brokers may be away.
const LAST_PLANS: u64 = 6_000;

/// How far a stop is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stopping {
    No,
    /// Running calls may end until then.
    Draining(u64),
    /// Everything is being given up, in order until then.
    Leaving(u64),
    Done,
}

/// The owner of all state of the call driver.
#[derive(Debug)]
pub(crate) struct Core {
    limits: Limits,
    incarnation: String,
    now: u64,
    actions: Vec<Action>,
    tally: Tally,
    stopping: Stopping,

    partitions: BTreeMap<i32, Partition>,
    /// Owned but never read, and why.
    refused: BTreeMap<i32, &'static str>,
    held: Holdings,

    tasks: Tasks,
    shares: Shares,
    ready: VecDeque<Key>,
    /// Records that are ready but for stragglers.
    late: Vec<Key>,
    announced: Vec<Key>,
    trials: Trials,

    next_plan: u64,
    waiting: VecDeque<Outcome>,
    outstanding: Option<Outstanding>,
    /// No plan before then, after this many aborts in a row.
    retry_at: u64,
    aborts: u32,
}

impl Core {
    pub(crate) fn new(limits: Limits, incarnation: &str) -> Self {
        Self {
            shares: Shares::new(limits.share),
            limits,
            incarnation: incarnation.to_owned(),
            now: 0,
            actions: Vec::new(),
            tally: Tally::default(),
            stopping: Stopping::No,
            partitions: BTreeMap::new(),
            refused: BTreeMap::new(),
            held: Holdings::default(),
            tasks: Tasks::default(),
            ready: VecDeque::new(),
            late: Vec::new(),
            announced: Vec::new(),
            trials: Trials::default(),
            next_plan: 0,
            waiting: VecDeque::new(),
            outstanding: None,
            retry_at: 0,
            aborts: 0,
        }
    }

    /// Takes events in their order at time `now` and returns what is to be done, in order. What is to be done is looked
    /// for once, after the last of them: under load that costs more than the events.
    pub(crate) fn handle(&mut self, now: u64, events: impl IntoIterator<Item = Event>) -> Vec<Action> {
        self.now = now;
        events.into_iter().for_each(|event| self.take(event));
        self.try_next();
        self.start();
        self.drain();
        self.plan();
        self.release();
        self.finish();
        self.resume();
        std::mem::take(&mut self.actions)
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Assigned { partition, epoch, position } => self.assigned(partition, epoch, position),
            Event::Revoked(gone) => gone.into_iter().for_each(|assignment| self.close(assignment)),
            Event::Lost(partitions) => self.lost(&partitions),
            Event::Delivered { partition, epoch, session, items } => {
                self.delivered(partition, epoch, session, items)
            }
            Event::Bounds { partition, epoch, low, high } => self.bounds(partition, epoch, low..=high),
            Event::Ended { task, ending } => self.ended(task, ending),
            Event::Moved { task, what } => self.moved(task, what),
            Event::Planned { plan, settled } => self.settled(plan, settled),
            Event::Stop { grace } => self.stop(u64::try_from(grace.as_millis()).unwrap_or(u64::MAX)),
            Event::Tick => {}
        }
    }

    /// When [`Event::Tick`] is due, if nothing else happens.
    pub(crate) fn due(&self) -> Option<u64> {
        let partitions = self.partitions.values();
        let told = partitions.clone().filter_map(|p| p.quarantine.as_ref()?.stale_at());
        let stopping = match self.stopping {
            Stopping::Draining(until) | Stopping::Leaving(until) => Some(until),
            Stopping::No | Stopping::Done => None,
        };
        let planned = if self.outstanding.is_some() {
            None
        } else if self.wants_plan() {
            Some(self.retry_at)
        } else {
            let uncovered =
                partitions.filter_map(|p| p.uncovered_since).map(|since| since + self.limits.cover);
            uncovered.chain(told).min()
        };
        self.trial_due().into_iter().chain(stopping).chain(planned).min()
    }

    fn stop(&mut self, grace: u64) {
        if self.stopping == Stopping::No {
            self.stopping = Stopping::Draining(self.now.saturating_add(grace));
        }
    }

    /// Ends the grace of a stop.
    fn drain(&mut self) {
        if let Stopping::Draining(until) = self.stopping {
            let idle = self.shares.running() == 0
                && self.tasks.resting() == 0
                && self.waiting.is_empty()
                && self.outstanding.is_none();
            if idle || self.now >= until {
                self.stopping = Stopping::Leaving(self.now + LAST_PLANS);
                let owned = self.partitions.iter().map(|(&partition, owned)| owned.assignment(partition));
                owned.collect::<Vec<_>>().into_iter().for_each(|assignment| self.close(assignment));
            }
        }
    }

    /// Ends the stop once everything is released, or cannot be.
    fn finish(&mut self) {
        let Stopping::Leaving(until) = self.stopping else { return };
        if self.partitions.is_empty() && self.outstanding.is_none() || self.now >= until {
            self.stopping = Stopping::Done;
            self.actions.push(Action::Stopped);
        }
    }

    fn alert(&mut self, partition: i32, reason: &'static str) {
        self.actions.push(Action::Alert { partition, reason });
    }

    fn tell_ownership(&mut self) {
        let held = self.partitions.iter().filter(|(_, partition)| partition.life != Life::Closing);
        let owned = held.map(|(partition, _)| *partition).chain(self.refused.keys().copied()).collect();
        self.actions.push(Action::Ownership { owned });
    }
}

#[cfg(test)]
mod tests;
