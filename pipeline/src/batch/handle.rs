//! What others see of a running driver.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::refusal::Refusal;
use super::tally::Counts;
use crate::Stop;
use crate::kafka::Partition;

/// How the driver is.
#[derive(Debug, Clone, Default)]
pub struct Health {
    /// Its thread runs.
    pub alive: bool,
    /// Why it ended by itself, if it did.
    pub failure: Option<String>,
    /// Number of partitions that it has.
    pub assigned: usize,
    /// Records behind the ends of its partitions, markers of transactions included; `None` while unknown.
    pub lag: Option<u64>,
    /// Since when the store does not take a block.
    pub retrying_since: Option<Instant>,
    /// The store will take nothing until an operator acts.
    pub store_refuses: bool,
    /// Partitions that are not read until an operator acts.
    pub refused: Vec<(Partition, Refusal)>,
    /// Bytes of records that are read and not committed.
    pub buffered_bytes: usize,
    /// What was done since the start, by topic.
    pub topics: BTreeMap<Arc<str>, Counts>,
}

impl Health {
    /// Nothing needs an operator. A store that is away for a while does not.
    pub fn is_healthy(&self) -> bool {
        self.alive && !self.store_refuses && self.refused.is_empty()
    }
}

/// What a handle asks of the driver's thread.
#[derive(Debug)]
pub(super) enum Request {
    Stop(Stop, Duration),
    /// Whether every record before the present ends is stored and committed.
    CaughtUp(SyncSender<bool>),
}

/// The place where the driver's thread says how it is.
#[derive(Debug, Clone)]
pub(super) struct Board(Arc<Mutex<Health>>);

impl Board {
    pub(super) fn show(&self, change: impl FnOnce(&mut Health)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Lives as long as the driver's thread: however that ends, the board says so.
#[derive(Debug)]
pub(super) struct Alive(Board);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.show(|health| health.alive = false);
    }
}

/// The thread's ends of what a handle holds.
#[derive(Debug)]
pub(super) struct Ends {
    pub board: Board,
    pub requests: Receiver<Request>,
    pub _alive: Alive,
}

/// A running driver. Dropped without [`Handle::stop`], it ends as for a restart, without grace.
#[derive(Debug)]
pub struct Handle {
    board: Board,
    requests: Sender<Request>,
    thread: Option<JoinHandle<()>>,
}

impl Handle {
    pub(super) fn pair() -> (Self, Ends) {
        let board = Board(Arc::new(Mutex::new(Health { alive: true, ..Health::default() })));
        let (requests, receiver) = channel();
        let ends = Ends { board: board.clone(), requests: receiver, _alive: Alive(board.clone()) };
        (Self { board, requests, thread: None }, ends)
    }

    pub(super) fn watch(&mut self, thread: JoinHandle<()>) {
        self.thread = Some(thread);
    }

    /// How it is; at most a second old.
    pub fn health(&self) -> Health {
        self.board.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether every record that was in its partitions when this was called is stored and committed. Blocks at most
    /// `bound`; no answer in time is `false`, and so is a driver that has no partition yet.
    pub fn caught_up(&self, bound: Duration) -> bool {
        let (reply, answer) = sync_channel(1);
        self.requests.send(Request::CaughtUp(reply)).is_ok() && answer.recv_timeout(bound).unwrap_or(false)
    }

    /// Ends the driver: what was read is stored and committed if that takes no longer than `grace`; the rest is read
    /// again by the next owner. Blocks until the client is closed, so call it off the async workers.
    pub fn stop(mut self, how: Stop, grace: Duration) -> Health {
        let asked = self.requests.send(Request::Stop(how, grace)).is_ok();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
            && asked
        {
            tracing::error!("batch driver panicked");
        }
        self.health()
    }
}
