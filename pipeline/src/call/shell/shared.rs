//! The little that the driver's threads have in common.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;

use super::standing::Standing;
use crate::call::core::Status;
use crate::driver::{Board, Pulse};
use crate::kafka::{GroupMetadata, Partition};

/// Where one thread leaves word for the others and for the handle.
pub(super) struct Shared {
    started: Instant,
    ended: AtomicBool,
    end: Notify,
    topic: Arc<str>,
    board: Board<Status>,
    poller: Pulse,
    core: Pulse,
    /// Plans up to this one name a lost partition.
    pub(super) abandoned: AtomicU64,
    standing: Mutex<Standing<GroupMetadata>>,
}

impl Shared {
    pub(super) fn new(topic: Arc<str>) -> Self {
        let (poller, core) = (Pulse::new(), Pulse::new());
        Self {
            started: Instant::now(),
            ended: AtomicBool::new(false),
            end: Notify::new(),
            topic,
            board: Board::new([poller.clone(), core.clone()]),
            poller,
            core,
            abandoned: AtomicU64::new(0),
            standing: Mutex::default(),
        }
    }

    pub(super) fn board(&self) -> &Board<Status> {
        &self.board
    }

    /// The core's clock.
    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Ends the driver where it stands; the first reason stays.
    pub(super) fn fail(&self, reason: String) {
        tracing::error!(reason, "call driver ends");
        self.board.fail(reason);
        self.finish();
    }

    pub(super) fn finish(&self) {
        self.board.show(|health| health.alive = false);
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
        self.poller.beat();
    }

    pub(super) fn set_group(&self, group: Option<GroupMetadata>, losses: u64) {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner).set(group, losses);
    }

    /// The membership for a plan that is made now, by a core that has been told of so many losses.
    pub(super) fn group(&self, told: u64) -> Option<GroupMetadata> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner).for_plan(told)
    }

    pub(super) fn publish(&self, status: Status) {
        self.core.beat();
        self.board.show(|health| {
            health.owned.clear();
            health.refused.clear();
            for (&index, partition) in &status.partitions {
                let named = Partition { topic: Arc::clone(&self.topic), index };
                match partition.refused {
                    Some(reason) => drop(health.refused.insert(named, reason)),
                    None => drop(health.owned.insert(named)),
                }
            }
            health.status = status;
        });
    }

    pub(super) fn status(&self) -> Status {
        self.board.read(|health| health.status.clone())
    }
}
