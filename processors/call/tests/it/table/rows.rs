//! What each fault must lead to, wire by wire.

/// What follows the first attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// It is the answer.
    Answer,
    /// It is the answer, cut at the cap.
    CutAnswer,
    /// The next target gives the answer.
    Spare,
    /// Nobody else is asked: people get the canned words.
    Nothing,
}

/// What other conversations meet afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// Nothing: the target is asked again and again.
    None,
    /// The target is passed by from now on: it asked for that.
    Cools,
    /// The target is passed by once a second conversation has met the same: a person has to act.
    Stops,
    /// The target is passed by once it has failed three times in a row.
    Breaks,
}

/// One fault at some wires.
pub(super) struct Row {
    /// As the model's name asks for it.
    pub(super) fault: &'static str,
    pub(super) wires: &'static [&'static [&'static str]],
    /// Class of the first attempt; empty for an answer.
    pub(super) class: &'static str,
    pub(super) then: Then,
    pub(super) rest: Rest,
    pub(super) how: How,
}

/// How a target is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Well,
    /// With a key that the vendor does not know, or a secret that is not the key's.
    WrongKey,
    /// At an address where nothing listens.
    Nowhere,
}

const OPENAI: &[&str] = &["openai", "openai-whole"];
const CLAUDE: &[&str] = &["claude", "claude-whole"];
const TONGYI: &[&str] = &["tongyi"];
const ERNIE: &[&str] = &["ernie", "ernie-v1"];
const SPARK: &[&str] = &["spark", "spark-whole", "spark-ws"];
const SPARK_HTTP: &[&str] = &["spark", "spark-whole"];
const CHATS: &[&str] = &["openai", "tongyi", "ernie", "vllm", "llamacpp"];
const LOCAL: &[&str] = &["ollama", "vllm", "llamacpp"];
const SERVERS: &[&str] = &["vllm", "llamacpp"];
/// Every wire that streams.
const STREAMS: &[&str] =
    &["openai", "claude", "tongyi", "ernie", "ernie-v1", "spark", "spark-ws", "ollama", "vllm", "llamacpp"];
/// Those whose events come over HTTP.
const EVENTS: &[&str] = &["openai", "claude", "tongyi", "ernie", "ernie-v1", "spark", "vllm", "llamacpp"];
/// Every wire over HTTP.
const HTTP: &[&[&str]] = &[OPENAI, CLAUDE, TONGYI, ERNIE, SPARK_HTTP, LOCAL];
const VENDORS: &[&[&str]] = &[OPENAI, CLAUDE, TONGYI, ERNIE, SPARK];
const ALL: &[&[&str]] = &[OPENAI, CLAUDE, TONGYI, ERNIE, SPARK, LOCAL];

