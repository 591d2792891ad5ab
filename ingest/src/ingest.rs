//! What all requests share, and what each brings along.

use std::sync::Arc;

use catalogue::App;
use schemas::Millis;
use schemas::ids::AppKey;
use schemas::tier::TierClaim;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, watch};
use tokio::time::Instant;

use crate::active_bundle::ActiveBundle;
use crate::claim::Claims;
use crate::config::Config;
use crate::failures::Failures;
use crate::publish::{Log, Outbox, Publish};
use crate::rate::SenderRates;
use crate::verify::Verified;

/// The step: everything that its handlers share.
pub struct Ingest {
    pub(crate) config: Config,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) rates: SenderRates,
    pub(crate) failures: Failures,
    bundle: watch::Receiver<Arc<ActiveBundle>>,
    in_flight: Arc<Semaphore>,
}

/// One request at work.
pub(crate) struct RequestContext {
    /// When its header was read.
    pub(crate) arrived: Instant,
    /// The same by the wall clock.
    pub(crate) received_at: Millis,
    /// Counts it among the requests at work until it is dropped.
    pub(crate) permit: OwnedSemaphorePermit,
}

impl Ingest {
    /// Puts the step together. `bundle` holds the bundle in force: a new one applies to all later requests.
    pub fn new(
        config: Config,
        publisher: Arc<dyn Publish>,
        log: Log,
        bundle: watch::Receiver<Arc<ActiveBundle>>,
    ) -> Arc<Self> {
        let limits = &config.limits;
        Arc::new(Self {
            outbox: Arc::new(Outbox::new(publisher, log, limits.max_queued_records)),
            rates: SenderRates::new(limits.sender),
            failures: Failures::new(limits.max_failures),
            bundle,
            in_flight: Arc::new(Semaphore::new(limits.max_in_flight)),
            config,
        })
    }

    /// The bundle in force.
    pub(crate) fn bundle(&self) -> Arc<ActiveBundle> {
        Arc::clone(&self.bundle.borrow())
    }

    /// Takes the app's claim out of a message, and tells what it says of the sender.
    pub(crate) fn claim(&self, from: &mut Verified<'_>, key: &AppKey, app: &App) -> Option<TierClaim> {
        Claims { key, app, rule: self.config.claims.get(key) }.take(&mut from.callback, from.sent_at)
    }

    /// Counts one more request as at work.
    ///
    /// # Errors
    /// When as many are as may be.
    pub(crate) fn begin(&self) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        Arc::clone(&self.in_flight).try_acquire_owned()
    }

    /// Waits until no request is at work and every withdrawal is queued.
    pub(crate) async fn idle(&self) {
        let all = u32::try_from(self.config.limits.max_in_flight).unwrap_or(u32::MAX);
        // The semaphore is never closed.
        if let Ok(permits) = self.in_flight.acquire_many(all).await {
            drop(permits);
        }
    }
}
