//! Which outcomes and starts go into the next transaction, and what its end means.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Core;
use super::event::{Action, Assignment, Commit, Key, Plan, Settled};
use super::offset_ledger::{Phase, Unrun};
use super::outcome::{Outcome, Outstanding, Planned};
use super::partition::{Life, Partition};
use super::quarantine::Quarantine;
use crate::call::progress::Progress;
use crate::mutation::{self, Mutation};

impl Core {
    pub(super) fn wants_plan(&self) -> bool {
        let covered = |since: Option<u64>| since.is_none_or(|since| self.now < since + self.limits.cover);
        !self.waiting.is_empty()
            || !self.announced.is_empty()
            || self.partitions.values().any(|p| {
                p.life == Life::Closing && p.opened || !covered(p.uncovered_since) || self.is_stale(p)
            })
    }

    /// Whether what is committed of an unclean end has become untrue.
    fn is_stale(&self, owned: &Partition) -> bool {
        owned.quarantine.as_ref().and_then(Quarantine::stale_at).is_some_and(|at| at <= self.now)
    }

    /// Makes the next plan as soon as the last one ended and something waits: latency of one transaction at low load,
    /// larger batches under load.
    pub(super) fn plan(&mut self) {
        if self.outstanding.is_some() || self.now < self.retry_at || !self.wants_plan() {
            return;
        }
        let noted = self.note_company();
        let mut outcomes = self.take_outcomes();
        let mut announced = std::mem::take(&mut self.announced);
        let mut touched: BTreeSet<i32> = outcomes
            .iter()
            .map(|outcome| outcome.key)
            .chain(announced.iter().copied())
            .map(|k| k.partition)
            .collect();
        let open = |p: &Partition| {
            p.life == Life::Closing && p.opened || p.uncovered_since.is_some() || self.is_stale(p)
        };
        touched.extend(noted);
        touched.extend(self.partitions.iter().filter(|(_, p)| open(p)).map(|(&partition, _)| partition));
        // A plan that had to wait may tell of a start long after it was to be made.
        for key in &announced {
            if let Some(quarantine) =
                self.partitions.get_mut(&key.partition).and_then(|p| p.quarantine.as_mut())
            {
                quarantine.starts(key.offset, self.now, &self.limits);
            }
        }
        let commits: BTreeMap<i32, Planned> =
            touched.into_iter().filter_map(|partition| Some((partition, self.planned(partition)?))).collect();
        // What has no progress in a plan has nothing in it.
        outcomes.retain(|outcome| commits.contains_key(&outcome.key.partition));
        announced.retain(|key| commits.contains_key(&key.partition));
        if commits.is_empty() {
            return;
        }
        self.next_plan += 1;
        let plan = Plan {
            id: self.next_plan,
            outputs: outcomes.iter().map(|outcome| Arc::clone(&outcome.outputs)).collect(),
            offsets: commits.values().map(|planned| planned.commit.clone()).collect(),
        };
        self.outstanding = Some(Outstanding { id: plan.id, outcomes, announced, commits });
        self.actions.push(Action::Commit(plan));
    }

    /// Outcomes in the order in which they arose, up to a transaction's bounds.
    fn take_outcomes(&mut self) -> Vec<Outcome> {
        let mut bytes = 0;
        let mut taken = Vec::new();
        while let Some(outcome) = self.waiting.front() {
            let full =
                taken.len() >= self.limits.plan_outcomes || bytes + outcome.bytes > self.limits.plan_bytes;
            if full && !taken.is_empty() {
                break;
            }
            bytes += outcome.bytes;
            let Some(outcome) = self.waiting.pop_front() else { break };
            self.set_phase(outcome.key, Phase::Planned);
            taken.push(outcome);
        }
        taken
    }

    fn planned(&mut self, partition: i32) -> Option<Planned> {
        let owned = self.partitions.get_mut(&partition)?;
        let last = owned.life == Life::Closing
            && !self.waiting.iter().any(|outcome| outcome.key.partition == partition);
        let mut progress = if last { owned.last_progress(self.now) } else { owned.progress(self.now) };
        if mutation::is(Mutation::DropMap) {
            progress = Progress::fresh(progress.base);
        }
        let (offset, high) = (progress.base, progress.high);
        let fresh = progress.history.as_ref().map(|history| history.fresh);
        let epoch = owned.epoch;
        let Ok(metadata) = progress.seal(&self.incarnation) else {
            // Admission keeps the map far below what fits. An outcome without it would be given again by the next owner.
            self.disown(partition, "progress_too_long");
            return None;
        };
        Some(Planned { epoch, commit: Commit { partition, offset, metadata }, high, fresh, last })
    }

    /// Stops at a partition, of which nothing more is committed until it is assigned anew.
    fn disown(&mut self, partition: i32, reason: &'static str) {
        let Some(assignment) = self.partitions.get(&partition).map(|owned| owned.assignment(partition))
        else {
            return;
        };
        self.forget(partition);
        self.refused.insert(partition, reason);
        self.actions.push(Action::Pause(assignment));
        self.alert(partition, reason);
    }

