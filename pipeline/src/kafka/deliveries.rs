//! Counts the deliveries of one transaction, so that they are awaited before it is committed.
//!
//! Committing with unacknowledged records would make the client flush in slices of 100 ms.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Instant;

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use rdkafka::producer::{DeliveryResult, ProducerContext};

use super::log;

#[derive(Debug, Default)]
struct Count {
    transaction: usize,
    outstanding: usize,
    failure: Option<String>,
}

/// The producer's context: every delivery report of the current transaction counts down.
#[derive(Debug, Default)]
pub(crate) struct Deliveries {
    count: Mutex<Count>,
    changed: Condvar,
}

/// How the wait for all deliveries of a transaction ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Delivered {
    All,
    Failed(String),
    TimedOut,
}

impl Deliveries {
    fn lock(&self) -> std::sync::MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a count; reports of earlier transactions (purged by an abort) no longer matter.
    pub(crate) fn start(&self) -> usize {
        let mut count = self.lock();
        *count = Count { transaction: count.transaction + 1, ..Count::default() };
        count.transaction
    }

    /// One more to await. Called before the record is handed over, because its report may come at once.
    pub(crate) fn expect(&self) {
        self.lock().outstanding += 1;
    }

    /// The record was not taken after all.
    pub(crate) fn unexpect(&self) {
        let mut count = self.lock();
        count.outstanding = count.outstanding.saturating_sub(1);
    }

    pub(crate) fn wait(&self, until: Instant) -> Delivered {
        let mut count = self.lock();
        loop {
            if let Some(failure) = count.failure.take() {
                return Delivered::Failed(failure);
            }
            if count.outstanding == 0 {
                return Delivered::All;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Delivered::TimedOut;
            }
            count = self.changed.wait_timeout(count, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn report(&self, transaction: usize, failure: Option<String>) {
        let mut count = self.lock();
        if count.transaction != transaction {
            return;
        }
        count.outstanding = count.outstanding.saturating_sub(1);
        if count.failure.is_none() {
            count.failure = failure;
        }
        if count.outstanding == 0 || count.failure.is_some() {
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
        let transaction = deliveries.start();
        deliveries.expect();
        deliveries.expect();
        deliveries.report(transaction, None);
        assert_eq!(deliveries.wait(Instant::now()), Delivered::TimedOut);
        deliveries.report(transaction, None);
        assert_eq!(deliveries.wait(Instant::now()), Delivered::All);
        deliveries.expect();
        deliveries.expect();
        deliveries.report(transaction, Some("no leader".into()));
        assert_eq!(deliveries.wait(Instant::now()), Delivered::Failed("no leader".into()));
    }

    #[test]
    fn a_late_report_of_an_aborted_transaction_does_not_count() {
        let deliveries = Deliveries::default();
        let aborted = deliveries.start();
        deliveries.expect();
        deliveries.start();
        deliveries.expect();
        deliveries.report(aborted, Some("purged".into()));
        assert_eq!(deliveries.wait(Instant::now()), Delivered::TimedOut);
    }
}
