//! What others see of a running batch driver.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::time::{Duration, Instant};

use super::tally::Counts;
use crate::driver::{Board, Pulse};
use crate::{Stop, driver};

/// A running batch driver. Dropped without [`driver::Handle::stop`], it ends as for a restart, without grace.
pub type Handle = driver::Handle<Control>;
/// How a batch driver is.
pub type Health = driver::Health<Status>;

/// What a batch driver tells besides what all drivers do.
#[derive(Debug, Clone, Default)]
pub struct Status {
    /// Records behind the ends of its partitions, markers of transactions included; `None` while unknown.
    pub lag: Option<u64>,
    /// Since when the store does not take a block.
    pub retrying_since: Option<Instant>,
    /// The store will take nothing until an operator acts.
    pub store_refuses: bool,
    /// Bytes of records that are read and not committed.
    pub buffered_bytes: usize,
    /// What was done since the start, by topic.
    pub topics: BTreeMap<Arc<str>, Counts>,
}

impl driver::Status for Status {
    fn is_ready(&self) -> bool {
        !self.store_refuses
    }
}

/// What a handle asks of the driver's thread.
#[derive(Debug)]
pub(super) enum Request {
    Stop(Stop, Duration),
    /// Whether every record before the present ends is stored and committed.
    CaughtUp(SyncSender<bool>),
}

/// Asks the driver's thread.
#[derive(Debug)]
pub struct Control(Sender<Request>);

impl driver::Control for Control {
    type Status = Status;

    fn stop(&self, how: Stop, grace: Duration) {
        if self.0.send(Request::Stop(how, grace)).is_err() {
            tracing::debug!("stop the batch driver: it has ended already");
        }
    }
}

/// What the driver's thread has of all this.
#[derive(Debug)]
pub(super) struct Ends {
    pub board: Board<Status>,
    pub pulse: Pulse,
    pub requests: Receiver<Request>,
}

/// What the handle and the thread of one driver have.
pub(super) fn ends() -> (Board<Status>, Control, Ends) {
    let (board, pulse) = Board::of_one_thread();
    let (sender, requests) = channel();
    (board.clone(), Control(sender), Ends { board, pulse, requests })
}

impl Handle {
    /// Whether every record that was in its partitions when this was called is stored and committed. Blocks at most
    /// `bound`; no answer in time is `false`, and so is a driver that has no partition yet.
    pub fn caught_up(&self, bound: Duration) -> bool {
        let (reply, answer) = sync_channel(1);
        let asked = self.control().0.send(Request::CaughtUp(reply)).is_ok();
        asked && answer.recv_timeout(bound).unwrap_or(false)
    }
}
