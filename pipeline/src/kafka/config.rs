//! The configuration section `[kafka]` and the client properties that follow from it.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use common::{Problem, Problems};
use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use schemars::JsonSchema;
use serde::Deserialize;

use super::bootstrap::{self, Address};
use super::{Instance, owned};

/// A transaction that stays open longer is aborted by the brokers, so that a dead writer stalls readers no longer.
pub(crate) const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a group waits for a silent member.
pub(crate) const SESSION_TIMEOUT: Duration = Duration::from_secs(10);

/// Heartbeats that leave room for two lost ones within the session.
const HEARTBEATS: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_millis(3_333);

/// Section `[kafka]` as written.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawConfig {
    /// Addresses of brokers to ask first, `host:port`, separated by commas; without a port it is 9092. A protocol may stand before an
    /// address, as in `SSL://host:port`, if it is the one of the property `security.protocol`.
    pub bootstrap: String,
    /// How often a group member says that it lives, from `"100ms"` to `"3333ms"`; also the delay before a member learns of a
    /// rebalance. `"3s"` by default; `"500ms"` suits a local stack.
    #[serde(default = "default_heartbeat", with = "common::duration")]
    #[schemars(with = "String")]
    pub heartbeat_interval: Duration,
    /// Any property of librdkafka by its own name, except those that the guarantees own. None by default.
    #[serde(default)]
    pub properties: BTreeMap<String, Property>,
}

fn default_heartbeat() -> Duration {
    Duration::from_secs(3)
}

/// Value of a property: text, number or flag.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Property {
    /// As it is.
    Text(String),
    /// In decimal.
    Number(i64),
    /// `true` or `false`.
    Flag(bool),
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => number.fmt(f),
            Self::Flag(flag) => flag.fmt(f),
        }
    }
}

/// How long a producer waits for more records of a partition before it sends those that it has, unless the operator set it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Linger {
    /// Somebody waits for each record.
    Soon,
    /// Nobody does, and there are many: fewer and larger requests cost both ends less.
    Bulk,
}

impl Linger {
    fn millis(self) -> &'static str {
        match self {
            Self::Soon => "1",
            Self::Bulk => "50",
        }
    }
}

/// What a reader's client does while its queue is full, and at the end of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fetching {
    /// Somebody waits for the end, which is told by a fetch that brings nothing.
    ToTheEnd,
    /// It is ahead of whoever uses the records: asking again at once would cost both ends as much as the records do.
    Ahead,
}

impl Fetching {
    /// How long it waits before it looks whether its queue has room, and how long a fetch waits for records.
    fn millis(self) -> (&'static str, &'static str) {
        match self {
            Self::ToTheEnd => ("1", "2"),
            Self::Ahead => ("20", "100"),
        }
    }
}

/// Bytes for which nobody waits longer who gathers records.
const ENOUGH: &str = "1048576";

/// Validated access to the brokers, from which every client is built.
#[derive(Clone)]
pub struct Config {
    bootstrap: Vec<Address>,
    heartbeat: Duration,
    properties: BTreeMap<String, String>,
    /// How long members of groups wait for more records before they take what is there.
    gathering: Duration,
}

/// Values of properties may be secrets.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: BTreeMap<&str, &str> = self.properties.keys().map(|name| (name.as_str(), "***")).collect();
        f.debug_struct("Config").field("bootstrap", &self.bootstrap()).field("properties", &names).finish()
    }
}

