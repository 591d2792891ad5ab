//! The content of a reply, in whatever form it came: one completion, or the pieces of a stream put together.

use outbound::Reply;
use safety::is_blank;
use serde_json::{Map, Value};

use super::content::Content;
use super::documents::Documents;
use super::provider_error::ProviderError;
use crate::families::Family;

/// The fields of an object.
pub(crate) type Fields = Map<String, Value>;

/// Names under which gateways wrap a completion.
const WRAPPERS: [&str; 7] = ["data", "result", "response", "output", "body", "completion", "x_groq"];
const FINISH: [&str; 5] = ["finish_reason", "finishReason", "stop_reason", "stopReason", "done_reason"];

/// The content of a reply.
#[derive(Debug, Default)]
pub(crate) struct ParsedReply {
    pub(super) id: Option<String>,
    pub(super) model: Option<String>,
    pub(super) text: String,
    /// The last finish reason.
    pub(super) finish: Option<String>,
    /// The last count of tokens.
    pub(super) usage: Option<Fields>,
    pub(super) error: Option<ProviderError>,
    /// A sign of a filter other than the finish reason.
    pub(super) blocked: Option<&'static str>,
    /// It has the form of a completion, even of an empty one.
    pub(super) is_completion: bool,
    /// It came in pieces.
    pub(super) streamed: bool,
    /// It came in pieces, and some are missing.
    pub(super) is_cut: bool,
}

impl ParsedReply {
    pub(super) fn of(family: &dyn Family, reply: &Reply) -> Self {
        let documents = Documents::of(&reply.body);
        let mut parsed = Self { streamed: documents.streamed, ..Self::default() };
        documents
            .values
            .iter()
            .filter_map(Value::as_object)
            .for_each(|document| family.read(document, &mut parsed));
        let open = parsed.streamed && parsed.finish.is_none() && !documents.ended;
        if !reply.status.is_success() {
            let plain = || documents.values.iter().find_map(|it| ProviderError::of_refusal(it.as_object()?));
            parsed.error = parsed.error.or_else(plain).or_else(|| ProviderError::of_words(&reply.body));
        }
        parsed.is_cut = documents.damaged || (open && parsed.is_completion);
        parsed
    }

    /// Adds a document in any form that a vendor is known to use.
    pub(crate) fn add(&mut self, document: &Fields) {
        let wrapped = WRAPPERS.iter().filter_map(|name| document.get(*name)?.as_object());
        let layers: Vec<&Fields> = std::iter::once(document).chain(wrapped).collect();
        let first = |names: &[&str], fits: fn(&Value) -> Option<String>| {
            layers.iter().find_map(|layer| names.iter().find_map(|name| fits(layer.get(*name)?)))
        };
        self.id = self.id.take().or_else(|| first(&["id", "request_id", "requestId", "sid"], word));
        self.model = self.model.take().or_else(|| first(&["model"], word));
        let inner = || layers.iter().skip(1).find_map(|layer| ProviderError::of_error(layer.get("error")?));
        self.error = self.error.take().or_else(|| ProviderError::of(document)).or_else(inner);
        for sign in ["output_sensitive", "input_sensitive"] {
            if layers.iter().any(|layer| layer.get(sign) == Some(&Value::Bool(true))) {
                self.blocked = Some(sign);
            }
        }
        let choice = layers.iter().find_map(|layer| chosen(layer.get("choices")?)).or_else(|| bare(&layers));
        let usage = layers.iter().copied().chain(choice).find_map(usage);
        let has_choices = layers.iter().any(|layer| layer.contains_key("choices"));
        self.is_completion |= has_choices || choice.is_some() || usage.is_some();
        self.usage = usage.cloned().or(self.usage.take());
        self.finish = choice
            .into_iter()
            .chain(layers.iter().copied())
            .find_map(|fields| FINISH.iter().find_map(|name| word(fields.get(*name)?)))
            .filter(|word| word != "null")
            .or(self.finish.take());
        if let Some(choice) = choice {
            self.choice(choice);
        }
    }

    fn choice(&mut self, choice: &Fields) {
        let filtered = choice.get("content_filter_results").and_then(Value::as_object);
        if filtered.is_some_and(|all| all.values().any(|it| it.get("filtered") == Some(&Value::Bool(true)))) {
            self.blocked = Some("content_filter");
        }
        // Qianfan: 3 is not to be shown, 4 is to be withdrawn.
        if choice.get("flag").and_then(Value::as_u64).is_some_and(|flag| flag >= 3) {
            self.blocked = Some("flag");
        }
        self.error = self.error.take().or_else(|| ProviderError::of_error(choice.get("error")?));
        let spoken = |name: &&str| choice.get(*name).map(said);
        let mut content =
            ["message", "delta", "text", "response", "content", "result"].iter().filter_map(spoken).fold(
                Content::default(),
                |content, next| if content.text.is_empty() { content.then(next) } else { content },
            );
        if content.refused {
            self.blocked = Some("refusal");
        }
        // Some servers repeat the whole text so far in every message; Ollama's messages hold the next piece only.
        let repeats = choice.contains_key("message") && !choice.contains_key("done");
        if repeats && content.text.starts_with(self.text.as_str()) {
            self.text.clear();
        }
        self.text.push_str(&std::mem::take(&mut content.text));
    }
}

/// What a message says, in its content and as its refusal.
fn said(message: &Value) -> Content {
    let Value::Object(fields) = message else { return Content::of(message) };
    let mut content = fields.get("content").map(Content::of).unwrap_or_default();
    content.refused |= match fields.get("refusal") {
        Some(Value::String(words)) => !is_blank(words),
        Some(other) => *other == Value::Bool(true),
        None => false,
    };
    content
}

/// The choice that says something, or the first: one was asked for.
fn chosen(choices: &Value) -> Option<&Fields> {
    let says = |choice: &&Fields| {
        let message = choice.get("message").or_else(|| choice.get("delta")).or_else(|| choice.get("text"));
        message.is_some_and(|message| !is_blank(&said(message).text))
    };
    match choices {
        Value::Array(all) => {
            let all = || all.iter().filter_map(Value::as_object);
            all().find(says).or_else(|| all().next())
        }
        Value::Object(one) if ["message", "delta", "text"].iter().any(|name| one.contains_key(*name)) => {
            Some(one)
        }
        Value::Object(all) => all.values().find_map(Value::as_object),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// A completion without a list of choices: Ollama's own form, DashScope's, Qianfan's first.
fn bare<'a>(layers: &[&'a Fields]) -> Option<&'a Fields> {
    layers.iter().copied().find(|layer| {
        let text = |name: &str| layer.get(name).is_some_and(Value::is_string);
        let message = layer.get("message").or_else(|| layer.get("delta")).is_some_and(Value::is_object);
        let parts = layer.get("content").is_some_and(Value::is_array);
        message
            || parts
            || text("response")
            || text("result")
            || (text("text") && layer.contains_key("finish_reason"))
    })
}

/// The object that has the token counts. Ollama puts them beside everything else.
fn usage(fields: &Fields) -> Option<&Fields> {
    let counts =
        ["usage", "usage_metadata", "usageMetadata"].iter().filter_map(|name| fields.get(*name)?.as_object());
    let own = fields.contains_key("prompt_eval_count").then_some(fields);
    counts.chain(own).find(|counts| !counts.is_empty())
}

/// A text that is not empty, or a number, or what an object calls its kind.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Object(fields) => {
            ["type", "reason"].iter().find_map(|name| Some(fields.get(*name)?.as_str()?.to_owned()))
        }
        Value::Null | Value::Bool(_) | Value::Array(_) => None,
    }
}
