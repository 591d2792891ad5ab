//! One partition folded without a broker, by the function that the running line folds with.
//!
//! [`Conversations`] says what an input does to a conversation, and the driver's core (`pipeline::fold`) applies the records of a partition to
//! it: states, timers, bundles. The role `decide` runs that core behind a broker. Whoever folds a log again, explains a message or
//! tests rules runs the same core here, so that none of them can decide otherwise.

use pipeline::fold::{Refold, RefoldError};
use pipeline::kafka::NameError;
use pipeline::{Outgoing, Record};

use crate::{Conversations, Deployment, Settings};

/// The fold of one partition.
pub struct Replay(Refold<Conversations>);

impl Replay {
    /// Starts a partition from nothing. `settings` must be those of the line whose log is folded.
    ///
    /// # Errors
    /// [`NameError`] when the deployment's name cannot be used.
    pub fn new(
        deployment: &Deployment,
        settings: &Settings,
        fold: Conversations,
        partition: i32,
    ) -> Result<Self, NameError> {
        Ok(Self(Refold::new(fold, &deployment.driver(settings, 0)?, partition)))
    }

    /// Names offsets whose dead letters have the reason `crashed`: the driver gave their records up unfolded.
    pub fn skip_crashed(&mut self, offsets: impl IntoIterator<Item = i64>) {
        self.0.skip_crashed(offsets);
    }

    /// Folds one record, which is behind all that were folded, and gives what the driver writes for it, in order.
    ///
    /// # Errors
    /// [`RefoldError`] where the driver would stop the partition.
    pub fn feed(&mut self, record: &Record) -> Result<Vec<Outgoing>, RefoldError> {
        self.0.feed(record)
    }

    /// When the earliest timer is due, in milliseconds since the epoch: the driver appends a clock record then.
    pub fn due(&self) -> Option<i64> {
        self.0.due()
    }

    /// The clock record that the driver appends at that time.
    pub fn clock(&self, time: i64) -> Outgoing {
        self.0.clock(time)
    }
}
