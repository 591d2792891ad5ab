//! The checked section, from which the step is built.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use common::Secret;
use pipeline::kafka::PublisherLimits;
use schemas::ids::AppKey;

use super::raw::RawCodes;

/// The checked section.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// HTTPS; plain HTTP if absent.
    pub tls: Option<TlsFiles>,
    /// Callback rules.
    pub rules: Vec<Rule>,
    /// Other sources.
    pub sources: Vec<Source>,
    /// How claims of apps are read.
    pub claims: BTreeMap<AppKey, ClaimRule>,
    /// How much is taken, and how slowly.
    pub limits: Limits,
}

impl Config {
    /// How much the publisher holds: every record that may wait, and a `withdrawn` after each.
    pub fn publisher_limits(&self) -> PublisherLimits {
        PublisherLimits {
            records: self.limits.max_queued_records * 2,
            kibibytes: self.limits.max_queued_kibibytes,
        }
    }
}

/// Where certificate and key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// Certificate chain, PEM.
    pub certificates: PathBuf,
    /// Private key, PEM.
    pub key: PathBuf,
}

/// When a rule calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Before a message is delivered.
    Pre,
    /// After it was delivered.
    Post,
}

/// A callback rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Path of its URL, without a slash at its end.
    pub path: String,
    /// The app that it belongs to.
    pub app: AppKey,
    /// When it calls.
    pub stage: Stage,
    /// Its secret.
    pub secret: Secret,
    /// Largest age of a callback.
    pub window: Duration,
    /// A callback is answered within this time.
    pub deadline: Duration,
    /// What the sender's client is told about a message that is not delivered.
    pub codes: Codes,
}

/// What the sender's client is told about a message that is not delivered; `None` tells nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Codes {
    /// The line answers the message.
    pub intercepted: Option<String>,
    /// The filter stops it.
    pub blocked: Option<String>,
    /// The sender sends too much.
    pub too_many: Option<String>,
    /// It could not be recorded in time.
    pub unavailable: Option<String>,
}

impl From<&RawCodes> for Codes {
    fn from(raw: &RawCodes) -> Self {
        let code = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        Self {
            intercepted: code(&raw.intercepted),
            blocked: code(&raw.blocked),
            too_many: code(&raw.too_many),
            unavailable: code(&raw.unavailable),
        }
    }
}

/// What a source brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// Ratings and remarks.
    Feedback,
    /// A person takes a conversation over, or hands it back.
    Takeover,
    /// Somebody finds that an answer may not stand.
    Finding,
}

/// A source other than Easemob.
#[derive(Debug, Clone)]
pub struct Source {
    /// Path of its URL, without a slash at its end.
    pub path: String,
    /// The app that it may speak about.
    pub app: AppKey,
    /// What it brings.
    pub kind: SourceKind,
    /// Key of its signatures.
    pub secret: Secret,
    /// Largest distance of a request's timestamp from now.
    pub window: Duration,
    /// A request is answered within this time.
    pub deadline: Duration,
}

/// How the claims of an app are read.
#[derive(Debug, Clone)]
pub struct ClaimRule {
    /// The field of the extension that they stand in.
    pub field: String,
    /// Secrets, one of which signed them.
    pub secrets: Vec<Secret>,
}

/// How much is taken, and how slowly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest body, in bytes.
    pub max_body_bytes: usize,
    /// A connection that does not bring a request's whole header within this time is closed.
    pub header_timeout: Duration,
    /// A body must be complete within this time.
    pub body_timeout: Duration,
    /// Most open connections; beyond them the one that has waited longest for its client is closed.
    pub max_connections: usize,
    /// Most requests at work at once; a request counts from when its body is complete.
    pub max_in_flight: usize,
    /// Most callbacks of one app and stage that are answered with an error within 30 s; failures of callers and of the line count apart.
    pub max_failures: usize,
    /// What one sender may send.
    pub sender: SenderLimit,
    /// Most records that wait for an acknowledgement.
    pub max_queued_records: usize,
    /// KiB of memory for them.
    pub max_queued_kibibytes: usize,
}

/// What one sender may send before delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SenderLimit {
    /// Messages per second in the long run.
    pub per_second: u32,
    /// Messages at once.
    pub burst: u32,
    /// Most senders that are remembered.
    pub remembered: usize,
}