    fn set_phase(&mut self, key: Key, phase: Phase) {
        let owned = self.partitions.get_mut(&key.partition).filter(|p| p.epoch == key.epoch);
        if let Some(entry) = owned.and_then(|p| p.ledger.get_mut(key.offset)) {
            entry.phase = phase;
        }
    }

    pub(super) fn settled(&mut self, plan: u64, settled: Settled) {
        let Some(outstanding) = self.outstanding.take_if(|outstanding| outstanding.id == plan) else {
            self.tally.stale += 1;
            return;
        };
        let committed = match settled {
            Settled::Committed => true,
            Settled::Aborted => false,
            Settled::Unknown(found) => self.found(&outstanding, &found),
        };
        if committed { self.committed(outstanding) } else { self.aborted(outstanding) }
    }

    /// Whether the plan took effect, by what is committed for any of its partitions that are still owned. A
    /// transaction is whole, and an outcome always changes its partition's progress.
    fn found(&mut self, outstanding: &Outstanding, found: &[(i32, Option<Commit>)]) -> bool {
        let mut committed = false;
        for (partition, commit) in found {
            let Some(planned) = outstanding.commits.get(partition) else { continue };
            let Some(owned) = self.partitions.get(partition).filter(|p| p.epoch == planned.epoch) else {
                continue;
            };
            let unchanged = *commit == owned.committed;
            if !unchanged && commit.as_ref() == Some(&planned.commit) {
                committed = true;
            } else if !unchanged {
                // Another writer moved the partition while it was ours: nothing that we know of it holds.
                self.disown(*partition, "foreign_commit");
            }
        }
        committed
    }

    fn committed(&mut self, outstanding: Outstanding) {
        self.aborts = 0;
        self.retry_at = 0;
        for (partition, planned) in outstanding.commits {
            let Some(owned) = self.partitions.get_mut(&partition).filter(|p| p.epoch == planned.epoch) else {
                continue;
            };
            owned.committed = Some(planned.commit);
            owned.opened = !planned.last;
            owned.covered = planned.high;
            let uncovered = owned.ledger.high() > planned.high;
            owned.uncovered_since = uncovered.then_some(self.now);
            match (planned.fresh, &mut owned.quarantine) {
                (Some(fresh), Some(quarantine)) => quarantine.told(fresh),
                (None, quarantine) => *quarantine = None,
                (Some(_), None) => {}
            }
        }
        for outcome in outstanding.outcomes {
            // A cancel has no outcome of its own.
            self.tally.committed += u64::from(!outcome.outputs.is_empty());
            self.retire(outcome.key);
        }
        for key in outstanding.announced {
            let announced = self.partitions.get(&key.partition).filter(|p| p.epoch == key.epoch);
            if announced.and_then(|p| p.ledger.get(key.offset)).is_some_and(|e| e.phase == Phase::Announced) {
                self.run(key);
            }
        }
    }

    /// Forgets a record whose outcome is committed.
    fn retire(&mut self, key: Key) {
        let Some(owned) = self.partitions.get_mut(&key.partition).filter(|p| p.epoch == key.epoch) else {
            return;
        };
        let Some(entry) = owned.ledger.remove(key.offset) else { return };
        if let Some(work) = entry.work.as_ref().filter(|_| entry.unrun == Unrun::Shed) {
            owned.lanes.settle(&work.lane);
        }
        owned.held.retire(&entry);
        self.held.retire(&entry);
    }

    /// Outcomes stay in memory and are planned again, for partitions that are still owned only.
    fn aborted(&mut self, outstanding: Outstanding) {
        self.tally.aborted += 1;
        self.aborts += 1;
        self.retry_at = self.now + (25 << self.aborts.min(5));
        for outcome in outstanding.outcomes.into_iter().rev() {
            if self.partitions.get(&outcome.key.partition).is_some_and(|p| p.epoch == outcome.key.epoch) {
                self.set_phase(outcome.key, Phase::Finished);
                self.waiting.push_front(outcome);
            }
        }
        let announced = outstanding.announced.into_iter();
        let partitions = &self.partitions;
        let live = |key: &Key| {
            let owned = partitions.get(&key.partition).filter(|p| p.epoch == key.epoch);
            owned.and_then(|p| p.ledger.get(key.offset)).is_some_and(|entry| entry.phase == Phase::Announced)
        };
        let again: Vec<Key> = announced.filter(live).collect();
        self.announced.splice(0..0, again);
    }

    /// Lets go of partitions whose last plan is committed, or that have nothing to say.
    pub(super) fn release(&mut self) {
        let outstanding = self.outstanding.as_ref();
        let gone: Vec<Assignment> = self
            .partitions
            .iter()
            .filter(|(partition, p)| {
                p.life == Life::Closing
                    && !p.opened
                    && !outstanding.is_some_and(|plan| plan.names(**partition))
            })
            .filter(|(partition, _)| !self.waiting.iter().any(|outcome| outcome.key.partition == **partition))
            .map(|(&partition, owned)| owned.assignment(partition))
            .collect();
        for assignment in gone {
            self.forget(assignment.partition);
            self.actions.push(Action::Released(assignment));
        }
    }
}
