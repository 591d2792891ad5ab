//! Faults of the model stand-in, planned by order, asked for by a header, or named by the model.

mod names;

use super::config::CodeForm;
use super::refusal::Trouble;
use super::request::ChatRequest;
use crate::script::Script;
use crate::wire::Connection;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What goes wrong with a call. Refusals come in the words of the family that was called.
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
    /// Answers later with each call that meets it.
    Creep {
        /// Time of the first.
        #[serde(with = "crate::duration")]
        first: Duration,
        /// How much longer the next one takes.
        #[serde(with = "crate::duration")]
        step: Duration,
    },
    /// A limit on requests that passes.
    RateLimited {
        #[serde(default, flatten)]
        retry_after: RetryAfter,
    },
    /// A limit on tokens that passes.
    TokenLimited {
        #[serde(default, flatten)]
        retry_after: RetryAfter,
    },
    /// A limit on growth that passes.
    RampLimited {
        #[serde(default, flatten)]
        retry_after: RetryAfter,
    },
    /// A limit on calls at a time.
    ConcurrencyLimited {
        #[serde(default, flatten)]
        retry_after: RetryAfter,
    },
    /// The account has no money, or did not pay; this does not pass.
    InsufficientQuota,
    /// A limit on spending; this does not pass.
    SpendLimit,
    /// 500.
    ServerError,
    /// 502 with an HTML page.
    BadGateway,
    /// The family's word for overload.
    Overloaded {
        #[serde(default, flatten)]
        retry_after: RetryAfter,
    },
    /// 504 with an HTML page; the work was done and is billed.
    GatewayTimeout,
    /// The provider itself says that it took too long.
    Timeout,
    /// 401, or what stands for it.
    InvalidApiKey,
    /// A token that was good once.
    ExpiredToken,
    /// 403.
    PermissionDenied,
    /// The model does not exist.
    ModelNotFound,
    /// The model does not exist any more.
    ModelRetired,
    /// The prompt is too long.
    ContextLengthExceeded,
    /// The prompt is refused by the provider's filter.
    InvalidPrompt,
    /// Any error of the family, by its code or, without a code, by its type.
    Error {
        code: String,
        /// In place of the usual one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        /// In place of the usual one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        #[serde(default, flatten)]
        retry_after: RetryAfter,
    },
    /// The answer is cut by the provider's filter.
    ContentFilter,
    /// The model refuses to answer.
    Refusal,
    /// Answered, with the family's mark that a question must not stay in the history: the current one, or the first that contains a text,
    /// if there is one.
    Flagged {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        contains: Option<String>,
    },
    /// Answer cut by the token limit.
    Length,
    /// Answer without text.
    EmptyContent,
    /// Reasoning but no content.
    ReasoningOnly,
    /// 200 whose body is not JSON; of a stream, its second frame.
    MalformedJson,
    /// 200 whose `Content-Length` promises more than comes; a stream has none and ends without its end.
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
    /// A stream whose headers come at once and whose first frame comes after a time.
    SlowFirstByte {
        #[serde(with = "crate::duration")]
        after: Duration,
    },
    /// A stream with a time between its chunks.
    Trickle {
        #[serde(with = "crate::duration")]
        every: Duration,
    },
    /// A stream of so many chunks with a time between them.
    Paced {
        chunks: u32,
        #[serde(with = "crate::duration")]
        every: Duration,
    },
    /// A stream that stops after so many chunks and stays open.
    Stall {
        #[serde(default = "few")]
        after_chunks: u32,
    },
    /// A stream that is closed after so many chunks.
    CutStream {
        #[serde(default = "few")]
        after_chunks: u32,
    },
    /// A stream whose connection is reset after so many chunks.
    ResetStream {
        #[serde(default = "few")]
        after_chunks: u32,
    },
    /// A stream that tells of an error after so many chunks: overload, unless a code is given.
    StreamError {
        #[serde(default = "few")]
        after_chunks: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
    },
    /// A stream with a frame that is not JSON after so many chunks, and that goes on.
    MalformedFrame {
        #[serde(default = "few")]
        after_chunks: u32,
    },
    /// A stream that ends in good order but for its terminator.
    MissingDone,
    /// A stream with a comment before every so many chunks.
    Pings {
        #[serde(default = "one")]
        every: u32,
    },
    /// A stream whose writes cut through characters.
    SplitUtf8,
    /// A stream with `data:` and no space.
    TightData,
    /// A stream whose lines end with CR LF.
    Crlf,
    /// A stream that begins with a byte order mark.
    ByteOrderMark,
    /// A stream that tells its usage in the last chunk with a choice, wanted or not.
    UsageInChoice,
    /// A stream that tells its usage in every chunk, wanted or not.
    UsageEverywhere,
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

