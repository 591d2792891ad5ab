//! What others see of a running call driver.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::mpsc::Sender;

use super::shared::Shared;
use crate::call::Status;
use crate::call::core::Event;
use crate::{Stop, driver};

/// A running call driver. Dropped without [`driver::Handle::stop`], it ends where it stands, as in a crash.
pub type Handle = driver::Handle<Control>;
/// How a call driver is.
pub type Health = driver::Health<Status>;

impl driver::Status for Status {}

/// Tells the core to end: it admits nothing more, lets running calls end within the grace while committing goes on, and
/// makes a last plan.
pub struct Control {
    pub(super) shared: Arc<Shared>,
    pub(super) events: Sender<Event>,
    pub(super) leave: Arc<AtomicBool>,
}

impl driver::Control for Control {
    type Status = Status;

    fn stop(&self, how: Stop, grace: Duration) {
        self.leave.store(how == Stop::Leave, Ordering::Release);
        if self.events.blocking_send(Event::Stop { grace }).is_err() {
            self.shared.finish();
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.shared.finish();
    }
}

#[cfg(feature = "broker-tests")]
impl Handle {
    /// Ends as a crash does: nothing is committed, the group is not told.
    pub fn kill(self) {
        self.control().shared.finish();
        drop(self.join());
    }
}
