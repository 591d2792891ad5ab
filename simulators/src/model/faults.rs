//! Faults of the model stand-in, planned by order or named by the model.

use super::config::CodeForm;
use super::request::ChatRequest;
use crate::script::Script;
use crate::wire::Connection;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What goes wrong with a call.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Fault {
    /// Answers after a time.
    Slow {
        #[serde(with = "crate::duration")]
        after: Duration,
    },
    /// Answers after a lognormal time that depends on seed and request.
    Jitter {
        #[serde(with = "crate::duration")]
        median: Duration,
        #[serde(default = "usual_sigma")]
        sigma: f64,
    },
    /// 429 that passes.
    RateLimited {
        #[serde(default, flatten)]
        retry_after: RetryAfter,
    },
    /// 429 that does not pass: no money.
    InsufficientQuota,
    /// 500.
    ServerError,
    /// 502 with an HTML page.
    BadGateway,
    /// 503.
    Overloaded {
        #[serde(default, flatten)]
        retry_after: RetryAfter,
    },
    /// 504 with an HTML page; the work was done and is billed.
    GatewayTimeout,
    /// 401.
    InvalidApiKey,
    /// 404.
    ModelNotFound,
    /// 400, prompt too long.
    ContextLengthExceeded,
    /// 400, prompt flagged.
    InvalidPrompt,
    /// Answer cut by the provider's filter.
    ContentFilter,
    /// Answer cut by the token limit.
    Length,
    /// Answer without text.
    EmptyContent,
    /// Reasoning but no content.
    ReasoningOnly,
    /// 200 whose body is not JSON.
    MalformedJson,
    /// 200 whose `Content-Length` promises more than comes.
    WrongLength,
    /// 200 whose body ends in the middle.
    Cut,
    /// 200 without `usage`.
    MissingUsage,
    /// Connection reset before any reply.
    Reset,
    /// Connection reset after status and headers.
    ResetAfterHeaders,
    /// Accepts the call and never answers; nothing is billed.
    Hang,
    /// Answered with exactly these bytes, after the script's wait; what the model would have said is billed if the
    /// status is a good one.
    Reply {
        #[serde(flatten)]
        script: Box<Script>,
    },
}

/// How a refusal says when to come back; nothing set leaves it out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct RetryAfter {
    /// `Retry-After` in seconds, with decimals where it needs them.
    #[serde(with = "crate::duration::optional", skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after: Option<Duration>,
    /// `Retry-After` as a date, so long from now.
    #[serde(with = "crate::duration::optional", skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after_date: Option<Duration>,
    /// `retry-after-ms`.
    #[serde(with = "crate::duration::optional", skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after_in_ms: Option<Duration>,
}

fn usual_sigma() -> f64 {
    0.5
}

/// A fault that was planned.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub(crate) fault: Fault,
    /// Of the code in an error; the model's own unless given.
    pub(crate) form: Option<CodeForm>,
}

/// What a planned fault applies to; an absent field matches everything.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Scope {
    pub(crate) model: Option<String>,
    /// Text that the last user message contains.
    pub(crate) contains: Option<String>,
    /// Whether another request came over the same connection before.
    pub(crate) reused: Option<bool>,
}

impl Scope {
    pub(crate) fn matches(&self, request: &ChatRequest, connection: Connection) -> bool {
        self.model.as_ref().is_none_or(|model| *model == request.model)
            && self.contains.as_ref().is_none_or(|text| request.last_user().contains(text.as_str()))
            && self.reused.is_none_or(|reused| reused == connection.is_reused)
    }
}

impl Fault {
    /// The fault that a model's name asks for: `sim-slow-500ms`, `sim-jitter-200ms`,
    /// `sim-rate-limited-3s`, each with any duration, or `sim-` and the fault's kind with dashes.
    pub(crate) fn named_by(model: &str) -> Option<Self> {
        let name = model.strip_prefix("sim-")?;
        let duration = |prefix: &str| humantime::parse_duration(name.strip_prefix(prefix)?).ok();
        if let Some(after) = duration("slow-") {
            return Some(Self::Slow { after });
        }
        if let Some(median) = duration("jitter-") {
            return Some(Self::Jitter { median, sigma: usual_sigma() });
        }
        if let Some(retry_after) = duration("rate-limited-") {
            let retry_after = RetryAfter { retry_after: Some(retry_after), ..RetryAfter::default() };
            return Some(Self::RateLimited { retry_after });
        }
        serde_json::from_value(serde_json::json!({ "kind": name.replace('-', "_") })).ok()
    }

    /// Whether the model did the work, so that it is billed whatever the client received.
    pub(crate) fn billed(&self) -> bool {
        match self {
            Self::Reply { script } => script.is_success(),
            Self::Slow { .. }
            | Self::Jitter { .. }
            | Self::GatewayTimeout
            | Self::ContentFilter
            | Self::Length
            | Self::EmptyContent
            | Self::ReasoningOnly
            | Self::MalformedJson
            | Self::WrongLength
            | Self::Cut
            | Self::MissingUsage
            | Self::ResetAfterHeaders => true,
            Self::RateLimited { .. }
            | Self::InsufficientQuota
            | Self::ServerError
            | Self::BadGateway
            | Self::Overloaded { .. }
            | Self::InvalidApiKey
            | Self::ModelNotFound
            | Self::ContextLengthExceeded
            | Self::InvalidPrompt
            | Self::Reset
            | Self::Hang => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, RetryAfter};
    use serde_json::json;
    use std::time::Duration;

    #[test]
    fn names_of_models_ask_for_faults() {
        assert_eq!(
            Fault::named_by("sim-slow-500ms"),
            Some(Fault::Slow { after: Duration::from_millis(500) })
        );
        assert_eq!(Fault::named_by("sim-bad-gateway"), Some(Fault::BadGateway));
        let retry_after = RetryAfter { retry_after: Some(Duration::from_secs(600)), ..RetryAfter::default() };
        assert_eq!(Fault::named_by("sim-rate-limited-600s"), Some(Fault::RateLimited { retry_after }));
        let retry_after = RetryAfter::default();
        assert_eq!(Fault::named_by("sim-rate-limited"), Some(Fault::RateLimited { retry_after }));
        assert_eq!(Fault::named_by("sim-large"), None);
        assert_eq!(Fault::named_by("gpt-slow-500ms"), None);
    }

    #[test]
    fn a_fault_is_written_flat() {
        let fault: Fault =
            serde_json::from_value(json!({"kind": "overloaded", "retry_after_in_ms": "20ms"})).unwrap();
        let retry_after =
            RetryAfter { retry_after_in_ms: Some(Duration::from_millis(20)), ..RetryAfter::default() };
        assert_eq!(fault, Fault::Overloaded { retry_after });
        assert_eq!(json!(fault), json!({"kind": "overloaded", "retry_after_in_ms": "20ms"}));
        assert!(serde_json::from_value::<Fault>(json!({"kind": "no_such"})).is_err());
    }
}
