//! What a reply says, leniently: servers differ in what they leave out.

use outbound::{Class, Failure, Reply};
use schemas::answered::{Usage, UsageSource};
use serde::Deserialize;
use serde_json::Value;

use super::Dialect;

/// More tokens than any call can have: a count above it is a server's mistake.
const MOST_TOKENS: u64 = 1_000_000_000;
/// Longest word of a provider that goes into a record, in characters.
const WORD: usize = 128;

/// What a reply says: an answer or a failure, and in either case what it tells besides.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) result: Result<Said, Failure>,
    pub(crate) notes: Notes,
}

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) text: String,
    /// It was cut at the output limit.
    pub(crate) truncated: bool,
}

/// What goes into the record of the attempt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Notes {
    pub(crate) status: Option<u16>,
    pub(crate) model: Option<String>,
    pub(crate) provider_request: Option<String>,
    pub(crate) finish: Option<String>,
    pub(crate) usage: Option<Usage>,
}

/// An error object.
#[derive(Debug, Default)]
pub(crate) struct Wrong {
    pub(crate) kind: Option<String>,
    /// A word, a number as text, or nothing.
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
}

#[derive(Deserialize)]
struct Completion {
    id: Option<String>,
    model: Option<String>,
    #[serde(default)]
    choices: Vec<Choice>,
    usage: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    content: Option<String>,
    refusal: Option<String>,
}

#[derive(Deserialize)]
struct Counted {
    prompt_tokens: u64,
    completion_tokens: u64,
    prompt_tokens_details: Option<PromptDetails>,
    completion_tokens_details: Option<CompletionDetails>,
}

#[derive(Deserialize)]
struct PromptDetails {
    cached_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct CompletionDetails {
    reasoning_tokens: Option<u64>,
}

/// Reads a complete reply.
pub(crate) fn read(dialect: &Dialect, reply: &Reply) -> Reading {
    let status = reply.status.as_u16();
    let provider_request = reply.header("x-request-id").map(word);
    let mut notes = Notes { status: Some(status), provider_request, ..Notes::default() };
    let wrong = Wrong::of(&reply.body);
    if !reply.status.is_success() || wrong.is_some() {
        let failure = refused(dialect, reply, &wrong.unwrap_or_default());
        return Reading { result: Err(failure), notes };
    }
    let Ok(completion) = serde_json::from_slice::<Completion>(&reply.body) else {
        let failure = reply.failure(Class::Protocol, "read the reply: it is no chat completion");
        return Reading { result: Err(failure), notes };
    };
    notes.provider_request = notes.provider_request.or(completion.id.as_deref().map(word));
    notes.model = completion.model.as_deref().map(word);
    notes.usage = completion.usage.and_then(usage);
    let choice = completion.choices.into_iter().next();
    notes.finish = choice.as_ref().and_then(|choice| choice.finish_reason.as_deref()).map(word);
    Reading { result: said(reply, choice), notes }
}

fn said(reply: &Reply, choice: Option<Choice>) -> Result<Said, Failure> {
    let useless = |what: &str, code| Err(reply.failure(Class::Protocol, what).with_code(code));
    let blocked =
        |code| Err(reply.failure(Class::ContentBlocked, "the provider stopped the answer").with_code(code));
    let Some(Choice { message, finish_reason }) = choice else {
        return useless("read the reply: it has no choice", "no_choice");
    };
    if message.refusal.is_some_and(|refusal| !refusal.is_empty()) {
        return blocked("refusal");
    }
    let finish = finish_reason.as_deref().unwrap_or_default();
    match message.content.filter(|text| !text.trim().is_empty()) {
        _ if finish == "content_filter" => blocked("content_filter"),
        None => useless("read the reply: it has no text", "empty"),
        Some(text) => Ok(Said { text, truncated: finish == "length" }),
    }
}

fn refused(dialect: &Dialect, reply: &Reply, wrong: &Wrong) -> Failure {
    let status = reply.status.as_u16();
    let class = (dialect.class)(status, wrong);
    // The provider's message is left out: it may quote the prompt.
    let failure = reply.failure(class, format!("the provider refused with http status {status}"));
    match wrong.code.as_ref().or(wrong.kind.as_ref()) {
        Some(code) => failure.with_code(code),
        None => failure,
    }
}

fn usage(value: Value) -> Option<Usage> {
    let counted: Counted = serde_json::from_value(value).ok()?;
    let usage = Usage {
        input: counted.prompt_tokens,
        cached: counted.prompt_tokens_details.and_then(|it| it.cached_tokens).unwrap_or_default(),
        output: counted.completion_tokens,
        reasoning: counted.completion_tokens_details.and_then(|it| it.reasoning_tokens).unwrap_or_default(),
        source: UsageSource::Provider,
    };
    is_possible(&usage).then_some(usage)
}

/// A usage that contradicts itself, or that no call can have, is as good as none.
fn is_possible(usage: &Usage) -> bool {
    usage.cached <= usage.input
        && usage.reasoning <= usage.output
        && usage.input <= MOST_TOKENS
        && usage.output <= MOST_TOKENS
}

impl Wrong {
    /// The error object of a body, if it has one. Ollama's native errors are a bare text.
    fn of(body: &[u8]) -> Option<Self> {
        let mut body: Value = serde_json::from_slice(body).ok()?;
        match body.get_mut("error")?.take() {
            Value::Object(error) => {
                let field = |name: &str| match error.get(name)? {
                    Value::String(text) => Some(text.clone()),
                    Value::Number(number) => Some(number.to_string()),
                    Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
                };
                Some(Self { kind: field("type"), code: field("code"), message: field("message") })
            }
            Value::String(message) => Some(Self { message: Some(message), ..Self::default() }),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
        }
    }
}

fn word(text: &str) -> String {
    text.chars().take(WORD).collect()
}
