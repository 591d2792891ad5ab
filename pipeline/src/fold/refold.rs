//! Folds a range again, as the driver did, and writes nothing: equal input must give equal bytes.

use std::collections::{BTreeSet, HashMap};

use super::halt::Halt;
use super::restore::Start;
use super::shape::Shape;
use super::shard::Shard;
use super::{Fold, FoldConfig};
use crate::{Outgoing, Record};

/// Why a range cannot be folded again to its end.
#[derive(Debug, thiserror::Error)]
#[error("fold {topic}/{partition} again at offset {offset}: {reason}")]
pub struct RefoldError {
    /// Topic of the record.
    pub topic: String,
    /// Partition of the record.
    pub partition: i32,
    /// Offset of the record.
    pub offset: i64,
    /// What stopped the fold there.
    pub reason: String,
}

impl RefoldError {
    /// A closed label for counters.
    pub fn label(&self) -> &'static str {
        "refold"
    }
}

/// The driver's core over one partition, without a broker.
pub struct Refold<F: Fold> {
    fold: F,
    shape: Shape,
    shard: Shard<F>,
    /// Offsets whose records the driver gave up because they ended the process: it never folded them.
    crashed: BTreeSet<i64>,
}

impl<F: Fold> Refold<F> {
    /// Starts one partition from nothing. `config` must name the same topics and limits as the driver's.
    pub fn new(fold: F, config: &FoldConfig, partition: i32) -> Self {
        Self::from_state(fold, config, partition, (F::Control::default(), HashMap::new()))
    }

    /// Starts one partition from a given control state and states.
    pub fn from_state(
        fold: F,
        config: &FoldConfig,
        partition: i32,
        state: (F::Control, HashMap<F::Key, F::State>),
    ) -> Self {
        let shard = Shard::new(&fold, partition, Start::Fresh(0), state);
        Self { fold, shape: config.shape(), shard, crashed: BTreeSet::new() }
    }

    /// Names offsets whose dead letters have the reason `crashed`: the driver gave their records up unfolded.
    pub fn skip_crashed(&mut self, offsets: impl IntoIterator<Item = i64>) {
        self.crashed.extend(offsets);
    }

    /// The control state and the states as they are now.
    pub fn state(&self) -> (F::Control, HashMap<F::Key, F::State>) {
        self.shard.state()
    }

    /// When the earliest timer is due, in milliseconds since the epoch: the driver appends a clock record then.
    pub fn due(&self) -> Option<i64> {
        self.shard.earliest()
    }

    /// The clock record that the driver appends at that time.
    pub fn clock(&self, time: i64) -> Outgoing {
        self.fold.clock(self.shard.partition(), time)
    }

    /// Folds one record and returns what the driver wrote for it, in order: outputs and dead letters, no snapshots
    /// and no clock records.
    ///
    /// # Errors
    /// [`RefoldError`] where the driver would stop the partition.
    pub fn feed(&mut self, record: &Record) -> Result<Vec<Outgoing>, RefoldError> {
        if self.crashed.contains(&record.offset) {
            return Ok(vec![self.shard.crashed(&self.shape, record)]);
        }
        self.apply(record)?;
        let outputs = self.shard.take_outputs();
        self.shard.committed();
        Ok(outputs)
    }

    /// As [`Self::feed`], followed by the snapshots that a driver writes which commits after every record.
    ///
    /// # Errors
    /// As [`Self::feed`].
    pub fn feed_with_snapshots(&mut self, record: &Record) -> Result<Vec<Outgoing>, RefoldError> {
        self.apply(record)?;
        let part = self.shard.part(&self.fold, &self.shape).map_err(|stop| stopped(record, &stop))?;
        self.shard.committed();
        Ok(part.map(|part| part.records).unwrap_or_default())
    }

    fn apply(&mut self, record: &Record) -> Result<(), RefoldError> {
        let applied = self.shard.apply(&mut self.fold, &self.shape, record, record.timestamp);
        applied.map_err(|stop| stopped(record, &stop))
    }
}

fn stopped(record: &Record, stop: &Halt) -> RefoldError {
    RefoldError {
        topic: record.topic.to_string(),
        partition: record.partition,
        offset: record.offset,
        reason: stop.to_string(),
    }
}

/// Folds `records` of one partition again, in their order, from nothing.
///
/// # Errors
/// [`RefoldError`] where the driver would stop the partition.
pub fn refold<'a, F: Fold>(
    fold: F,
    config: &FoldConfig,
    partition: i32,
    records: impl IntoIterator<Item = &'a Record>,
) -> Result<Vec<Outgoing>, RefoldError> {
    let mut refold = Refold::new(fold, config, partition);
    let mut outputs = Vec::new();
    for record in records {
        outputs.extend(refold.feed(record)?);
    }
    Ok(outputs)
}
