//! The only place that knows the bytes: JSON values, CloudEvents headers in binary mode, schema versions.
//!
//! Source of the header names: CloudEvents Kafka protocol binding 1.0.

use std::borrow::Cow;
use std::time::{Duration, UNIX_EPOCH};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Millis;
use crate::ids::{MessageId, TurnId};
use crate::topic::Topic;
use crate::trace::Trace;

/// Header with the record's id.
pub const ID: &str = "ce_id";
/// Header with the record's type, `huiyin.<topic>.<kind>`.
pub const TYPE: &str = "ce_type";
/// Header with the schema and its major version, `<topic>/<major>`.
pub const SCHEMA: &str = "huiyin_schema";
/// Header with the turn, so that a turn can be ended even if the value cannot be read.
pub const TURN: &str = "huiyin_turn";
/// Header with the kind within the topic.
pub const KIND: &str = "huiyin_kind";
/// Header with the message that opened the turn.
pub const MESSAGE: &str = "huiyin_message";
/// Header with the name of the replay that wrote the record. No sink acts on a record that has it.
pub const REPLAY: &str = "huiyin_replay";

/// Header of a decision with the version of the program that decided. It is no part of what was decided: equal decisions may differ in it.
pub const VERSION: &str = "huiyin_version";

/// The last millisecond of the year 9999.
const LAST: Millis = 253_402_300_799_999;

/// A rule between the fields of a record that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("check record: it must hold that {0}")]
pub struct Invalid(pub &'static str);

/// `Ok` if the rule holds.
///
/// # Errors
/// [`Invalid`] with the rule.
pub fn require(holds: bool, rule: &'static str) -> Result<(), Invalid> {
    if holds { Ok(()) } else { Err(Invalid(rule)) }
}

/// What travels on one topic.
pub trait Record: Serialize + DeserializeOwned {
    /// The topic.
    const TOPIC: Topic;
    /// Major version of the schema. Within it only optional fields are added.
    const MAJOR: u16 = 1;
    /// Every kind that this version knows.
    const KINDS: &'static [&'static str];

    /// The kind within the topic.
    fn kind(&self) -> &'static str;
    /// Unique among the records of the topic, repeated by a redelivery.
    fn id(&self) -> String;
    /// The key; `None` for control records.
    fn key(&self) -> Option<String>;
    /// When it came about.
    fn time(&self) -> Option<Millis>;
    /// The turn that it belongs to.
    fn turn(&self) -> Option<TurnId> {
        None
    }
    /// The message that opened its turn, where the turn may have to be ended from the headers alone.
    fn message(&self) -> Option<&MessageId> {
        None
    }
    /// About how many bytes its value takes.
    fn size(&self) -> usize {
        1_024
    }
    /// The trace that it belongs to; `id` is its own.
    fn trace(&self, id: &str) -> Option<Trace>;
    /// Checks what must hold between the fields.
    ///
    /// # Errors
    /// [`Invalid`] names the rule that is broken.
    fn check(&self) -> Result<(), Invalid>;
    /// Reads the value, unchecked.
    ///
    /// # Errors
    /// When it is not the JSON that the schema says.
    fn read(value: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(value)
    }
}

/// Name and bytes of a header.
pub type Header = (Cow<'static, str>, Vec<u8>);

/// A record as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// The topic that it belongs on.
    pub topic: Topic,
    /// Key bytes.
    pub key: Option<Vec<u8>>,
    /// Headers in a fixed order.
    pub headers: Vec<Header>,
    /// Value bytes.
    pub value: Vec<u8>,
}

/// A record that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// Its fields contradict one another.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// It has no JSON form.
    #[error("encode record")]
    Json(#[source] serde_json::Error),
}

/// A record that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// It was written by a newer version: this reader must wait for its upgrade.
    #[error("decode record: schema {0:?} is not known to this version")]
    UnknownVersion(String),
    /// It is a kind that a newer version knows: this reader must wait for its upgrade.
    #[error("decode record: kind {0:?} is not known to this version")]
    UnknownKind(String),
    /// It has no value.
    #[error("decode record: it has no value")]
    Empty,
    /// Its value is not the JSON that its schema says.
    #[error("decode record")]
    Malformed(#[source] serde_json::Error),
    /// Its fields contradict one another.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

impl DecodeError {
    /// Its name in headers and metrics.
    pub fn label(&self) -> &'static str {
        match self {
            Self::UnknownVersion(_) => "unknown_version",
            Self::UnknownKind(_) => "unknown_kind",
            Self::Empty => "empty",
            Self::Malformed(_) => "malformed",
            Self::Invalid(_) => "invalid",
        }
    }

    /// A newer version may be able to read it: wait, do not discard.
    pub fn may_be_newer(&self) -> bool {
        matches!(self, Self::UnknownVersion(_) | Self::UnknownKind(_))
    }
}

