//! Bare clients with the settings of the line's own.

use rdkafka::ClientConfig;

/// A consumer as the line's steps have it, from the beginning of its topics.
pub(super) fn consumer(kafka: &str, group: &str) -> ClientConfig {
    let mut client = base(kafka);
    client
        .set("queued.min.messages", "20000")
        .set("queued.max.messages.kbytes", "16384")
        .set("fetch.queue.backoff.ms", "5")
        .set("fetch.error.backoff.ms", "50")
        .set("group.id", group)
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "earliest")
        .set("isolation.level", "read_committed");
    client
}

/// A producer as ingest has it.
pub(super) fn idempotent(kafka: &str) -> ClientConfig {
    let mut client = base(kafka);
    client
        .set("linger.ms", "1")
        .set("compression.type", "lz4")
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("partitioner", "murmur2_random")
        .set("message.timeout.ms", "300000");
    client
}

/// A producer as the steps' transactions have it.
pub(super) fn transactional(kafka: &str, id: &str) -> ClientConfig {
    let mut client = base(kafka);
    client
        .set("linger.ms", "0")
        .set("compression.type", "lz4")
        .set("retry.backoff.ms", "5")
        .set("transactional.id", id)
        .set("transaction.timeout.ms", "5000")
        .set("message.timeout.ms", "4000");
    client
}

fn base(kafka: &str) -> ClientConfig {
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", kafka).set("socket.nagle.disable", "true");
    client
}
