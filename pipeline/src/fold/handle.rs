//! What others see of a running fold driver.

use std::collections::BTreeSet;
use std::sync::mpsc::Sender;
use std::time::Duration;

use crate::kafka::Partition;
use crate::{Stop, driver};

/// A running fold driver.
pub type Handle = driver::Handle<Control>;
/// How a fold driver is.
pub type Health = driver::Health<Status>;

/// What a fold driver tells besides what all drivers do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// Partitions whose states are being read back.
    pub restoring: BTreeSet<Partition>,
}

impl driver::Status for Status {
    fn is_ready(&self) -> bool {
        self.restoring.is_empty()
    }
}

/// Tells the driver's thread to end. What it has folded is committed first, which takes one transaction and no grace.
#[derive(Debug)]
pub struct Control(pub(super) Sender<Stop>);

impl driver::Control for Control {
    type Status = Status;

    fn stop(&self, how: Stop, _: Duration) {
        if self.0.send(how).is_err() {
            tracing::debug!("stop the fold: it has ended already");
        }
    }
}
