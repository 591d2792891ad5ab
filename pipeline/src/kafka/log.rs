//! Where librdkafka's own log lines go.

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// Hands librdkafka's lines to `tracing`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Logged;

pub(crate) fn line(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg
        | RDKafkaLogLevel::Alert
        | RDKafkaLogLevel::Critical
        | RDKafkaLogLevel::Error => {
            tracing::error!(facility, "librdkafka: {message}");
        }
        // Properties of the other role (consumer, producer) are set on purpose: one section serves both.
        RDKafkaLogLevel::Warning if facility == "CONFWARN" => {
            tracing::debug!(facility, "librdkafka: {message}")
        }
        RDKafkaLogLevel::Warning => tracing::warn!(facility, "librdkafka: {message}"),
        RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug => {
            tracing::debug!(facility, "librdkafka: {message}");
        }
    }
}

/// Client-wide errors are informational: librdkafka goes on by itself, and fatal ones surface in the calls.
pub(crate) fn global(error: &KafkaError, reason: &str) {
    // Readers are told of every end of a partition; it is no error.
    if matches!(error.rdkafka_error_code(), Some(RDKafkaErrorCode::PartitionEOF)) {
        return;
    }
    tracing::warn!(%error, "librdkafka: {reason}");
}

impl ClientContext for Logged {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        line(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        global(&error, reason);
    }
}

impl ConsumerContext for Logged {}