type Wires = &'static [&'static [&'static str]];

const fn row(fault: &'static str, wires: Wires, class: &'static str, then: Then, rest: Rest) -> Row {
    Row { fault, wires, class, then, rest, how: How::Well }
}

/// A limit that the vendor lifts.
const fn limit(fault: &'static str, wires: Wires, class: &'static str) -> Row {
    row(fault, wires, class, Then::Spare, Rest::Cools)
}

/// A refusal that lasts until a person acts.
const fn last(fault: &'static str, wires: Wires, class: &'static str) -> Row {
    row(fault, wires, class, Then::Spare, Rest::Stops)
}

/// A failure of the target.
const fn failure(fault: &'static str, wires: Wires, class: &'static str) -> Row {
    row(fault, wires, class, Then::Spare, Rest::Breaks)
}

/// A failure that is told in words behind a good status, on a wire whose replies have no status of their own. It may be about what
/// one person wrote, and is not held against the target.
const fn told(fault: &'static str, wires: Wires, class: &'static str) -> Row {
    row(fault, wires, class, Then::Spare, Rest::None)
}

/// A stream that is odd and whole.
const fn odd(fault: &'static str, wires: Wires) -> Row {
    row(fault, wires, "", Then::Answer, Rest::None)
}

pub(super) const ROWS: &[Row] = &[
    odd("well", ALL),
    limit("rate-limited-30s", VENDORS, "rate_limited"),
    limit("rate-limited-600s", VENDORS, "rate_limited"),
    limit("rate-limited", &[OPENAI, TONGYI, ERNIE, SPARK], "rate_limited"),
    // Without a time to wait this vendor's limit does not pass.
    last("rate-limited", &[CLAUDE], "quota_exhausted"),
    limit("token-limited-30s", VENDORS, "rate_limited"),
    limit("ramp-limited-30s", &[OPENAI, CLAUDE, TONGYI], "ramp_limited"),
    limit("concurrency-limited-30s", &[SPARK, &["ollama"]], "rate_limited"),
    // The same word: money at one vendor, tokens per minute at another.
    last("error-insufficient_quota", &[OPENAI], "quota_exhausted"),
    limit("error-insufficient_quota", &[TONGYI], "rate_limited"),
    last("insufficient-quota", VENDORS, "quota_exhausted"),
    last("spend-limit", &[CLAUDE, TONGYI, SPARK, &["ernie-v1"]], "quota_exhausted"),
    last("invalid-api-key", &[OPENAI, CLAUDE, TONGYI, ERNIE, SPARK_HTTP, SERVERS], "auth"),
    last("error-11500", &[SPARK], "auth"),
    Row { how: How::WrongKey, ..last("wrong-key", &[OPENAI, CLAUDE, TONGYI, ERNIE, SPARK, SERVERS], "auth") },
    // A token that holds no more is got anew once, within the attempt.
    last("expired-token", &[&["ernie-v1"]], "auth"),
    last("permission-denied", &[OPENAI, CLAUDE, TONGYI, ERNIE], "auth"),
    last("model-not-found", ALL, "model_unavailable"),
    last("model-retired", &[OPENAI, CLAUDE, TONGYI, ERNIE], "model_unavailable"),
    failure("server-error", &[OPENAI, CLAUDE, TONGYI, ERNIE, SPARK, LOCAL], "server_error"),
    failure("bad-gateway", HTTP, "server_error"),
    failure("gateway-timeout", HTTP, "server_error"),
    failure("overloaded", &[OPENAI, CLAUDE, TONGYI, ERNIE, SPARK, SERVERS], "overloaded"),
    failure("timeout", &[CLAUDE, TONGYI, SPARK], "timeout"),
    Row { how: How::Nowhere, ..failure("refused-connection", ALL, "server_error") },
    failure("reset", ALL, "protocol"),
    failure("reset-after-headers", ALL, "protocol"),
    failure("hang", ALL, "timeout"),
    failure("cut-stream-0", &[STREAMS], "protocol"),
    failure("cut-stream-2", &[STREAMS], "protocol"),
    failure("reset-stream-2", &[STREAMS], "protocol"),
    // What stands behind it is read for its count of tokens.
    failure("malformed-frame-2", &[STREAMS], "protocol"),
    failure("stall-2", &[STREAMS], "timeout"),
    failure("slow-first-byte-9s", &[STREAMS], "timeout"),
    failure("stream-error-2", &[&["ernie-v1", "spark", "spark-ws"]], "overloaded"),
    told("stream-error-2", &[&["openai", "claude", "tongyi", "ernie"]], "overloaded"),
    // The code of the error is the status that it would have had.
    told("stream-error-2", &[SERVERS], "overloaded"),
    // It has no code.
    told("stream-error-2", &[&["ollama"]], "server_error"),
    failure("wrong-length", &[&["openai-whole", "claude-whole", "spark-whole"]], "protocol"),
    failure("cut", &[&["openai-whole", "claude-whole", "spark-whole"]], "protocol"),
    failure("malformed-json", ALL, "protocol"),
    row("context-length-exceeded", ALL_BUT_TRIMMING, "context_too_long", Then::Spare, Rest::None),
    row("invalid-prompt", &[OPENAI, TONGYI, SPARK, &["ernie"]], "content_blocked", Then::Nothing, Rest::None),
    row("content-filter", VENDORS, "content_blocked", Then::Nothing, Rest::None),
    row("refusal", &[CLAUDE], "content_blocked", Then::Nothing, Rest::None),
    row("flagged", &[ERNIE], "content_blocked", Then::Nothing, Rest::None),
    row("empty-content", ALL, "empty", Then::Spare, Rest::None),
    row("reasoning-only", &[OPENAI, CLAUDE, TONGYI, &["ernie"], LOCAL], "empty", Then::Spare, Rest::None),
    // Spark tells no reason why an answer ended: its count of tokens shows it.
    row("length", ALL, "", Then::CutAnswer, Rest::None),
    // What is not told is estimated, and is on the record as such.
    odd("missing-usage", ALL),
    odd("usage-in-choice", &[CHATS]),
    odd("usage-everywhere", &[CHATS]),
    odd("missing-done", &[&["openai", "claude", "tongyi", "ernie", "vllm", "llamacpp"]]),
    // Nothing else tells that a stream of these wires is whole.
    failure("missing-done", &[&["ernie-v1", "spark", "spark-ws", "ollama"]], "protocol"),
    odd("tight-data", &[EVENTS]),
    odd("crlf", &[EVENTS]),
    odd("byte-order-mark", &[EVENTS]),
    odd("split-utf8", &[STREAMS]),
    odd("trickle-20ms", &[STREAMS]),
    odd("pings-1", &[STREAMS]),
];

/// Every wire whose server refuses a prompt that is too long.
const ALL_BUT_TRIMMING: Wires = &[OPENAI, CLAUDE, TONGYI, ERNIE, SPARK, SERVERS];
