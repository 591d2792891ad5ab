//! Properties that the guarantees own: nobody may set them from outside.

/// Name and the reason why it cannot be set.
const OWNED: &[(&str, &str)] = &[
    ("acks", DURABLE),
    ("allow.auto.create.topics", "topics are created by `topics create` alone"),
    ("auto.commit.enable", OFFSETS),
    ("auto.commit.interval.ms", OFFSETS),
    ("auto.offset.reset", "every partition starts at an explicit offset"),
    ("bootstrap.servers", BOOTSTRAP),
    ("delivery.timeout.ms", TIME),
    ("enable.auto.commit", OFFSETS),
    ("enable.auto.offset.store", OFFSETS),
    ("enable.gapless.guarantee", DURABLE),
    ("enable.idempotence", DURABLE),
    ("enable.partition.eof", "restoring depends on it"),
    ("group.id", IDENTITY),
    ("group.instance.id", IDENTITY),
    ("group.protocol", ASSIGNMENT),
    ("group.remote.assignor", ASSIGNMENT),
    ("heartbeat.interval.ms", "it has its own key `heartbeat_interval`"),
    ("isolation.level", "readers must not see aborted records"),
    ("max.in.flight", DURABLE),
    ("max.in.flight.requests.per.connection", DURABLE),
    ("message.max.bytes", "a dead letter must hold any record of any source"),
    ("message.send.max.retries", DURABLE),
    ("message.timeout.ms", TIME),
    ("metadata.broker.list", BOOTSTRAP),
    ("offset.store.method", OFFSETS),
    ("partition.assignment.strategy", ASSIGNMENT),
    ("partitioner", "writers must agree on the partition of a key"),
    ("request.required.acks", DURABLE),
    ("retries", DURABLE),
    ("session.timeout.ms", TIME),
    ("transaction.timeout.ms", TIME),
    ("transactional.id", IDENTITY),
];

const ASSIGNMENT: &str = "partitions move cooperatively under the classic protocol";
const BOOTSTRAP: &str = "it has its own key `bootstrap`";
const DURABLE: &str = "records must be written once and in order";
const IDENTITY: &str = "it derives from deployment, role and ordinal";
const OFFSETS: &str = "offsets are committed inside transactions";
const TIME: &str = "it bounds how long a dead instance stalls others";

/// Why `name` may not be set, if so.
pub(super) fn reason(name: &str) -> Option<&'static str> {
    OWNED.iter().find(|(owned, _)| *owned == name).map(|(_, reason)| *reason)
}
