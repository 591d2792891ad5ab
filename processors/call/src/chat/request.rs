//! The body of a request.

use catalogue::Target;
use catalogue::target::OutputCap;
use schemas::request::{Request, Role};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::Dialect;

/// A request that cannot be put on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyError {
    /// A line of the prompt is sealed, and this version has no keys.
    #[error("build the prompt: a line is sealed")]
    Sealed,
}

impl BodyError {
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Sealed => "sealed",
        }
    }
}

/// A field that a target's server does not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Omit(&'static str);

impl Omit {
    /// Fields that may be left out: the others are the question.
    pub(crate) const ALL: [Self; 5] = [
        Self("user"),
        Self("safety_identifier"),
        Self("temperature"),
        Self("max_tokens"),
        Self("max_completion_tokens"),
    ];

    /// The field of that name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.0 == name)
    }

    /// Its name on the wire.
    pub(crate) fn name(self) -> &'static str {
        self.0
    }
}

/// The JSON that asks this target, without what its server does not take.
pub(crate) fn body(request: &Request, target: &Target, omit: &[Omit]) -> Result<Vec<u8>, BodyError> {
    let mut fields = Map::new();
    let messages = request.prompt.iter().map(|line| {
        let content = line.text.plain().ok_or(BodyError::Sealed)?;
        Ok(json!({ "role": role(line.role), "content": content }))
    });
    fields.insert("model".to_owned(), target.model.as_str().into());
    fields.insert("messages".to_owned(), messages.collect::<Result<Vec<Value>, _>>()?.into());
    let cap = match target.output_cap {
        OutputCap::MaxTokens => "max_tokens",
        OutputCap::MaxCompletionTokens => "max_completion_tokens",
    };
    fields.insert(cap.to_owned(), request.max_output_tokens.into());
    if let Some(milli) = request.temperature_milli.filter(|_| target.temperature) {
        fields.insert("temperature".to_owned(), (f64::from(milli) / 1_000.0).into());
    }
    fields.insert(Dialect::of(target.provider).person.to_owned(), person(request).into());
    fields.retain(|name, _| !omit.iter().any(|field| field.name() == name));
    Ok(Value::Object(fields).to_string().into_bytes())
}

fn role(role: Role) -> &'static str {
    match role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
    }
}

/// The same for every request of a person, and not the person's id.
fn person(request: &Request) -> String {
    let who = format!("{}/{}", request.lane.conversation.app(), request.user);
    Sha256::digest(who).iter().map(|byte| format!("{byte:02x}")).collect()
}
