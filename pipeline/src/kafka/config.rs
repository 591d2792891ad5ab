//! The configuration section `[kafka]` and the client properties that follow from it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use serde::Deserialize;

use super::bootstrap::{self, Address, AddressError};
use super::{Instance, owned};

/// A transaction that stays open longer is aborted by the brokers, so that a dead writer stalls readers no longer.
pub(crate) const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a group waits for a silent member.
pub(crate) const SESSION_TIMEOUT: Duration = Duration::from_secs(10);

/// Section `[kafka]` as written.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawConfig {
    /// Addresses of brokers to ask first, `host:port`, separated by commas; without a port it is 9092. A protocol may stand before an
    /// address, as in `SSL://host:port`, if it is the one of the property `security.protocol`.
    pub bootstrap: String,
    /// How often a group member says that it lives, in milliseconds; also the delay before a member learns of a
    /// rebalance. 3000 by default; 500 suits a local stack.
    #[serde(default = "default_heartbeat")]
    pub heartbeat_interval_ms: u64,
    /// Any property of librdkafka by its own name, except those that the guarantees own.
    #[serde(default)]
    pub properties: BTreeMap<String, Property>,
}

fn default_heartbeat() -> u64 {
    3_000
}

/// Value of a property: text, number or flag.
#[derive(Clone, Deserialize)]
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

/// Why section `[kafka]` cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// An address cannot be read.
    #[error("read kafka.bootstrap: {0}")]
    Bootstrap(AddressError),
    /// The heartbeat leaves no room for a lost one within the session.
    #[error("read kafka.heartbeat_interval_ms: {0} is not within 100..=3333")]
    Heartbeat(u64),
    /// The property belongs to the guarantees.
    #[error("set kafka property `{name}`: {reason}")]
    Owned {
        /// Its name.
        name: String,
        /// Which guarantee owns it.
        reason: &'static str,
    },
    /// librdkafka does not know the property or refuses its value.
    #[error("set kafka property: {0}")]
    Property(String),
}

impl ConfigError {
    /// A closed label for counters.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Bootstrap(_) => "bootstrap",
            Self::Heartbeat(_) => "heartbeat",
            Self::Owned { .. } => "owned_property",
            Self::Property(_) => "property",
        }
    }
}

/// Validated access to the brokers, from which every client is built.
#[derive(Clone)]
pub struct Config {
    bootstrap: Vec<Address>,
    heartbeat_ms: u64,
    properties: BTreeMap<String, String>,
}

/// Values of properties may be secrets.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: BTreeMap<&str, &str> = self.properties.keys().map(|name| (name.as_str(), "***")).collect();
        f.debug_struct("Config").field("bootstrap", &self.bootstrap()).field("properties", &names).finish()
    }
}

impl Config {
    /// Checks the section, property names and values included, without connecting.
    ///
    /// # Errors
    /// [`ConfigError`] names the first thing that is wrong.
    pub fn new(raw: RawConfig) -> Result<Self, ConfigError> {
        if !(100..=3_333).contains(&raw.heartbeat_interval_ms) {
            return Err(ConfigError::Heartbeat(raw.heartbeat_interval_ms));
        }
        for name in raw.properties.keys() {
            if let Some(reason) = owned::reason(name) {
                return Err(ConfigError::Owned { name: name.clone(), reason });
            }
        }
        let properties: BTreeMap<String, String> =
            raw.properties.into_iter().map(|(name, value)| (name, value.to_string())).collect();
        let bootstrap =
            bootstrap::read(&raw.bootstrap, &protocol(&properties)).map_err(ConfigError::Bootstrap)?;
        let config = Self { bootstrap, heartbeat_ms: raw.heartbeat_interval_ms, properties };
        match config.base(&[]).create_native_config() {
            Ok(_) => Ok(config),
            Err(error) => Err(ConfigError::Property(error.to_string())),
        }
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
        let mut client = self.base(&[
            ("queued.min.messages", "20000"),
            ("queued.max.messages.kbytes", "16384"),
            // After a full queue librdkafka would wait a whole second before it fetches again.
            ("fetch.queue.backoff.ms", "5"),
            ("fetch.error.backoff.ms", "50"),
        ]);
        client
            .set("group.id", instance.group_id())
            .set("group.instance.id", instance.group_instance_id())
            .set("group.protocol", "classic")
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", SESSION_TIMEOUT.as_millis().to_string())
            .set("heartbeat.interval.ms", self.heartbeat_ms.to_string())
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "error")
            .set("enable.partition.eof", "true")
            .set("isolation.level", "read_committed")
            .set("allow.auto.create.topics", "false");
        client
    }

    /// A reader outside any group, for whole partitions.
    pub(crate) fn reader(&self, isolation: Isolation) -> ClientConfig {
        let mut client = self.base(&[
            ("queued.max.messages.kbytes", "65536"),
            ("fetch.message.max.bytes", "4194304"),
            ("fetch.queue.backoff.ms", "1"),
            // There is nothing to wait for: the end is told by a fetch that brings nothing.
            ("fetch.wait.max.ms", "2"),
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

    /// Somebody who asks for a group's offsets and sets them without being a member.
    pub(crate) fn outsider(&self, group: &str) -> ClientConfig {
        let mut client = self.reader(Isolation::Committed);
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
    pub(crate) fn idempotent(&self) -> ClientConfig {
        let mut client = self.writer(&[("linger.ms", "1"), ("compression.type", "lz4")]);
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
            heartbeat_interval_ms: 500,
            properties: properties
                .iter()
                .map(|(n, v)| (n.to_string(), Property::Text(v.to_string())))
                .collect(),
        }
    }

    #[test]
    fn an_owned_property_is_refused_by_name() {
        for name in ["acks", "transactional.id", "auto.offset.reset", "isolation.level", "partitioner"] {
            let error = Config::new(raw(&[(name, "1")])).unwrap_err();
            assert!(matches!(&error, ConfigError::Owned { name: named, .. } if named == name), "{error}");
            assert!(error.to_string().contains(name));
        }
    }

    #[test]
    fn an_unknown_property_or_a_bad_value_is_refused_without_a_broker() {
        assert!(matches!(Config::new(raw(&[("no.such.thing", "1")])), Err(ConfigError::Property(_))));
        assert!(matches!(Config::new(raw(&[("socket.timeout.ms", "x")])), Err(ConfigError::Property(_))));
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
