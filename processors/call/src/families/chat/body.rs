//! The body of a request.

use bytes::Bytes;
use catalogue::Target;
use catalogue::target::OutputCap;
use schemas::request::{Request, Role};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use sha2::{Digest, Sha256};

use crate::families::{Line, Question};

/// The JSON that asks one target. Serializes itself, so that no text of the prompt is copied on the way.
pub(super) struct Body<'a> {
    pub(super) question: &'a Question<'a>,
    pub(super) target: &'a Target,
    /// The field that tells persons apart.
    pub(super) person: &'static str,
    /// Fields that the target's server does not take.
    pub(super) omit: &'a [&'static str],
}

impl Body<'_> {
    pub(super) fn bytes(&self) -> Bytes {
        // Writing texts and numbers to memory does not fail.
        serde_json::to_vec(self).unwrap_or_default().into()
    }
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let request = self.question.request;
        let is_sent = |field: &str| !self.omit.contains(&field);
        let mut fields = to.serialize_map(None)?;
        fields.serialize_entry("model", &self.target.model)?;
        fields.serialize_entry("messages", &Messages(&self.question.prompt))?;
        let cap = match self.target.output_cap {
            OutputCap::MaxTokens => "max_tokens",
            OutputCap::MaxCompletionTokens => "max_completion_tokens",
        };
        if is_sent(cap) {
            fields.serialize_entry(cap, &request.max_output_tokens)?;
        }
        if let Some(milli) = request.temperature_milli.filter(|_| self.target.temperature)
            && is_sent("temperature")
        {
            fields.serialize_entry("temperature", &(f64::from(milli) / 1_000.0))?;
        }
        if is_sent(self.person) {
            fields.serialize_entry(self.person, &person(request))?;
        }
        fields.end()
    }
}

struct Messages<'a>(&'a [Line<'a>]);

impl Serialize for Messages<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut all = to.serialize_seq(Some(self.0.len()))?;
        for line in self.0 {
            all.serialize_element(&Message { role: role(line.role), content: line.text })?;
        }
        all.end()
    }
}

#[derive(serde::Serialize)]
struct Message<'a> {
    role: &'static str,
    content: &'a str,
}

fn role(role: Role) -> &'static str {
    match role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
    }
}

/// A name for the person that is the same in every request and does not contain the user id.
fn person(request: &Request) -> String {
    let who = format!("{}/{}", request.lane.conversation.app(), request.user.canonical());
    base16ct::lower::encode_string(&Sha256::digest(who))
}
