//! What a stand-in says no to, and the rows by which each family words it.

use super::config::CodeForm;
use super::faults::RetryAfter;
use crate::traffic::Fate;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

/// A date that is farther away is brought here, since dates of HTTP end with the year 9999.
const FARTHEST: Duration = Duration::from_secs(10 * 365 * 24 * 3_600);

/// Why a call is refused, whatever the family calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The request breaks the wire's rules.
    BadRequest,
    /// The model does not take a field.
    UnsupportedField,
    /// The model does not take this value of a field.
    UnsupportedValue,
    InvalidKey,
    /// A token that was good once.
    ExpiredToken,
    PermissionDenied,
    UnknownModel,
    RetiredModel,
    ContextTooLong,
    /// The provider's filter refuses the prompt.
    PromptBlocked,
    /// The provider's filter refuses the answer.
    AnswerBlocked,
    RequestRate,
    TokenRate,
    InputTokenRate,
    OutputTokenRate,
    /// Too many within a second.
    Burst,
    /// Grew too fast.
    Ramp,
    Concurrency,
    /// The account has no money, or did not pay.
    NoMoney,
    /// A limit on spending is reached.
    SpendLimit,
    ServerError,
    Overloaded,
    Timeout,
}

impl Trouble {
    /// Whether it is a limit that passes.
    pub(crate) fn is_limit(self) -> bool {
        matches!(
            self,
            Self::RequestRate
                | Self::TokenRate
                | Self::InputTokenRate
                | Self::OutputTokenRate
                | Self::Burst
                | Self::Ramp
                | Self::Concurrency
        )
    }
}

/// How a family words a trouble. A family has rows for codes of its own as well.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// The troubles that it is the answer to.
    pub(crate) troubles: &'static [Trouble],
    pub(crate) status: u16,
    /// Type of the error, where the family has one.
    pub(crate) kind: &'static str,
    /// Empty where the family has none.
    pub(crate) code: &'static str,
    pub(crate) message: &'static str,
}

/// A row for troubles.
pub(crate) const fn row(
    troubles: &'static [Trouble],
    (status, kind, code): (u16, &'static str, &'static str),
    message: &'static str,
) -> Row {
    Row { troubles, status, kind, code, message }
}

/// A refusal, ready to be worded by its wire.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) kind: &'static str,
    pub(crate) code: Option<Box<str>>,
    pub(crate) param: Option<&'static str>,
    pub(crate) message: Box<str>,
    pub(crate) retry_after: RetryAfter,
    pub(crate) form: CodeForm,
    /// What became of the call, for the traffic.
    pub(crate) fate: Fate,
}

impl Refusal {
    /// The refusal that a family's table has for a trouble.
    pub(crate) fn of(rows: &[Row], trouble: Trouble) -> Option<Self> {
        rows.iter().find(|row| row.troubles.contains(&trouble)).map(Self::from)
    }

    /// The refusal that a family's table has under a code or, where there is no such code, under a type.
    pub(crate) fn coded(rows: &[Row], code: &str) -> Option<Self> {
        let by_code = rows.iter().find(|row| row.code == code);
        by_code.or_else(|| rows.iter().find(|row| row.kind == code)).map(Self::from)
    }

    /// The same with another message.
    pub(crate) fn saying(mut self, message: impl Into<Box<str>>) -> Self {
        self.message = message.into();
        self
    }

    /// The same about a field.
    pub(crate) fn about(self, param: Option<&'static str>) -> Self {
        Self { param, ..self }
    }

    /// `code` in the JSON type that the server uses.
    pub(crate) fn code(&self) -> Value {
        match self.form {
            CodeForm::Text => json!(self.code),
            CodeForm::Integer => json!(self.status),
            CodeForm::Null => Value::Null,
        }
    }

    /// The reply with a body that the wire worded.
    pub(crate) fn reply(&self, body: &Value) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let json = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        let mut reply = (status, json, body.to_string()).into_response();
        reply.headers_mut().extend(headers(self.retry_after));
        reply.extensions_mut().insert(self.fate);
        reply
    }
}

impl From<&Row> for Refusal {
    fn from(row: &Row) -> Self {
        let limit = row.status == 429 || row.troubles.iter().any(|trouble| trouble.is_limit());
        Self {
            status: row.status,
            kind: row.kind,
            code: (!row.code.is_empty()).then(|| row.code.into()),
            param: None,
            message: row.message.into(),
            retry_after: RetryAfter::default(),
            form: CodeForm::Text,
            fate: if limit { Fate::Refused } else { Fate::Failed },
        }
    }
}

/// The page of a gateway that stands before the server.
pub(crate) fn page(status: StatusCode) -> Response {
    let html = format!(
        "<html><head><title>{status}</title></head><body><center><h1>{status}</h1></center></body></html>"
    );
    (status, Html(html)).into_response()
}

fn headers(retry_after: RetryAfter) -> HeaderMap {
    let RetryAfter { retry_after, retry_after_date, retry_after_in_ms } = retry_after;
    let seconds = retry_after.map(|time| time.as_secs_f64().to_string());
    let date = retry_after_date.map(|time| httpdate::fmt_http_date(SystemTime::now() + time.min(FARTHEST)));
    let texts = [
        (header::RETRY_AFTER, seconds.or(date)),
        (
            header::HeaderName::from_static("retry-after-ms"),
            retry_after_in_ms.map(|time| time.as_millis().to_string()),
        ),
    ];
    let set = texts.into_iter().filter_map(|(name, text)| Some((name, HeaderValue::from_str(&text?).ok()?)));
    set.collect()
}
