//! The body of a request.

use bytes::Bytes;
use catalogue::model_traits::{SystemRole, Thinking, ThinkingSwitch};
use catalogue::target::OutputCap;
use catalogue::{Provider, Target};
use schemas::request::Role;
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::{Value, json};

use crate::families::content::Content;
use crate::families::{Line, Question, turns};

/// The JSON that asks one target. Serializes itself, so that no text of the prompt is copied on the way.
pub(super) struct Body<'a> {
    pub(super) question: &'a Question<'a>,
    /// The prompt as the model takes it.
    pub(super) lines: &'a [Line<'a>],
    pub(super) target: &'a Target,
    /// The field that tells persons apart.
    pub(super) person: &'static str,
    /// Fields that the target's server does not take.
    pub(super) omit: &'a [&'static str],
    /// The answer is to come as a stream.
    pub(super) stream: bool,
}

impl Body<'_> {
    pub(super) fn bytes(&self) -> Bytes {
        // Writing texts and numbers to memory does not fail.
        serde_json::to_vec(self).unwrap_or_default().into()
    }
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let (request, target) = (self.question.request, self.target);
        let is_sent = |field: &str| !self.omit.contains(&field);
        let mut fields = to.serialize_map(None)?;
        fields.serialize_entry("model", &target.model)?;
        match target.traits.system {
            SystemRole::Developer => fields.serialize_entry("messages", &ToDeveloper(self.lines))?,
            SystemRole::System | SystemRole::TopLevel | SystemRole::User => {
                fields.serialize_entry("messages", &Messages(self.lines))?;
            }
        }
        let cap = match target.output_cap {
            OutputCap::MaxTokens => "max_tokens",
            OutputCap::MaxCompletionTokens => "max_completion_tokens",
        };
        if is_sent(cap) {
            fields.serialize_entry(cap, &target.max_output_tokens(request.max_output_tokens))?;
        }
        if let Some(milli) = target.temperature_milli(request.temperature_milli)
            && is_sent("temperature")
        {
            fields.serialize_entry("temperature", &turns::temperature(milli))?;
        }
        if let Some(stops) = self.question.stops(target)
            && is_sent("stop")
        {
            fields.serialize_entry("stop", stops)?;
        }
        if let Some((field, value)) = thinking(target) {
            fields.serialize_entry(field, &value)?;
        }
        if is_sent(self.person) {
            fields.serialize_entry(self.person, &self.question.person())?;
        }
        if self.stream {
            fields.serialize_entry("stream", &true)?;
            if is_sent("stream_options") {
                fields.serialize_entry("stream_options", &StreamOptions { include_usage: true })?;
            }
        }
        fields.end()
    }
}

/// The field that switches thinking, where the target says on or off. Without a word about how, OpenAI's own models have one way, and
/// the chat templates of servers of one's own another.
fn thinking(target: &Target) -> Option<(&'static str, Value)> {
    let is_on = match target.traits.thinking {
        Thinking::On => true,
        Thinking::Off => false,
        Thinking::Unsaid | Thinking::Always => return None,
    };
    let usual = match target.provider {
        Provider::Local => ThinkingSwitch::ChatTemplate,
        _ => ThinkingSwitch::ReasoningEffort,
    };
    match target.traits.thinking_by.unwrap_or(usual) {
        ThinkingSwitch::ReasoningEffort => {
            Some(("reasoning_effort", json!(if is_on { "medium" } else { "none" })))
        }
        ThinkingSwitch::EnableThinking => Some(("enable_thinking", json!(is_on))),
        ThinkingSwitch::ThinkingType | ThinkingSwitch::ThinkingBudget | ThinkingSwitch::ThinkingAdaptive => {
            Some(("thinking", json!({ "type": if is_on { "enabled" } else { "disabled" } })))
        }
        ThinkingSwitch::Think => Some(("think", json!(is_on))),
        ThinkingSwitch::ChatTemplate => Some(("chat_template_kwargs", json!({ "enable_thinking": is_on }))),
    }
}

/// What comes with a stream.
#[derive(Debug, serde::Serialize)]
pub(in crate::families) struct StreamOptions {
    /// Without it the tokens of a stream are not told.
    pub(in crate::families) include_usage: bool,
}

/// The lines of a prompt as this wire and its relatives have them.
#[derive(Debug)]
pub(in crate::families) struct Messages<'a>(pub(in crate::families) &'a [Line<'a>]);

impl Serialize for Messages<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut all = to.serialize_seq(Some(self.0.len()))?;
        for line in self.0 {
            all.serialize_element(&Message { role: role(line.role), content: content(line) })?;
        }
        all.end()
    }
}

/// The lines of a prompt, the operator's as those of a developer.
struct ToDeveloper<'a>(&'a [Line<'a>]);

impl Serialize for ToDeveloper<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let said_by = |by: Role| if by == Role::System { "developer" } else { role(by) };
        to.collect_seq(self.0.iter().map(|line| Message { role: said_by(line.role), content: content(line) }))
    }
}

#[derive(serde::Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Content<'a>,
}

fn content<'a>(line: &Line<'a>) -> Content<'a> {
    Content { text: line.text, images: line.images }
}

fn role(role: Role) -> &'static str {
    match role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
    }
}
