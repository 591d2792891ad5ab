//! The contract between the driver and a fold.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use crate::{Outgoing, Record, Refused};

/// A key that is no more than bytes.
pub type Key = Arc<[u8]>;

/// An entry of the state topic: key and newest value.
pub type Entry<'a> = (&'a [u8], &'a [u8]);

/// What a record is to a fold.
#[derive(Debug)]
pub enum Input<K, M> {
    /// Belongs to one key.
    Keyed(K, M),
    /// Changes what every key of the partition reads, from this offset on.
    Control(M),
    /// Time has come: due timers fire, in the order of (due, key), a bounded number per record.
    Clock,
}

/// Where in the log a step happens. All that a fold may know besides its state and its input.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a, C> {
    /// Partition of the input.
    pub partition: i32,
    /// Offset of the input; with the timer's ordinal it makes every derived id unique.
    pub offset: i64,
    /// Append time of the input in milliseconds since the epoch.
    pub time: i64,
    /// State of the partition's control records.
    pub control: &'a C,
}

/// What one step leaves behind.
#[derive(Debug)]
pub struct Step<S> {
    /// State of the key from now on; `None` forgets it and writes tombstones.
    pub state: Option<S>,
    /// Records to write, in order.
    pub outputs: Vec<Outgoing>,
}

/// What stops a partition: a fold cannot go on without giving a wrong answer.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    /// Stored state cannot be read back.
    #[error("restore state: {0}")]
    Restore(String),
    /// Something that a control record names cannot be had.
    #[error("apply control record: {0}")]
    Control(String),
}

/// A deterministic step over keyed state.
///
/// Invariant: equal (control, state, input, offset, time) give equal steps, byte for byte. No clock, no random
/// number and no I/O, except in [`Fold::control`] and [`Fold::complete`], which may fetch content that is named
/// by its hash.
pub trait Fold: Send + 'static {
    /// A decoded input.
    type Message: Send;
    /// Names one state. Timers that are due at one time fire in the order of their keys, which must not change from one version to the
    /// next. A clone must be cheap.
    type Key: Clone + Ord + Hash + Send;
    /// State of one key. A clone must be cheap or small: it is the pre-image for roll-back.
    type State: Clone + Send;
    /// State of one partition's control records.
    type Control: Clone + Default + Send;

    /// Most timers that one clock record fires.
    const TIMERS_PER_CLOCK: usize = 256;

    /// Reads a record.
    ///
    /// # Errors
    /// [`Refused`] when it cannot be folded by this version or at all.
    fn decode(&self, record: &Record) -> Result<Input<Self::Key, Self::Message>, Refused>;

    /// Folds a control record into the partition's control state.
    ///
    /// # Errors
    /// [`FoldError::Control`] stops the partition.
    fn control(&mut self, before: &Self::Control, message: Self::Message)
    -> Result<Self::Control, FoldError>;

    /// Folds a keyed input.
    ///
    /// # Errors
    /// [`Refused`] when it turns out that it cannot be folded; the state stays as it was.
    fn fold(
        &self,
        context: Context<'_, Self::Control>,
        key: &Self::Key,
        state: Option<&Self::State>,
        message: Self::Message,
    ) -> Result<Step<Self::State>, Refused>;

    /// Fires the due timer of one key. `ordinal` counts the timers fired by this clock record.
    fn fire(
        &self,
        context: Context<'_, Self::Control>,
        key: &Self::Key,
        state: &Self::State,
        ordinal: usize,
    ) -> Step<Self::State>;

    /// When the key's earliest timer is due, in milliseconds since the epoch.
    fn due(&self, state: &Self::State) -> Option<i64>;

    /// The clock record that the driver appends to `partition` of the input topic when a timer is due.
    fn clock(&self, partition: i32, time: i64) -> Outgoing;

    /// Entries of the state topic that differ between `before` (as last committed) and `after`; a `None` value is a
    /// tombstone. Called once per touched key and transaction.
    fn snapshot(
        &self,
        key: &Self::Key,
        before: Option<&Self::State>,
        after: Option<&Self::State>,
    ) -> Vec<(Vec<u8>, Option<Vec<u8>>)>;

    /// The state topic's entry of a partition's control state. Its key starts with `@`, which no state's key does.
    fn snapshot_control(&self, control: &Self::Control) -> (Vec<u8>, Vec<u8>);

    /// Builds the control state and the states of one partition from the newest entry of every key, each key once, in
    /// no order that means anything. Called on a thread of its own, while other partitions are being folded. What is
    /// large may be kept as it was stored until its key is folded: [`Self::fold`] refuses then what it cannot read.
    ///
    /// # Errors
    /// [`FoldError::Restore`] stops the partition.
    #[expect(clippy::type_complexity, reason = "the pair is named by its two halves")]
    fn restore<'a>(
        entries: impl Iterator<Item = Entry<'a>>,
    ) -> Result<(Self::Control, HashMap<Self::Key, Self::State>), FoldError>;

    /// Brings what a restored control state names. As [`Self::control`], it may fetch.
    ///
    /// # Errors
    /// [`FoldError::Control`] stops the partition.
    fn complete(&mut self, control: Self::Control) -> Result<Self::Control, FoldError> {
        Ok(control)
    }
}
