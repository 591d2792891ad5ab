//! Starts the driver.

use std::sync::Arc;
use std::thread;

use tokio::runtime;

use super::config::BatchConfig;
use super::handle::{Handle, ends};
use super::poller::{Clients, Poller, Setup};
use super::sink::Sink;
use crate::driver::Ending;
use crate::kafka::{self, Consumer, Group, Publisher, PublisherLimits};

/// Dead letters that may wait for their acknowledgement; more wait in the driver.
const LETTERS: PublisherLimits = PublisherLimits { records: 1_000, kibibytes: 64 << 10 };

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
        let clients = Clients {
            consumer: Consumer::join(&config.kafka, &config.instance, &topics)?,
            log: Group::open(&config.kafka, &config.instance.group_id())?,
            publisher: Publisher::new(&config.kafka, LETTERS)?,
        };
        let (board, control, ends) = ends();
        let ending = Ending(board.clone());
        let poller = Poller::new(Setup { config, sink, incarnation, runtime }, clients, ends);
        let thread = thread::Builder::new()
            .name("batch-poller".into())
            .spawn(move || {
                let _ending = ending;
                poller.run();
            })
            .map_err(|error| kafka::Error::Unexpected(format!("start thread: {error}")))?;
        Ok(Handle::new(board, control, vec![thread]))
    }
}
