//! Commits a plan, and brings states and offsets back into agreement however the transaction ended.

use std::thread;
use std::time::{Duration, Instant};

use super::core::Plan;
use super::shell::{OFFSETS, Shell};
use super::{DriverError, Fold, metrics as names};
use crate::kafka::{CommitOffset, Committed, Error, Outcome, Partition};

/// After this many aborts in a row with a dead letter in the plan, the dead letter cannot be written.
const DEAD_LETTER_PATIENCE: u32 = 3;
/// When nothing could be committed for this long although there is something to commit, the driver ends.
const STUCK: Duration = Duration::from_secs(120);
/// Fenced twice within this time means that a twin runs.
const TWIN: Duration = Duration::from_secs(60);

/// What went wrong since the last commit.
#[derive(Debug, Default)]
pub(super) struct Troubles {
    aborts: u32,
    since: Option<Instant>,
    fenced: Option<Instant>,
}

impl<F: Fold> Shell<F> {
    /// Commits what is pending. `false`: it was rolled back, and records will be read again.
    pub(super) fn commit(&mut self) -> Result<bool, DriverError> {
        let Some(mut plan) = self.core.plan() else { return Ok(true) };
        for (partition, stop) in std::mem::take(&mut plan.stopped) {
            tracing::error!(partition, error = %stop, "commit partition");
            self.refuse(partition, stop.label())?;
        }
        if plan.offsets.is_empty() {
            return Ok(true);
        }
        let offsets = self.offsets(&plan)?;
        let group = match self.consumer.group_metadata() {
            Ok(group) => group,
            // Others may have the partitions; the next poll tells which are lost.
            Err(error @ Error::PutOut { .. }) => return self.aborted(&plan, error.to_string()),
            Err(error) => return Err(error.into()),
        };
        let began = Instant::now();
        let outcome = self.producer.run(&plan.records, &offsets, &group);
        let step = self.config.instance.role().to_owned();
        metrics::histogram!(names::TRANSACTION_SECONDS, "step" => step.clone())
            .record(began.elapsed().as_secs_f64());
        metrics::counter!(names::TRANSACTIONS, "step" => step, "outcome" => outcome.label()).increment(1);
        match outcome {
            Outcome::Committed => self.keep(&plan),
            Outcome::Aborted(reason) => return self.aborted(&plan, reason),
            Outcome::Fenced(reason) => {
                self.fenced(reason)?;
                return self.unknown(&plan, &offsets);
            }
            Outcome::Unknown(reason) => {
                tracing::warn!(reason, "outcome of a transaction is unknown");
                return self.unknown(&plan, &offsets);
            }
        }
        Ok(true)
    }

    fn offsets(&self, plan: &Plan) -> Result<Vec<CommitOffset>, DriverError> {
        let mut offsets = Vec::with_capacity(plan.offsets.len());
        for (index, next, mark) in &plan.offsets {
            let metadata = mark.seal(&self.incarnation).map_err(|error| DriverError::Mark(error.label()))?;
            let partition = Partition { topic: self.config.input.clone(), index: *index };
            offsets.push(CommitOffset { partition, next: *next, metadata });
        }
        Ok(offsets)
    }

    fn keep(&mut self, plan: &Plan) {
        self.core.committed(plan);
        self.troubles = Troubles { fenced: self.troubles.fenced, ..Troubles::default() };
        let step = self.config.instance.role().to_owned();
        metrics::counter!(names::RECORDS, "step" => step.clone()).increment(plan.tally.records.into());
        metrics::counter!(names::CLOCKS, "step" => step.clone()).increment(plan.tally.clocks.into());
        metrics::counter!(names::DEAD_LETTERS, "step" => step).increment(plan.tally.dead_letters.into());
    }

    fn put_back(&mut self) -> Result<(), DriverError> {
        let step = self.config.instance.role().to_owned();
        metrics::counter!(names::ROLL_BACKS, "step" => step).increment(1);
        let positions = self.core.roll_back();
        Ok(self.seek(&positions)?)
    }

