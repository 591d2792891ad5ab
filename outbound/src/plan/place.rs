//! What a request met at one key of a target.

use std::time::Duration;

use tokio::time::Instant;

use super::Seat;
use crate::{
    class::{Again, Cooling},
    failure::Failure,
    retry::FullJitter,
};

/// Steps left out of the backoff after a failure that passes slowly.
const SLOW: u32 = 2;

#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) seat: Seat,
    /// An attempt was made, or was waited for in vain.
    pub(super) tried: bool,
    /// It failed other than for the rate.
    pub(super) failed: bool,
    pub(super) limited: bool,
    pub(super) excluded: bool,
    one_more_used: bool,
    pub(super) not_before: Option<Instant>,
    pub(super) waits: FullJitter,
}

/// Whether the call was refused only because there were too many.
pub(crate) fn is_limit(failure: &Failure) -> bool {
    failure.class.cooling() == Cooling::Short
}

/// Whether the failure is that of the key with which it was met: with another one the target may do it.
pub(super) fn is_of_key(failure: &Failure) -> bool {
    failure.class.cooling() != Cooling::None
}

impl Place {
    pub(super) fn new(seat: Seat, waits: FullJitter) -> Self {
        Self {
            seat,
            tried: false,
            failed: false,
            limited: false,
            excluded: false,
            one_more_used: false,
            not_before: None,
            waits,
        }
    }

    /// Another key of the target met what says something of all of them.
    pub(super) fn learn(&mut self, other: &Self) {
        (self.tried, self.failed) = (true, true);
        self.excluded |= other.excluded;
        self.one_more_used = other.one_more_used;
        self.not_before = self.not_before.max(other.not_before);
        self.waits = other.waits.clone();
    }

    pub(super) fn failed(&mut self, now: Instant, failure: &Failure, retry_after_cap: Duration) {
        self.tried = true;
        let asked = failure.retry_after.unwrap_or_default();
        if asked > retry_after_cap {
            return self.excluded = true;
        }
        self.limited = is_limit(failure);
        if self.limited {
            // Its pace says when.
            return;
        }
        self.failed = true;
        let wait = match failure.class.again() {
            Again::Never => return self.excluded = true,
            Again::Once if self.one_more_used => return self.excluded = true,
            Again::Once => {
                self.one_more_used = true;
                self.waits.draw()
            }
            Again::Backoff => self.waits.draw(),
            Again::LongBackoff => self.waits.draw_later(SLOW),
        };
        self.not_before = Some(now + wait.max(asked));
    }
}
