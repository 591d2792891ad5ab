//! Rebalances, noted for the member's owner.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rdkafka::TopicPartitionList;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaRespErr;

use super::log;
use super::partition::{Partition, from_list};

/// What the group decided.
#[derive(Debug)]
pub(super) enum Rebalance {
    /// These partitions come.
    Assign(Vec<Partition>),
    /// These partitions go once their revocation is completed.
    Revoke(Vec<Partition>),
    /// Others may have these partitions already.
    Lose(Vec<Partition>),
}

/// Notes rebalances for the owner instead of acting inside the client's callback.
#[derive(Debug, Default)]
pub(super) struct Notes {
    noted: Mutex<VecDeque<Rebalance>>,
    closing: AtomicBool,
}

impl Notes {
    /// The oldest rebalance that the owner has not seen.
    pub(super) fn next(&self) -> Option<Rebalance> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// From now on rebalances are completed in the callback, since the owner polls no more. Returns whether one was waiting for it.
    pub(super) fn close(&self) -> bool {
        self.closing.store(true, Ordering::Release);
        self.noted.lock().unwrap_or_else(PoisonError::into_inner).drain(..).count() > 0
    }
}

impl ClientContext for Notes {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log::line(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        log::global(&error, reason);
    }
}

impl ConsumerContext for Notes {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, event: RDKafkaRespErr, list: &mut TopicPartitionList) {
        let assign = event == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        if self.closing.load(Ordering::Acquire) {
            // Nobody will pull the note any more, and closing waits until the rebalance is complete.
            let done =
                if assign { consumer.incremental_assign(list) } else { consumer.incremental_unassign(list) };
            if done.is_err() && consumer.unassign().is_err() {
                tracing::debug!("unassign while closing: refused");
            }
            return;
        }
        let partitions = from_list(list);
        let note = if assign {
            Rebalance::Assign(partitions)
        } else if consumer.assignment_lost() {
            Rebalance::Lose(partitions)
        } else {
            Rebalance::Revoke(partitions)
        };
        self.noted.lock().unwrap_or_else(PoisonError::into_inner).push_back(note);
    }
}
