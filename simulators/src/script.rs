//! A reply that is scripted to the byte.

use axum::body::Body;
use axum::http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base16ct::mixed;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;
use thiserror::Error;

/// A script as an order has it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct RawScript {
    status: u16,
    /// `content-type: application/json` unless given.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    body: String,
    /// Bytes in hexadecimal digits, in place of `body`.
    #[serde(skip_serializing_if = "Option::is_none")]
    body_hex: Option<String>,
    /// How long the reply is held back.
    #[serde(with = "crate::duration")]
    delay: Duration,
}

impl Default for RawScript {
    fn default() -> Self {
        Self {
            status: 200,
            headers: BTreeMap::new(),
            body: String::new(),
            body_hex: None,
            delay: Duration::ZERO,
        }
    }
}

/// Why a script cannot be played.
#[derive(Debug, Error)]
pub(crate) enum ScriptError {
    #[error("{0} is no status of a reply")]
    Status(u16),
    #[error("header {0:?} cannot be sent")]
    Header(String),
    #[error("body_hex is not pairs of hexadecimal digits")]
    Hex,
}

/// A script that can be played.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "RawScript", into = "RawScript")]
pub(crate) struct Script {
    raw: RawScript,
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Script {
    /// Whether the status says that all went well.
    pub(crate) fn is_success(&self) -> bool {
        self.status.is_success()
    }

    /// How long the reply is held back.
    pub(crate) fn delay(&self) -> Duration {
        self.raw.delay
    }

    /// Waits as long as the script says.
    pub(crate) async fn wait(&self) {
        tokio::time::sleep(self.raw.delay).await;
    }

    /// The reply, without the wait.
    pub(crate) fn reply(&self) -> Response {
        (self.status, self.headers.clone(), Body::from(self.body.clone())).into_response()
    }
}

impl TryFrom<RawScript> for Script {
    type Error = ScriptError;

    fn try_from(raw: RawScript) -> Result<Self, ScriptError> {
        let status = StatusCode::from_u16(raw.status).ok().filter(|status| !status.is_informational());
        let status = status.ok_or(ScriptError::Status(raw.status))?;
        let mut headers: HeaderMap =
            [(CONTENT_TYPE, HeaderValue::from_static("application/json"))].into_iter().collect();
        for (name, value) in &raw.headers {
            let refused = || ScriptError::Header(name.clone());
            let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused())?;
            // How the bytes are framed is the server's business; broken frames are faults of their own.
            if [CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION].contains(&key) {
                return Err(refused());
            }
            headers.insert(key, HeaderValue::from_str(value).map_err(|_| refused())?);
        }
        let body = match &raw.body_hex {
            Some(digits) => Bytes::from(mixed::decode_vec(digits).map_err(|_| ScriptError::Hex)?),
            None => Bytes::from(raw.body.clone()),
        };
        Ok(Self { raw, status, headers, body })
    }
}

impl From<Script> for RawScript {
    fn from(script: Script) -> Self {
        script.raw
    }
}

#[cfg(test)]
mod tests {
    use super::Script;
    use serde_json::{Value, json};

    fn read(order: Value) -> Result<Script, String> {
        serde_json::from_value(order).map_err(|error| error.to_string())
    }

    #[test]
    fn a_script_is_played_to_the_byte() {
        let order = json!({"status": 413, "headers": {"content-encoding": "gzip"}, "body_hex": "1f8B00"});
        let script = read(order).unwrap();
        let reply = script.reply();
        assert_eq!((reply.status().as_u16(), script.is_success()), (413, false));
        assert_eq!(reply.headers()["content-encoding"], "gzip");
        assert_eq!(reply.headers()["content-type"], "application/json");
        assert_eq!(script.body.as_ref(), [0x1f, 0x8b, 0]);
        assert_eq!(read(json!({"body": "x"})).unwrap().reply().status(), 200);
    }

    #[test]
    fn what_cannot_be_played_is_refused_when_it_is_ordered() {
        for (order, what) in [
            (json!({"status": 99}), "99"),
            (json!({"status": 101}), "101"),
            (json!({"headers": {"content-length": "3"}}), "content-length"),
            (json!({"headers": {"a b": "3"}}), "a b"),
            (json!({"headers": {"x": "a\nb"}}), "\"x\""),
            (json!({"body_hex": "abc"}), "body_hex"),
            (json!({"body_hex": "zz"}), "body_hex"),
        ] {
            let refused = read(order).unwrap_err();
            assert!(refused.contains(what), "{refused}");
        }
    }
}
