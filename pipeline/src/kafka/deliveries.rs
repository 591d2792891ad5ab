//! Counts the deliveries of one transaction, so that they are awaited before it is committed.
//!
//! Committing with unacknowledged records would make the client flush in slices of 100 ms.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Instant;

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use rdkafka::producer::{DeliveryResult, ProducerContext};

use super::log;

/// The producer's context: every delivery report of the current transaction counts down. Reports come by the ten
/// thousand while their transaction is still being written, so that counting takes no lock.
#[derive(Debug, Default)]
pub(crate) struct Deliveries {
    /// Number of the transaction in the upper half, its outstanding reports in the lower.
    count: AtomicU64,
    /// The first failure, with its transaction. The lock is also what waiting is woken under.
    failure: Mutex<Option<(u32, String)>>,
    changed: Condvar,
}

/// How the wait for all deliveries of a transaction ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Delivered {
    All,
    Failed(String),
    TimedOut,
}

fn parts(count: u64) -> (u32, u32) {
    (u32::try_from(count >> 32).unwrap_or(0), u32::try_from(count & u64::from(u32::MAX)).unwrap_or(0))
}

impl Deliveries {
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<(u32, String)>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a count with `records` to await; reports of earlier transactions (purged by an abort) no longer matter.
    /// Called before the first record is handed over, because its report may come at once.
    pub(crate) fn start(&self, records: usize) -> usize {
        let mut failure = self.lock();
        let transaction = parts(self.count.load(Ordering::Acquire)).0.wrapping_add(1);
        let records = u32::try_from(records).unwrap_or(u32::MAX);
        self.count.store(u64::from(transaction) << 32 | u64::from(records), Ordering::Release);
        *failure = None;
        usize::try_from(transaction).unwrap_or(0)
    }

    pub(crate) fn wait(&self, until: Instant) -> Delivered {
        let mut failure = self.lock();
        loop {
            let (transaction, outstanding) = parts(self.count.load(Ordering::Acquire));
            if let Some((_, reason)) = failure.take_if(|(failed, _)| *failed == transaction) {
                return Delivered::Failed(reason);
            }
            if outstanding == 0 {
                return Delivered::All;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Delivered::TimedOut;
            }
            failure = self.changed.wait_timeout(failure, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn report(&self, transaction: usize, failed: Option<String>) {
        let Ok(transaction) = u32::try_from(transaction) else { return };
        // The failure first: whoever sees the count at its end must see it too.
        if let Some(reason) = failed {
            let mut failure = self.lock();
            if parts(self.count.load(Ordering::Acquire)).0 == transaction {
                failure.get_or_insert((transaction, reason));
                self.changed.notify_all();
            }
        }
        let less = |count: u64| {
            let (current, outstanding) = parts(count);
            (current == transaction && outstanding > 0).then(|| count - 1)
        };
        let before = self.count.fetch_update(Ordering::AcqRel, Ordering::Acquire, less);
        if before.is_ok_and(|count| parts(count).1 == 1) {
            // Under the lock, or the one who waits may just have looked and not yet sleep.
            let _waited = self.lock();
            self.changed.notify_all();
        }
    }
}

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log::line(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        log::global(&error, reason);
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, transaction: usize) {
        self.report(transaction, result.as_ref().err().map(|(error, _)| error.to_string()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_deliveries_are_awaited_and_a_failure_ends_the_wait() {
        let deliveries = Deliveries::default();
        let transaction = deliveries.start(2);
        deliveries.report(transaction, None);
        assert_eq!(deliveries.wait(Instant::now()), Delivered::TimedOut);
        deliveries.report(transaction, None);
        assert_eq!(deliveries.wait(Instant::now()), Delivered::All);
        let transaction = deliveries.start(2);
        deliveries.report(transaction, Some("no leader".into()));
        assert_eq!(deliveries.wait(Instant::now()), Delivered::Failed("no leader".into()));
    }

    #[test]
    fn a_late_report_of_an_aborted_transaction_does_not_count() {
        let deliveries = Deliveries::default();
        let aborted = deliveries.start(1);
        let transaction = deliveries.start(1);
        deliveries.report(aborted, Some("purged".into()));
        assert_eq!(deliveries.wait(Instant::now()), Delivered::TimedOut);
        deliveries.report(transaction, None);
        assert_eq!(deliveries.wait(Instant::now()), Delivered::All);
        assert_eq!(deliveries.start(0), transaction + 1);
        assert_eq!(deliveries.wait(Instant::now()), Delivered::All);
    }

    #[test]
    fn a_wait_ends_with_the_last_of_many_reports_of_other_threads() {
        let deliveries = std::sync::Arc::new(Deliveries::default());
        for _ in 0..50 {
            let transaction = deliveries.start(400);
            let reporter = || {
                let deliveries = std::sync::Arc::clone(&deliveries);
                std::thread::spawn(move || (0..200).for_each(|_| deliveries.report(transaction, None)))
            };
            let threads = [reporter(), reporter()];
            let until = Instant::now() + std::time::Duration::from_secs(20);
            assert_eq!(deliveries.wait(until), Delivered::All);
            threads.into_iter().for_each(|thread| thread.join().unwrap());
        }
    }
}