/// Writes a record; `source` is who writes it, such as `/huiyin/demo/decide`.
///
/// # Errors
/// [`EncodeError`] when the record breaks its own rules.
pub fn encode<R: Record>(record: &R, source: &str) -> Result<Encoded, EncodeError> {
    Ok(Encoded { headers: headers(record, source), ..encode_bare(record)? })
}

/// Key and value alone, of a record that is compared and never written.
///
/// # Errors
/// As [`encode`].
pub fn encode_bare<R: Record>(record: &R) -> Result<Encoded, EncodeError> {
    record.check()?;
    // Growing would copy it.
    let mut value = Vec::with_capacity(record.size());
    serde_json::to_writer(&mut value, record).map_err(EncodeError::Json)?;
    Ok(Encoded { topic: R::TOPIC, key: record.key().map(String::into_bytes), headers: Vec::new(), value })
}

fn headers<R: Record>(record: &R, source: &str) -> Vec<Header> {
    let id = record.id();
    let trace = record.trace(&id);
    let mut headers: Vec<Header> = Vec::with_capacity(14);
    let mut put = |name: &'static str, value: String| headers.push((name.into(), value.into_bytes()));
    put("ce_specversion", "1.0".to_owned());
    put(ID, id);
    put("ce_source", source.to_owned());
    put(TYPE, ["huiyin.", R::TOPIC.name(), ".", record.kind()].concat());
    if let Some(time) = record.time().and_then(rfc3339) {
        put("ce_time", time);
    }
    put("content-type", "application/json".to_owned());
    put(SCHEMA, [R::TOPIC.name(), "/", &R::MAJOR.to_string()].concat());
    put(KIND, record.kind().to_owned());
    if let Some(turn) = record.turn() {
        put(TURN, turn.to_string());
    }
    if let Some(message) = record.message() {
        put(MESSAGE, message.to_string());
    }
    if let Some(trace) = trace {
        put("traceparent", trace.into());
    }
    headers
}

/// Reads a record from its value; `header` gives the bytes of a header by name.
///
/// # Errors
/// [`DecodeError`]; ask [`DecodeError::may_be_newer`] before discarding.
pub fn decode<'a, R: Record>(
    header: impl Fn(&str) -> Option<&'a [u8]>,
    value: Option<&[u8]>,
) -> Result<R, DecodeError> {
    let record = R::read(announced::<R>(header, value)?).map_err(DecodeError::Malformed)?;
    record.check()?;
    Ok(record)
}

/// The value of a record whose headers announce nothing newer than this program, for whoever reads less of it than the record has.
///
/// # Errors
/// [`DecodeError`] of the headers, or when there is no value.
pub fn announced<'a, 'v, R: Record>(
    header: impl Fn(&str) -> Option<&'a [u8]>,
    value: Option<&'v [u8]>,
) -> Result<&'v [u8], DecodeError> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if let Some(schema) = header(SCHEMA).filter(|schema| !is_known::<R>(schema)) {
        return Err(DecodeError::UnknownVersion(text(schema)));
    }
    if let Some(kind) = header(KIND).filter(|kind| R::KINDS.iter().all(|known| known.as_bytes() != *kind)) {
        return Err(DecodeError::UnknownKind(text(kind)));
    }
    value.ok_or(DecodeError::Empty)
}

/// Whether a schema header names the version that this program knows, `<topic>/<major>`. Asked of every record that is
/// read.
pub fn is_known<R: Record>(schema: &[u8]) -> bool {
    let major = schema.strip_prefix(R::TOPIC.name().as_bytes()).and_then(|rest| rest.strip_prefix(b"/"));
    major.is_some_and(|major| *major == *R::MAJOR.to_string().as_bytes())
}

/// `None` beyond the year 9999, which RFC 3339 cannot write: other people's clocks stand in records.
fn rfc3339(time: Millis) -> Option<String> {
    let since = Duration::from_millis(time.max(0).unsigned_abs());
    (time <= LAST).then(|| humantime::format_rfc3339_millis(UNIX_EPOCH + since).to_string())
}
