//! Starts the driver.

use std::sync::Arc;
use std::thread;

use tokio::runtime;

use super::handle::{Handle, ends};
use super::limits::Limits;
use super::poller::{Poller, Setup};
use super::sink::Sink;
use crate::StartPolicy;
use crate::driver::Ending;
use crate::kafka::{self, Consumer, Group, Instance, Publisher, PublisherLimits};

/// Dead letters that may wait for their acknowledgement; more wait in the driver.
const LETTERS: PublisherLimits = PublisherLimits { records: 1_000, kibibytes: 64 << 10 };

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

/// Reads topics into a store that deduplicates by token.
#[derive(Debug)]
pub struct BatchDriver;

impl BatchDriver {
    /// Joins the group and starts to read, on a thread of its own; inserts run as tasks on `runtime`, which must have
    /// its timer enabled. `incarnation` is that of the deployment's topics.
    ///
    /// # Errors
    /// [`kafka::Error`] when a client or the thread cannot be made.
    pub fn spawn<S: Sink>(
        config: BatchConfig,
        sink: Arc<S>,
        runtime: runtime::Handle,
        incarnation: String,
    ) -> Result<Handle, kafka::Error> {
        let topics: Vec<&str> = config.topics.iter().map(String::as_str).collect();
        let consumer = Consumer::join(&config.kafka, &config.instance, &topics)?;
        let log = Group::open(&config.kafka, &config.instance.group_id())?;
        let publisher = Publisher::new(&config.kafka, LETTERS)?;
        let (board, control, ends) = ends();
        let poller =
            Poller::new(Setup { config, sink, incarnation }, (consumer, log, publisher), runtime, ends);
        let thread = thread::Builder::new()
            .name("batch-poller".into())
            .spawn(move || {
                let _ending = Ending(poller.ends.board.clone());
                poller.run();
            })
            .map_err(|error| kafka::Error::Unexpected(format!("start thread: {error}")))?;
        Ok(Handle::new(board, control, vec![thread]))
    }
}
