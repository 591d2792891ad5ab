//! What a batch driver reads, and how.

use std::sync::Arc;

use super::limits::Limits;
use crate::StartPolicy;
use crate::kafka::{self, Instance};

/// What a batch driver reads, and how.
#[derive(Debug, Clone)]
pub struct BatchConfig {
    /// Access to the brokers.
    pub kafka: kafka::Config,
    /// Who this process is.
    pub instance: Instance,
    /// Topics to read, each partition on its own.
    pub topics: Vec<String>,
    /// Topic for records that cannot be stored; it has as many partitions as the widest of `topics`.
    pub dead_letters: Arc<str>,
    /// Where a partition without a committed offset starts.
    pub start: StartPolicy,
    /// Sizes, ages and memory.
    pub limits: Limits,
}
