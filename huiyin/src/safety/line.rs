//! One line of the batch form: what is judged, and what came of it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is judged.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// Comes back with the verdict.
    pub(super) id: Value,
    carrier: Carrier,
    text: Option<String>,
    parts: Option<Vec<String>>,
    fields: Option<Value>,
}

/// How the text came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Carrier {
    /// One message.
    Message,
    /// Consecutive messages of one person.
    Messages,
    /// The fields of one message.
    Fields,
    /// The pieces of one text.
    Stream,
}

impl Asked {
    /// The carrier and its texts in their order.
    pub(super) fn texts(self) -> Result<(Carrier, Vec<String>), String> {
        let carrier = self.carrier;
        let texts = match (carrier, self.text, self.parts, self.fields) {
            (Carrier::Fields, None, None, Some(fields)) => {
                let mut texts = Vec::new();
                gather(fields, &mut texts);
                texts
            }
            (Carrier::Message | Carrier::Messages | Carrier::Stream, Some(text), None, None) => vec![text],
            (Carrier::Messages | Carrier::Stream, None, Some(parts), None) => parts,
            (Carrier::Message, ..) => return Err("carrier message needs text alone".to_owned()),
            (Carrier::Fields, ..) => return Err("carrier fields needs fields alone".to_owned()),
            (Carrier::Messages | Carrier::Stream, ..) => {
                return Err("carriers messages and stream need parts alone".to_owned());
            }
        };
        Ok((carrier, texts))
    }
}

/// Every string of a value, in its order; keys are none.
fn gather(value: Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(values) => values.into_iter().for_each(|value| gather(value, texts)),
        Value::Object(values) => values.into_iter().for_each(|(_, value)| gather(value, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What came of it. Offsets are code points of all texts joined.
#[derive(Debug, Serialize)]
pub(super) struct Told {
    pub(super) id: Value,
    /// Whether a word was found.
    pub(super) hit: bool,
    /// The words as the dictionary has them, each once, in the order of their places.
    pub(super) words: Vec<String>,
    /// Places of words, in order, not overlapping.
    pub(super) spans: Vec<[usize; 2]>,
    pub(super) personal: Vec<Personal>,
    /// How much it looks like an injection, 0 to 1.
    pub(super) score: f64,
}

/// A datum of a person.
#[derive(Debug, Serialize)]
pub(super) struct Personal {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: &'static str,
}