    fn aborted(&mut self, plan: &Plan, reason: String) -> Result<bool, DriverError> {
        tracing::warn!(reason, "transaction aborted");
        self.put_back()?;
        self.troubles.aborts += 1;
        let since = *self.troubles.since.get_or_insert_with(Instant::now);
        if plan.tally.dead_letters > 0 && self.troubles.aborts >= DEAD_LETTER_PATIENCE {
            return Err(DriverError::DeadLetter(reason));
        }
        if since.elapsed() > STUCK {
            return Err(DriverError::Stuck(reason));
        }
        let doubled = Duration::from_millis(5 << self.troubles.aborts.min(6));
        thread::sleep(doubled);
        Ok(false)
    }

    fn fenced(&mut self, reason: String) -> Result<(), DriverError> {
        tracing::warn!(reason, "transactional id was taken over");
        let now = Instant::now();
        let before = self.troubles.fenced.replace(now);
        if before.is_some_and(|before| now.duration_since(before) < TWIN) {
            let identity = self.config.instance.transactional_id();
            return Err(DriverError::Kafka(Error::Fenced { identity, reason }));
        }
        Ok(())
    }

    /// Settles the transaction with a new producer, then asks what became of it.
    fn unknown(&mut self, plan: &Plan, offsets: &[CommitOffset]) -> Result<bool, DriverError> {
        let until = Instant::now() + STUCK;
        while let Err(error) = self.producer.rebuild() {
            tracing::warn!(%error, "rebuild the transactional producer");
            if let Error::Fenced { reason, .. } = &error {
                self.fenced(reason.clone())?;
            }
            if Instant::now() > until {
                return Err(error.into());
            }
            thread::sleep(Duration::from_millis(200));
        }
        let partitions: Vec<Partition> = offsets.iter().map(|offset| offset.partition.clone()).collect();
        let found = self.consumer.committed(&partitions, OFFSETS)?;
        let fate = Fate::of(offsets, &found);
        match fate {
            Fate::Kept => self.keep(plan),
            Fate::Dropped => self.put_back()?,
            Fate::Moved => return Err(DriverError::Moved),
        }
        Ok(fate == Fate::Kept)
    }
}

/// What became of a plan whose outcome was not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Kept,
    Dropped,
    /// One transaction is all or nothing: somebody else commits for this group.
    Moved,
}

impl Fate {
    /// Told by what is committed once the transaction is settled.
    pub(super) fn of(planned: &[CommitOffset], found: &[Committed]) -> Self {
        let is_kept = |offset: &&CommitOffset| {
            found.iter().any(|found| {
                found.partition == offset.partition
                    && found.next == Some(offset.next)
                    && found.metadata.as_ref() == Some(&offset.metadata)
            })
        };
        match planned.iter().filter(is_kept).count() {
            0 => Self::Dropped,
            kept if kept == planned.len() => Self::Kept,
            _ => Self::Moved,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_kept_or_dropped_as_a_whole() {
        let offset = |index, next, metadata: &str| CommitOffset {
            partition: Partition { topic: "in".into(), index },
            next,
            metadata: metadata.into(),
        };
        let found = |offset: CommitOffset| Committed {
            partition: offset.partition,
            next: Some(offset.next),
            metadata: Some(offset.metadata),
        };
        let planned = [offset(0, 5, "a"), offset(1, 7, "b")];
        let fate = |there: [CommitOffset; 2]| Fate::of(&planned, &there.map(found));
        assert_eq!(fate(planned.clone()), Fate::Kept);
        assert_eq!(fate([offset(0, 4, "a"), offset(1, 7, "c")]), Fate::Dropped);
        assert_eq!(fate([offset(0, 5, "a"), offset(1, 6, "b")]), Fate::Moved);
    }
}