impl Config {
    /// Checks the section, names and values of properties included, without connecting.
    ///
    /// # Errors
    /// Everything that is wrong, each with its key.
    pub fn new(raw: RawConfig) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::default();
        let heartbeat = raw.heartbeat_interval;
        if !HEARTBEATS.contains(&heartbeat) {
            problems.add("kafka.heartbeat_interval", format!("{heartbeat:?} is not from 100ms to 3333ms"));
        }
        for (name, value) in &raw.properties {
            if let Some(what) = refused(name, value) {
                problems.add(&format!("kafka.properties.{name}"), what);
            }
        }
        let properties: BTreeMap<String, String> =
            raw.properties.into_iter().map(|(name, value)| (name, value.to_string())).collect();
        let bootstrap = bootstrap::read(&raw.bootstrap, &protocol(&properties));
        let bootstrap = problems.take("kafka.bootstrap", bootstrap);
        problems.finish(bootstrap.map(|bootstrap| Self {
            bootstrap,
            heartbeat,
            properties,
            gathering: Duration::ZERO,
        }))
    }

    /// The same for who has time: members of groups wait so long for more records before they take those that are there, since fewer and larger transactions
    /// cost the brokers less. What the operator set goes before it.
    #[must_use]
    pub fn gathering(self, wait: Duration) -> Self {
        Self { gathering: wait, ..self }
    }

    /// Our defaults for a role, then what the operator set; the owned properties come last in each role.
    fn base(&self, defaults: &[(&str, &str)]) -> ClientConfig {
        let mut client = ClientConfig::new();
        client.set("bootstrap.servers", self.bootstrap()).set("socket.nagle.disable", "true");
        // Connections to a broker that restarts are tried again soon: a stalled step stalls people.
        client.set("reconnect.backoff.max.ms", "1000");
        for (name, value) in defaults {
            client.set(*name, *value);
        }
        for (name, value) in &self.properties {
            client.set(name, value);
        }
        client
    }

    /// A member of the step's group. Prefetch is small: a pause throws it away.
    pub(crate) fn consumer(&self, instance: &Instance) -> ClientConfig {
        let wait = self.gathering.as_millis().to_string();
        let mut defaults = vec![
            ("queued.min.messages", "20000"),
            ("queued.max.messages.kbytes", "16384"),
            // After a full queue librdkafka would wait a whole second before it fetches again.
            ("fetch.queue.backoff.ms", "5"),
            ("fetch.error.backoff.ms", "50"),
        ];
        if !self.gathering.is_zero() {
            defaults.extend([("fetch.wait.max.ms", wait.as_str()), ("fetch.min.bytes", ENOUGH)]);
        }
        let mut client = self.member(&instance.group_id(), &defaults);
        client
            .set("group.instance.id", instance.group_instance_id())
            .set("auto.offset.reset", "error")
            .set("enable.partition.eof", "true")
            .set("isolation.level", "read_committed");
        client
    }

    /// What all members of groups have in common.
    fn member(&self, group: &str, defaults: &[(&str, &str)]) -> ClientConfig {
        let mut client = self.base(defaults);
        client
            .set("group.id", group)
            .set("group.protocol", "classic")
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", SESSION_TIMEOUT.as_millis().to_string())
            .set("heartbeat.interval.ms", self.heartbeat.as_millis().to_string())
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("allow.auto.create.topics", "false");
        client
    }

    /// A reader outside any group, for whole partitions.
    pub(crate) fn reader(&self, isolation: Isolation, fetching: Fetching) -> ClientConfig {
        let (backoff, wait) = fetching.millis();
        let mut client = self.base(&[
            ("queued.max.messages.kbytes", "65536"),
            ("fetch.message.max.bytes", "4194304"),
            ("fetch.queue.backoff.ms", backoff),
            ("fetch.wait.max.ms", wait),
            // What was restored may be read long after it was fetched, when the log cannot be asked again.
            ("check.crcs", "true"),
        ]);
        if isolation == Isolation::Committed {
            // Never joined; the client just does not assign without a name.
            client.set("group.id", "huiyin.reader");
        }
        client
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "error")
            .set("enable.partition.eof", "true")
            .set("isolation.level", isolation.property())
            .set("allow.auto.create.topics", "false");
        client
    }

    /// A member of a group in which nobody consumes.
    pub(crate) fn claimant(&self, group: &str) -> ClientConfig {
        let mut client = self.member(group, &[]);
        client.set("auto.offset.reset", "latest");
        client
    }

    /// Somebody who asks for a group's offsets and sets them without being a member.
    pub(crate) fn outsider(&self, group: &str) -> ClientConfig {
        let mut client = self.reader(Isolation::Committed, Fetching::ToTheEnd);
        client.set("group.id", group);
        client
    }

    /// The producer of a step's transactions. Deliveries are awaited before each commit, so lingering is latency.
    pub(crate) fn transactional(&self, transactional_id: &str) -> ClientConfig {
        let mut client = self.writer(&[
            ("linger.ms", "0"),
            ("compression.type", "lz4"),
            // Back-to-back transactions meet CONCURRENT_TRANSACTIONS; the default waits 100 ms then.
            ("retry.backoff.ms", "5"),
        ]);
        client
            .set("transactional.id", transactional_id)
            .set("transaction.timeout.ms", TRANSACTION_TIMEOUT.as_millis().to_string())
            .set("message.timeout.ms", "4000");
        client
    }

    /// A producer without transactions. Its long timeout is no user's deadline: a record that times out may still
    /// be written, and makes the producer drain every partition.
    pub(crate) fn idempotent(&self, linger: Linger) -> ClientConfig {
        let mut client = self.writer(&[("linger.ms", linger.millis()), ("compression.type", "lz4")]);
        client.set("message.timeout.ms", "300000");
        client
    }

    fn writer(&self, defaults: &[(&str, &str)]) -> ClientConfig {
        let mut client = self.base(defaults);
        // A dead letter holds any source record with its provenance.
        client.set("message.max.bytes", "2097152");
        client
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("partitioner", "murmur2_random")
            .set("allow.auto.create.topics", "false");
        client
    }

    pub(crate) fn admin(&self) -> ClientConfig {
        self.base(&[])
    }

    /// Somebody who only asks whether the brokers are there, and wants to know soon why not.
    pub(crate) fn watcher(&self) -> ClientConfig {
        let mut client = self.base(&[]);
        client
            .set("socket.connection.setup.timeout.ms", "2500")
            .set("api.version.request.timeout.ms", "2500")
            .set("allow.auto.create.topics", "false")
            // A broker that wants SASL just closes the connection, which is told at this level.
            .set_log_level(RDKafkaLogLevel::Info);
        client
    }

    /// The brokers to ask first.
    pub(crate) fn addresses(&self) -> &[Address] {
        &self.bootstrap
    }

    fn bootstrap(&self) -> String {
        self.bootstrap.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    }

    /// The value of `security.protocol`, in lower case.
    pub(crate) fn protocol(&self) -> String {
        protocol(&self.properties)
    }
}

