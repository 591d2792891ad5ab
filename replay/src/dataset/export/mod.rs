//! Data sets in the forms of other tools.

mod lines;
mod promptfoo;

use super::{Dataset, Said, Turn};

/// A form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A file of tests for promptfoo.
    Promptfoo,
    /// A JSON object for each turn: messages as models take them, the answer beside them.
    Lines,
}

impl Form {
    /// Every form.
    pub const ALL: [Self; 2] = [Self::Promptfoo, Self::Lines];

    /// Its name on the command line.
    pub fn label(self) -> &'static str {
        match self {
            Self::Promptfoo => "promptfoo",
            Self::Lines => "jsonl",
        }
    }
}

/// The data set in that form.
///
/// # Errors
/// None that can come about: every field has a form in JSON.
pub fn exported(dataset: &Dataset, form: Form) -> Result<String, serde_json::Error> {
    match form {
        Form::Promptfoo => promptfoo::tests(dataset),
        Form::Lines => lines::lines(dataset),
    }
}

/// What a model is asked: the earlier turns, then the question.
fn messages(turn: &Turn) -> Vec<Said> {
    let question = Said { role: super::Role::User, text: turn.question.clone() };
    turn.history.iter().cloned().chain([question]).collect()
}

/// What else is known of a turn, by name.
fn facts(turn: &Turn) -> serde_json::Map<String, serde_json::Value> {
    let mut facts = serde_json::Map::new();
    let mut put = |name: &str, value: Option<serde_json::Value>| {
        if let Some(value) = value {
            facts.insert(name.to_owned(), value);
        }
    };
    put("turn", Some(turn.turn.as_str().into()));
    put("conversation", Some(turn.conversation.as_str().into()));
    put("app", Some(turn.app.as_str().into()));
    put("verdict", turn.verdict.map(|verdict| verdict.label().into()));
    put("route", turn.route.as_deref().map(Into::into));
    put("target", turn.target.as_deref().map(Into::into));
    put("class", turn.class.as_deref().map(Into::into));
    put("tier", turn.tier.as_deref().map(Into::into));
    put("latency_ms", turn.latency_ms.map(Into::into));
    put("rating", turn.rating.map(Into::into));
    put("canned", turn.canned.as_deref().map(Into::into));
    facts
}
