//! What came back of a callback.

use serde::Serialize;

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) status: Option<u16>,
    /// Reply body; bytes that are not UTF-8 are replaced.
    pub(crate) reply: String,
    /// Set when there is no complete reply: `Timeout` or `Connect`.
    pub(crate) failure: Option<Failure>,
    pub(crate) latency_ms: f64,
}

/// Why a reply is not usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Failure {
    /// No reply within the rule's wait time.
    Timeout,
    /// No connection, or it broke.
    Connect,
    /// A status other than 200.
    Status,
    /// More than 1,000 characters.
    TooLong,
    /// Not a JSON object.
    NotJson,
    /// `valid` missing, or a field of the wrong type.
    IllTyped,
}