fn few() -> u32 {
    3
}

fn one() -> u32 {
    1
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
    pub(crate) family: Option<super::Family>,
    pub(crate) model: Option<String>,
    /// Name of the key in the ledger.
    pub(crate) key: Option<String>,
    /// Whether the call asked for a stream.
    pub(crate) stream: Option<bool>,
    /// Text that the last user message contains.
    pub(crate) contains: Option<String>,
    /// Whether another request came over the same connection before.
    pub(crate) reused: Option<bool>,
}

/// What a scope is compared with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller<'a> {
    pub(crate) family: super::Family,
    pub(crate) key: Option<&'a str>,
    pub(crate) connection: Connection,
}

impl Scope {
    pub(crate) fn matches(&self, request: &ChatRequest, caller: Caller<'_>) -> bool {
        self.family.is_none_or(|family| family == caller.family)
            && self.model.as_ref().is_none_or(|model| *model == request.model)
            && self.key.as_ref().is_none_or(|key| Some(key.as_str()) == caller.key)
            && self.stream.is_none_or(|stream| stream == request.stream)
            && self.contains.as_ref().is_none_or(|text| request.last_user().contains(text.as_str()))
            && self.reused.is_none_or(|reused| reused == caller.connection.is_reused)
    }
}

impl Fault {
    /// The trouble that it is refused with, if the fault is a refusal in the family's words.
    pub(crate) fn trouble(&self) -> Option<(Trouble, RetryAfter)> {
        let plain = |trouble| Some((trouble, RetryAfter::default()));
        match self {
            Self::RateLimited { retry_after } => Some((Trouble::RequestRate, *retry_after)),
            Self::TokenLimited { retry_after } => Some((Trouble::TokenRate, *retry_after)),
            Self::RampLimited { retry_after } => Some((Trouble::Ramp, *retry_after)),
            Self::ConcurrencyLimited { retry_after } => Some((Trouble::Concurrency, *retry_after)),
            Self::Overloaded { retry_after } => Some((Trouble::Overloaded, *retry_after)),
            Self::InsufficientQuota => plain(Trouble::NoMoney),
            Self::SpendLimit => plain(Trouble::SpendLimit),
            Self::ServerError => plain(Trouble::ServerError),
            Self::Timeout => plain(Trouble::Timeout),
            Self::InvalidApiKey => plain(Trouble::InvalidKey),
            Self::ExpiredToken => plain(Trouble::ExpiredToken),
            Self::PermissionDenied => plain(Trouble::PermissionDenied),
            Self::ModelNotFound => plain(Trouble::UnknownModel),
            Self::ModelRetired => plain(Trouble::RetiredModel),
            Self::ContextLengthExceeded => plain(Trouble::ContextTooLong),
            Self::InvalidPrompt => plain(Trouble::PromptBlocked),
            _ => None,
        }
    }

    /// The fault as it is after so many calls met it.
    pub(crate) fn grown(self, met: u32) -> Self {
        match self {
            Self::Creep { first, step } => Self::Slow { after: first + step * met },
            other => other,
        }
    }

    /// Whether the model did the work, so that it is billed whatever the client received.
    pub(crate) fn billed(&self) -> bool {
        match self {
            Self::Reply { script } => script.is_success(),
            Self::BadGateway | Self::Error { .. } | Self::Reset | Self::Hang => false,
            _ => self.trouble().is_none(),
        }
    }
}
