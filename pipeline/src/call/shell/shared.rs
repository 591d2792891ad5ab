//! The little that the driver's threads have in common.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;

use super::standing::Standing;
use crate::call::core::Status;
use crate::kafka::GroupMetadata;

/// Where one thread leaves word for the others and for the handle.
pub(super) struct Shared {
    started: Instant,
    ended: AtomicBool,
    end: Notify,
    polled_at: AtomicU64,
    /// Plans up to this one name a lost partition.
    pub(super) abandoned: AtomicU64,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    failure: Option<String>,
    standing: Standing<GroupMetadata>,
    status: Status,
    status_at: u64,
}

impl Shared {
    pub(super) fn new() -> Self {
        Self {
            started: Instant::now(),
            ended: AtomicBool::new(false),
            end: Notify::new(),
            polled_at: AtomicU64::new(0),
            abandoned: AtomicU64::new(0),
            inner: Mutex::new(Inner::default()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The core's clock.
    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Ends the driver where it stands; the first reason stays.
    pub(super) fn fail(&self, reason: String) {
        tracing::error!(reason, "call driver ends");
        self.lock().failure.get_or_insert(reason);
        self.finish();
    }

    pub(super) fn finish(&self) {
        self.ended.store(true, Ordering::Release);
        self.end.notify_one();
    }

    pub(super) fn is_over(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Resolves when the driver is to end where it stands.
    pub(super) async fn over(&self) {
        while !self.is_over() {
            self.end.notified().await;
        }
    }

    pub(super) fn polled(&self) {
        self.polled_at.store(self.now(), Ordering::Relaxed);
    }

    pub(super) fn set_group(&self, group: Option<GroupMetadata>, losses: u64) {
        self.lock().standing.set(group, losses);
    }

    /// The membership for a plan that is made now, by a core that has been told of so many losses.
    pub(super) fn group(&self, told: u64) -> Option<GroupMetadata> {
        self.lock().standing.for_plan(told)
    }

    pub(super) fn publish(&self, status: Status) {
        let now = self.now();
        let mut inner = self.lock();
        (inner.status, inner.status_at) = (status, now);
    }

    pub(super) fn failure(&self) -> Option<String> {
        self.lock().failure.clone()
    }

    pub(super) fn status(&self) -> Status {
        self.lock().status.clone()
    }

    /// Milliseconds since the poller polled and since the core spoke.
    pub(super) fn silence(&self) -> (u64, u64) {
        let now = self.now();
        (
            now.saturating_sub(self.polled_at.load(Ordering::Relaxed)),
            now.saturating_sub(self.lock().status_at),
        )
    }
}
