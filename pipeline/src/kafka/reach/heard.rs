//! What librdkafka says of brokers. With TLS and SASL it knows best what went wrong.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::KafkaError;

/// Longest text that is kept, in bytes.
const LONGEST: usize = 400;

/// Keeps the last trouble with each broker, by `host:port`, and logs nothing.
#[derive(Debug, Default)]
pub(super) struct Heard(Mutex<BTreeMap<String, String>>);

impl Heard {
    /// The last trouble with a broker.
    pub(super) fn of(&self, broker: &str) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(broker).cloned()
    }

    /// Begins anew.
    pub(super) fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn hear(&self, text: &str) {
        let Some((broker, trouble)) = trouble(text) else { return };
        let mut troubles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = troubles.entry(broker).or_default();
        // The client says some things twice, the second time without the context.
        if !known.contains(&trouble) {
            *known = trouble;
        }
    }
}

/// From `[thrd:ssl://kafka:9093/bootstrap]: ssl://kafka:9093/bootstrap: SSL handshake failed: … (after 5ms in state
/// SSL_HANDSHAKE)`, with or without what stands first.
fn trouble(text: &str) -> Option<(String, String)> {
    let text =
        text.strip_prefix("[thrd:").and_then(|rest| rest.split_once("]: ")).map_or(text, |(_, rest)| rest);
    let (broker, trouble) = text.split_once(": ")?;
    let (place, _) = broker.rsplit_once('/')?;
    let place = place.rsplit_once("://").map_or(place, |(_, place)| place);
    let trouble = trouble.rsplit_once(" (after ").map_or(trouble, |(trouble, _)| trouble);
    let trouble = &trouble[..trouble.floor_char_boundary(LONGEST)];
    Some((place.to_owned(), trouble.to_owned()))
}

impl ClientContext for Heard {
    fn log(&self, _: RDKafkaLogLevel, facility: &str, message: &str) {
        if facility == "FAIL" {
            self.hear(message);
        }
    }

    fn error(&self, _: KafkaError, reason: &str) {
        self.hear(reason);
    }
}

impl ConsumerContext for Heard {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broker_and_trouble_are_told_apart() {
        for (text, broker, expected) in [
            (
                "[thrd:ssl://kafka:9093/bootstrap]: ssl://kafka:9093/bootstrap: SSL handshake failed: certificate verify \
                 failed: broker certificate (after 5ms in state SSL_HANDSHAKE, 3 identical error(s) suppressed)",
                "kafka:9093",
                "SSL handshake failed: certificate verify failed: broker certificate",
            ),
            (
                "127.0.0.1:9092/1: Connect to ipv4#127.0.0.1:9092 failed: Connection refused (after 0ms in state CONNECT)",
                "127.0.0.1:9092",
                "Connect to ipv4#127.0.0.1:9092 failed: Connection refused",
            ),
            (
                "sasl_plaintext://[::1]:9092/bootstrap: SASL authentication error",
                "[::1]:9092",
                "SASL authentication error",
            ),
        ] {
            assert_eq!(trouble(text), Some((broker.to_owned(), expected.to_owned())));
        }
        assert_eq!(trouble("1/1 brokers are down"), None);
        assert_eq!(trouble("GroupCoordinator: gone"), None);
    }
}
