//! What a fold driver needs to know besides its fold.

use std::sync::Arc;
use std::time::Duration;

use super::shape::Shape;
use crate::StartPolicy;
use crate::kafka;

/// A fold driver's configuration.
#[derive(Debug, Clone)]
pub struct FoldConfig {
    /// Access to the brokers.
    pub kafka: kafka::Config,
    /// Who this process is.
    pub instance: kafka::Instance,
    /// The only input.
    pub input: Arc<str>,
    /// Compacted topic of snapshots, with the input's partition count and stamped with the incarnation.
    pub states: Arc<str>,
    /// Where records go that cannot be folded.
    pub dead_letters: Arc<str>,
    /// Where a partition starts that has no committed offset.
    pub start: StartPolicy,
    /// Bounds of a batch and of a record.
    pub limits: FoldLimits,
}

/// Bounds of a batch and of a record.
#[derive(Debug, Clone, Copy)]
pub struct FoldLimits {
    /// Most records of one partition in a transaction; after a crash at most this many are taken one by one.
    pub records: u32,
    /// Most bytes of input in a transaction.
    pub bytes: usize,
    /// Longest time that a batch is gathered while more records are at hand.
    pub gather: Duration,
    /// Largest output in bytes, keys and headers included; below the topics' `max.message.bytes`.
    pub output_bytes: usize,
}

impl Default for FoldLimits {
    fn default() -> Self {
        Self { records: 2_000, bytes: 4 << 20, gather: Duration::from_millis(50), output_bytes: 900_000 }
    }
}

impl FoldConfig {
    pub(super) fn shape(&self) -> Shape {
        Shape {
            step: self.instance.role().into(),
            states: Arc::clone(&self.states),
            dead_letters: Arc::clone(&self.dead_letters),
            output_bytes: self.limits.output_bytes,
            window: self.limits.records,
        }
    }
}
