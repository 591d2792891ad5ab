//! The content of a reply, in whatever form it came: one completion, or the pieces of a stream put together.

use safety::is_blank;
use serde_json::{Map, Value};

use super::Objection;
use super::content::Content;
use super::finish::Finish;
use super::growth::{Collected, Growth};
use super::provider_error::ProviderError;

/// The fields of an object.
pub(crate) type Fields = Map<String, Value>;

/// Names under which gateways wrap a completion.
const WRAPPERS: [&str; 7] = ["data", "result", "response", "output", "body", "completion", "x_groq"];
const FINISH: [&str; 5] = ["finish_reason", "finishReason", "stop_reason", "stopReason", "done_reason"];

/// The content of a reply as far as it was read. A family adds to it one document after the other.
#[derive(Debug)]
pub(crate) struct ParsedReply {
    pub(super) id: Option<String>,
    pub(super) model: Option<String>,
    pub(super) growth: Box<dyn Growth>,
    /// Estimated tokens of the reasoning that came apart from the text, in tenths.
    thought: u64,
    /// Of everything that was generated.
    generated: u64,
    /// Of what was generated when tokens were counted last.
    counted: u64,
    /// The document that is being read counts tokens.
    counts: bool,
    /// The last finish reason.
    pub(super) finish: Option<String>,
    /// It has as many tokens as it may have, on a wire that has no other word for that.
    pub(super) is_capped: bool,
    /// The last count of tokens.
    pub(super) usage: Option<Fields>,
    pub(super) error: Option<ProviderError>,
    /// A sign of a filter other than the finish reason.
    pub(super) blocked: Option<&'static str>,
    /// What of the prompt the filter objects to.
    pub(super) flagged: Option<Objection>,
    /// It has the form of a completion, even of an empty one.
    pub(super) is_completion: bool,
    /// It came in pieces.
    pub(super) streamed: bool,
    /// It says that nothing more follows.
    pub(super) ended: bool,
    /// A piece of it could not be read.
    pub(super) is_damaged: bool,
}

impl Default for ParsedReply {
    fn default() -> Self {
        Self::growing(Box::new(Collected::default()))
    }
}

impl ParsedReply {
    /// Nothing was read yet.
    pub(crate) fn growing(growth: Box<dyn Growth>) -> Self {
        Self {
            id: None,
            model: None,
            growth,
            thought: 0,
            generated: 0,
            counted: 0,
            counts: false,
            finish: None,
            is_capped: false,
            usage: None,
            error: None,
            blocked: None,
            flagged: None,
            is_completion: false,
            streamed: false,
            ended: false,
            is_damaged: false,
        }
    }

    /// The model said this next.
    pub(crate) fn say(&mut self, piece: &str) {
        self.is_completion = true;
        self.generated = self.generated.saturating_add(tenths(piece));
        self.growth.grow(piece);
    }

    /// The model has said this so far: some servers repeat the whole text in every piece.
    pub(crate) fn say_so_far(&mut self, text: &str) {
        match text.strip_prefix(self.growth.text()) {
            Some(piece) => self.say(piece),
            None => {
                self.generated = self.thought.saturating_add(tenths(text));
                self.growth.replace(text);
            }
        }
    }

    /// The model thought this next. It is counted and forgotten.
    pub(crate) fn think(&mut self, piece: &str) {
        self.is_completion = true;
        self.thought = self.thought.saturating_add(tenths(piece));
        self.generated = self.generated.saturating_add(tenths(piece));
    }

    /// Why generation ended, in the provider's word.
    pub(crate) fn finish(&mut self, word: &str) {
        self.is_completion = true;
        self.finish = Some(word.to_owned());
    }

    /// Counts of tokens; the last ones hold.
    pub(crate) fn count(&mut self, counts: &Fields) {
        (self.is_completion, self.counts) = (true, true);
        self.usage = Some(counts.clone());
    }

    /// Counts of tokens that come in parts: those that are told again replace earlier ones, the others stay.
    pub(crate) fn count_more(&mut self, counts: &Fields) {
        (self.is_completion, self.counts) = (true, true);
        let told = counts.iter().filter(|(_, count)| !count.is_null());
        self.usage.get_or_insert_default().extend(told.map(|(name, count)| (name.clone(), count.clone())));
    }

