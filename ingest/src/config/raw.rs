//! Section `[ingest]` as it stands in the configuration file. Unknown keys are refused.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use common::Secret;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

/// `[ingest]`: where callbacks come in.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawIngest {
    /// Address and port to listen on, such as `0.0.0.0:8700`. No default.
    pub listen: SocketAddr,
    /// HTTPS. Plain HTTP if absent.
    pub tls: Option<RawTls>,
    /// Callback rules, each with a path of its own. At least one.
    #[serde(default)]
    pub rule: Vec<RawRule>,
    /// Other sources, each with a path of its own. None if absent.
    #[serde(default)]
    pub source: Vec<RawSource>,
    /// Claims that apps sign for their users. None are believed if absent.
    #[serde(default)]
    pub claim: Vec<RawClaim>,
    /// How much is taken, and how slowly. Every limit has a default.
    #[serde(default)]
    pub limits: RawLimits,
}

/// `[ingest.tls]`: certificate and key of HTTPS. Both files are read at start.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawTls {
    /// File of the certificate chain, PEM, the server's own first. No default.
    pub cert_file: PathBuf,
    /// File of its private key, PEM. No default.
    pub key_file: PathBuf,
}

/// `[[ingest.rule]]`: a callback rule of Easemob's console.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawRule {
    /// Path of its URL: a slash, then letters, digits and `-_./`. A slash at its end does not matter. No default.
    #[schemars(with = "String")]
    pub path: Spanned<String>,
    /// App Key of the app that it belongs to, `org#app`. No default.
    #[schemars(with = "String")]
    pub app: Spanned<String>,
    /// When it calls: `pre` (before a message is delivered) or `post` (after it was). No default.
    #[schemars(with = "String")]
    pub stage: Spanned<String>,
    /// The rule's secret, as the console shows it. No default.
    pub secret: Secret,
    /// Largest age of a callback, a duration; an older one is refused. `"5m"` before delivery, where it must be shorter than the
    /// app's `duplicate_horizon`; `"4d"` after it, since Easemob brings what it stored again for three days. No timestamp may be
    /// more than 5 minutes ahead.
    #[serde(default, with = "common::duration::optional")]
    #[schemars(with = "Option<String>")]
    pub window: Option<Duration>,
    /// A callback is answered within this duration, which must be below the wait time of the rule. `"150ms"` before delivery,
    /// `"5s"` after it.
    #[serde(default, with = "common::duration::optional")]
    #[schemars(with = "Option<String>")]
    pub deadline: Option<Duration>,
    /// What the sender's client is told about a message that is not delivered. Every code has a default.
    #[serde(default)]
    pub codes: RawCodes,
}

/// `[ingest.rule.codes]`: what the sender's client is told about a message that is not delivered. At most 200 characters each; an
/// empty text sends no code.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawCodes {
    /// The line answers the message. Empty by default.
    pub intercepted: String,
    /// The filter stops the message. `"blocked"` by default.
    pub blocked: String,
    /// The sender sends too much. `"too many messages"` by default.
    pub too_many: String,
    /// The message could not be recorded in time. `"try again later"` by default.
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

/// `[[ingest.source]]`: a source other than Easemob. It signs with HMAC-SHA256.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawSource {
    /// Path of its URL: a slash, then letters, digits and `-_./`. A slash at its end does not matter. No default.
    #[schemars(with = "String")]
    pub path: Spanned<String>,
    /// App Key of the app that it may speak about, `org#app`. No default.
    #[schemars(with = "String")]
    pub app: Spanned<String>,
    /// What it brings: `feedback`, `takeover`, or `finding`, which has an answer of the bot's taken back and needs an app that remembers its
    /// answers (`keep_answers`). No default.
    #[schemars(with = "String")]
    pub kind: Spanned<String>,
    /// Key of its signatures. No default.
    pub secret: Secret,
    /// Largest distance of a request's timestamp from now, a duration; must be shorter than the app's `duplicate_horizon`. `"5m"`
    /// if absent.
    #[serde(default, with = "common::duration::optional")]
    #[schemars(with = "Option<String>")]
    pub window: Option<Duration>,
    /// A request is answered within this duration. `"5s"` if absent.
    #[serde(default, with = "common::duration::optional")]
    #[schemars(with = "Option<String>")]
    pub deadline: Option<Duration>,
}

/// `[[ingest.claim]]`: claims of an app, in a field of a message's extension, that its sender has a tier (`[[app.tier]]`).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawClaim {
    /// App Key of the app, `org#app`; each has one entry. No default.
    #[schemars(with = "String")]
    pub app: Spanned<String>,
    /// Name of the field in `ext`, 1 to 64 of letters, digits, `-` and `_`. `"huiyin_tier"` by default.
    #[serde(default = "tier_field")]
    #[schemars(with = "String")]
    pub field: Spanned<String>,
    /// Secrets of at least 32 characters; whichever signed a claim, it counts. To change the secret, add the new one, sign with it, and remove
    /// the old one when its last claim has ended. At least one, at most 8. No default.
    pub secrets: Vec<Secret>,
}

fn tier_field() -> Spanned<String> {
    Spanned::new(0..0, "huiyin_tier".to_owned())
}

/// `[ingest.limits]`: how much is taken, and how slowly. Only `max_failures` may be zero.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawLimits {
    /// Largest body, in bytes. 65536 by default.
    pub max_body_bytes: usize,
    /// A connection that does not bring a request's whole header within this duration, TLS handshake included, is closed. `"15s"`
    /// by default.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
    pub header_timeout: Duration,
    /// A body must be complete within this duration. `"5s"` by default.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
    pub body_timeout: Duration,
    /// Most open connections; beyond them the one that has waited longest for its client is closed. 4096 by default.
    pub max_connections: usize,
    /// Most requests at work at once, from their complete body to their answer; more are refused. 2048 by default.
    pub max_in_flight: usize,
    /// Most callbacks of one app that this instance answers with an error within 30 s; those that cannot be believed and
    /// those that cannot be taken count apart. More are answered 200: at 90, of all instances together, Easemob switches
    /// the app's rules off. 20 by default, at most 44.
    pub max_failures: usize,
    /// Messages per second that one sender may send before delivery, in the long run. 10 by default.
    pub sender_messages_per_second: u32,
    /// Messages that one sender may send at once. 50 by default.
    pub sender_burst_messages: u32,
    /// Most senders whose rate is remembered. 100000 by default.
    pub max_senders: usize,
    /// Most records that wait for Kafka's acknowledgement; more are refused at once. 20000 by default.
    pub max_queued_records: usize,
    /// Memory for records that wait for Kafka's acknowledgement, in KiB. 262144 by default.
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