/// Why a property cannot be set, if it cannot.
fn refused(name: &str, value: &Property) -> Option<String> {
    if let Some(reason) = owned::reason(name) {
        return Some(format!("it cannot be set: {reason}"));
    }
    // A user or password with a line break never gets past a broker; certificates and keys have lines.
    if matches!(value, Property::Text(text) if text.contains(char::is_control)) && !name.ends_with(".pem") {
        return Some("it holds a line break or another control character".to_owned());
    }
    match ClientConfig::new().set(name, value.to_string()).create_native_config() {
        Ok(_) => None,
        // Without the value, which may be a secret.
        Err(KafkaError::ClientConfig(_, description, _, _)) => Some(description),
        Err(error) => Some(error.to_string()),
    }
}

fn protocol(properties: &BTreeMap<String, String>) -> String {
    properties.get("security.protocol").map_or("plaintext", String::as_str).to_ascii_lowercase()
}

/// What a reader may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Isolation {
    Committed,
    Uncommitted,
}

impl Isolation {
    fn property(self) -> &'static str {
        match self {
            Self::Committed => "read_committed",
            Self::Uncommitted => "read_uncommitted",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(properties: &[(&str, &str)]) -> RawConfig {
        RawConfig {
            bootstrap: "127.0.0.1:1".into(),
            heartbeat_interval: Duration::from_millis(500),
            properties: properties
                .iter()
                .map(|(n, v)| (n.to_string(), Property::Text(v.to_string())))
                .collect(),
        }
    }

    fn problems(raw: RawConfig) -> Vec<(String, String)> {
        Config::new(raw).unwrap_err().into_iter().map(|problem| (problem.place, problem.what)).collect()
    }

    #[test]
    fn an_owned_property_is_refused_by_name() {
        for name in ["acks", "transactional.id", "auto.offset.reset", "isolation.level", "partitioner"] {
            let found = problems(raw(&[(name, "1")])).remove(0);
            assert_eq!(found.0, format!("kafka.properties.{name}"));
            assert!(found.1.starts_with("it cannot be set: "), "{found:?}");
        }
    }

    #[test]
    fn who_has_time_gathers_records_unless_the_operator_says_how_long() {
        let instance = Instance::new("d", "decide", 0).unwrap();
        let wait = |config: Config| config.consumer(&instance).get("fetch.wait.max.ms").map(str::to_owned);
        let config = |properties: &[(&str, &str)]| Config::new(raw(properties)).unwrap();
        let gathering =
            |properties: &[(&str, &str)]| config(properties).gathering(Duration::from_millis(200));
        assert_eq!(wait(config(&[])), None);
        assert_eq!(wait(gathering(&[])).as_deref(), Some("200"));
        assert_eq!(wait(gathering(&[("fetch.wait.max.ms", "50")])).as_deref(), Some("50"));
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once_without_a_broker() {
        let mut raw = raw(&[("no.such.thing", "1"), ("socket.timeout.ms", "x"), ("sasl.password", "a\nb")]);
        (raw.bootstrap, raw.heartbeat_interval) = (String::new(), Duration::from_secs(4));
        let found = problems(raw);
        let places: Vec<&str> = found.iter().map(|(place, _)| place.as_str()).collect();
        assert_eq!(
            places,
            [
                "kafka.heartbeat_interval",
                "kafka.properties.no.such.thing",
                "kafka.properties.sasl.password",
                "kafka.properties.socket.timeout.ms",
                "kafka.bootstrap",
            ]
        );
        assert_eq!(found[0].1, "4s is not from 100ms to 3333ms");
        assert!(found[1].1.contains("No such configuration property"), "{found:?}");
        assert!(found[3].1.contains("socket.timeout.ms"), "{found:?}");
    }

    #[test]
    fn certificates_may_have_lines() {
        let found = problems(raw(&[("ssl.ca.pem", "a\nb"), ("acks", "1")]));
        assert!(found.iter().all(|(_, what)| !what.contains("line break")), "{found:?}");
    }

    #[test]
    fn the_operator_can_tune_and_the_guarantees_still_hold() {
        let config = Config::new(raw(&[("linger.ms", "3")])).unwrap();
        let producer = config.transactional("id");
        assert_eq!(producer.get("linger.ms"), Some("3"));
        assert_eq!(producer.get("acks"), Some("all"));
        let instance = Instance::new("d", "r", 0).unwrap();
        assert_eq!(config.consumer(&instance).get("auto.offset.reset"), Some("error"));
    }

    #[test]
    fn values_of_properties_are_never_printed() {
        let config = Config::new(raw(&[("client.id", "hunter2")])).unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
        assert!(format!("{config:?}").contains("client.id"));
    }

    #[test]
    fn a_message_times_out_before_its_transaction() {
        let producer = Config::new(raw(&[])).unwrap().transactional("id");
        let number = |name: &str| producer.get(name).unwrap().parse::<u64>().unwrap();
        assert!(number("message.timeout.ms") < number("transaction.timeout.ms"));
    }
}