    /// The provider's id of the call; the first one holds.
    pub(crate) fn identify(&mut self, id: &str) {
        self.id.get_or_insert_with(|| id.to_owned());
    }

    /// The model that says it answers; the first one holds.
    pub(crate) fn model(&mut self, model: &str) {
        self.model.get_or_insert_with(|| model.to_owned());
    }

    /// The provider tells an error; the first one holds.
    pub(crate) fn fail(&mut self, error: ProviderError) {
        self.error.get_or_insert(error);
    }

    /// A filter stopped the answer, by this sign.
    pub(crate) fn block(&mut self, sign: &'static str) {
        self.blocked = Some(sign);
    }

    /// The filter objects to this part of the prompt; the first that is named holds.
    pub(crate) fn flag(&mut self, what: Objection) {
        self.flagged.get_or_insert(what);
    }

    /// The document is one piece of several. The reply is then only whole once it has a finish reason or says that it ends.
    pub(crate) fn piece(&mut self) {
        self.streamed = true;
    }

    /// Nothing more follows.
    pub(crate) fn end(&mut self) {
        self.ended = true;
    }

    /// A document was read: counts of tokens in it are of everything until now.
    pub(super) fn settle(&mut self) {
        if std::mem::take(&mut self.counts) {
            self.counted = self.generated;
        }
    }

    /// The text so far.
    pub(super) fn text(&self) -> &str {
        self.growth.text()
    }

    /// Estimated tokens that were generated, in tenths.
    pub(super) fn generated(&self) -> u64 {
        self.generated
    }

    /// Something was generated: a text or a thought.
    pub(super) fn has_token(&self) -> bool {
        self.generated > 0
    }

    /// Generation went on after tokens were counted last, and has not come to an end.
    pub(super) fn went_on(&self) -> bool {
        self.generated > self.counted && self.finish.is_none() && !self.ended
    }

    /// Estimated tokens that were generated since tokens were counted last.
    pub(super) fn generated_since_count(&self) -> u64 {
        self.generated.saturating_sub(self.counted).div_ceil(10)
    }

    /// Estimated tokens of reasoning that came apart from the text.
    pub(super) fn thoughts(&self) -> u64 {
        self.thought.div_ceil(10)
    }

    /// It came in pieces, and some are missing.
    pub(super) fn is_cut(&self) -> bool {
        let is_open = self.streamed && self.finish.is_none() && !self.ended;
        self.is_damaged || (is_open && self.is_completion)
    }

    /// Why generation ended.
    pub(super) fn ending(&self) -> Finish {
        match self.finish.as_deref() {
            Some(word) => Finish::of(word),
            None if self.is_capped => Finish::Length,
            None => Finish::Done,
        }
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
        if let Some(usage) = usage {
            self.count(usage);
        }
        self.ended |= [document.get("done"), document.get("is_end")].contains(&Some(&Value::Bool(true)));
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
        choice.get("message").or_else(|| choice.get("delta")).into_iter().for_each(|it| self.thoughts_of(it));
        let spoken = |name: &&str| choice.get(*name).map(said);
        let content =
            ["message", "delta", "text", "response", "content", "result"].iter().filter_map(spoken).fold(
                Content::default(),
                |content, next| if content.text.is_empty() { content.then(next) } else { content },
            );
        if content.refused {
            self.blocked = Some("refusal");
        }
        // Some servers repeat the whole text so far in every message; Ollama's messages hold the next piece only.
        let repeats = choice.contains_key("message") && !choice.contains_key("done");
        if repeats && content.text.starts_with(self.growth.text()) {
            self.say_so_far(&content.text);
        } else {
            self.say(&content.text);
        }
    }

    /// Reasoning beside the content of a message: DeepSeek's and DashScope's field, vLLM's and OpenRouter's, Ollama's.
    fn thoughts_of(&mut self, message: &Value) {
        let thought = ["reasoning_content", "reasoning", "thinking"]
            .iter()
            .find_map(|name| message.get(*name)?.as_str());
        if let Some(thought) = thought {
            self.think(thought);
        }
    }
}

/// The estimate of a text, in tenths of a token.
fn tenths(text: &str) -> u64 {
    text.chars().map(|c| u64::from(catalogue::estimate::tenths(c))).sum()
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
