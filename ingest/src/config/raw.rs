//! Section `[ingest]` as it stands in the configuration file. Unknown keys are refused.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use common::Secret;

/// `[ingest]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawIngest {
    /// Address and port to listen on, such as `0.0.0.0:8700`.
    pub listen: SocketAddr,
    /// HTTPS; plain HTTP if absent.
    pub tls: Option<RawTls>,
    /// Callback rules, each with a path of its own.
    #[serde(default)]
    pub rule: Vec<RawRule>,
    /// Other sources, each with a path of its own.
    #[serde(default)]
    pub source: Vec<RawSource>,
    /// How much is taken, and how slowly.
    #[serde(default)]
    pub limits: RawLimits,
}

/// `[ingest.tls]`: both files are read at start.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawTls {
    /// Certificate chain, PEM, the server's own first.
    pub cert_file: PathBuf,
    /// Its private key, PEM.
    pub key_file: PathBuf,
}

/// One `[[ingest.rule]]`: a callback rule of Easemob's console.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawRule {
    /// Path of its URL; a slash at its end does not matter.
    pub path: Spanned<String>,
    /// App Key of the app that it belongs to, `org#app`.
    pub app: Spanned<String>,
    /// `pre` (before a message is delivered) or `post` (after it was).
    pub stage: Spanned<String>,
    /// The rule's secret.
    pub secret: Secret,
    /// A callback whose timestamp is further back is refused; `5m` before delivery, `4d` after it, since Easemob brings what it
    /// stored again for three days. No timestamp may be more than 5 minutes ahead.
    #[serde(default, deserialize_with = "duration")]
    pub window: Option<Duration>,
    /// A callback is answered within this time; below the wait time of the rule. `150ms` before delivery, `5s` after it.
    #[serde(default, deserialize_with = "duration")]
    pub deadline: Option<Duration>,
    /// What the sender's client is told about a message that is not delivered.
    #[serde(default)]
    pub codes: RawCodes,
}

/// `[ingest.rule.codes]`: an empty text sends no code.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawCodes {
    /// The line answers the message.
    pub intercepted: String,
    /// The filter stops it.
    pub blocked: String,
    /// The sender sends too much.
    pub too_many: String,
    /// It could not be recorded in time.
    pub unavailable: String,
}

impl Default for RawCodes {
    fn default() -> Self {
        Self {
            intercepted: String::new(),
            blocked: "blocked".to_owned(),
            too_many: "too many messages".to_owned(),
            unavailable: "try again later".to_owned(),
        }
    }
}

/// One `[[ingest.source]]`: a source other than Easemob. It signs with HMAC-SHA256.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawSource {
    /// Path of its URL; a slash at its end does not matter.
    pub path: Spanned<String>,
    /// App Key of the app that it may speak about, `org#app`.
    pub app: Spanned<String>,
    /// What it brings: `feedback` or `takeover`.
    pub kind: Spanned<String>,
    /// Key of its signatures.
    pub secret: Secret,
    /// A request whose timestamp is further from now is refused; `5m` if absent.
    #[serde(default, deserialize_with = "duration")]
    pub window: Option<Duration>,
    /// A request is answered within this time; `5s` if absent.
    #[serde(default, deserialize_with = "duration")]
    pub deadline: Option<Duration>,
}

/// `[ingest.limits]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawLimits {
    /// Largest body, in bytes.
    pub max_body_bytes: usize,
    /// A connection that does not bring a request's whole header within this time, TLS handshake included, is closed.
    #[serde(with = "common::duration")]
    pub header_timeout: Duration,
    /// A body must be complete within this time.
    #[serde(with = "common::duration")]
    pub body_timeout: Duration,
    /// Most open connections; beyond them the one that has waited longest for its client is closed.
    pub max_connections: usize,
    /// Most requests at work at once, from their complete body to their answer; more are refused.
    pub max_in_flight: usize,
    /// Most callbacks of one app that this instance answers with an error within 30 s; those that cannot be believed and
    /// those that cannot be taken count apart. More are answered 200: at 90, of all instances together, Easemob switches
    /// the app's rules off.
    pub max_failures: usize,
    /// Messages per second that one sender may send before delivery, in the long run.
    pub sender_messages_per_second: u32,
    /// Messages that one sender may send at once.
    pub sender_burst_messages: u32,
    /// Most senders whose rate is remembered.
    pub max_senders: usize,
    /// Most records that wait for Kafka's acknowledgement; more are refused at once.
    pub max_queued_records: usize,
    /// KiB of memory for records that wait for Kafka's acknowledgement.
    pub max_queued_kibibytes: usize,
}

impl Default for RawLimits {
    fn default() -> Self {
        Self {
            max_body_bytes: 64 * 1_024,
            header_timeout: Duration::from_secs(15),
            body_timeout: Duration::from_secs(5),
            max_connections: 4_096,
            max_in_flight: 2_048,
            max_failures: 20,
            sender_messages_per_second: 10,
            sender_burst_messages: 50,
            max_senders: 100_000,
            max_queued_records: 20_000,
            max_queued_kibibytes: 256 * 1_024,
        }
    }
}

fn duration<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    common::duration::deserialize(from).map(Some)
}
