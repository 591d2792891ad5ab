//! Faults of one callback before sending, asked for with the message.

use super::app::Rule;
use super::envelope::{Fields, signed};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::time::Duration;

/// What is wrong or unusual about the callback of one message; by default nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Knobs {
    /// What becomes of `security`.
    pub(crate) signature: Signature,
    /// Fields left out.
    pub(crate) omit: Vec<String>,
    /// Fields added or replaced, after signing.
    pub(crate) extra: Map<String, Value>,
    /// Another word in `chat_type`.
    pub(crate) chat_type_word: Option<String>,
    /// Another call id.
    pub(crate) call_id: Option<String>,
    /// Added to the callback's timestamp, in milliseconds, before signing.
    pub(crate) clock_skew_ms: i64,
    /// Sends `timestamp` as a string of digits.
    pub(crate) timestamp_as_string: bool,
    /// Further identical callbacks, sent at the same time; the first one's reply counts.
    pub(crate) copies: u32,
    /// Delivers without asking, as when the rule was off.
    pub(crate) skip_pre: bool,
    /// Waits this long in place of the rule's wait time.
    #[serde(with = "crate::duration::optional")]
    pub(crate) wait: Option<Duration>,
}

/// What becomes of a signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Signature {
    /// Correct.
    #[default]
    Right,
    /// Well formed but wrong.
    Wrong,
    /// Correct, in capitals.
    Uppercase,
    /// Left out.
    Missing,
}

impl Knobs {
    /// Applies the knobs to the fields of a callback.
    pub(crate) fn apply(&self, mut fields: Fields, rule: &Rule) -> Fields {
        if let Some(call_id) = &self.call_id {
            fields.insert("callId".into(), call_id.clone().into());
        }
        if let Some(word) = &self.chat_type_word {
            fields.insert("chat_type".into(), word.clone().into());
        }
        let timestamp = fields.get("timestamp").and_then(Value::as_u64).unwrap_or_default();
        let timestamp = timestamp.saturating_add_signed(self.clock_skew_ms);
        fields.insert("timestamp".into(), timestamp.into());
        let mut fields = signed(fields, rule);
        self.spoil_signature(&mut fields);
        if self.timestamp_as_string {
            fields.insert("timestamp".into(), timestamp.to_string().into());
        }
        for (name, value) in &self.extra {
            fields.insert(name.clone(), value.clone());
        }
        for name in &self.omit {
            fields.shift_remove(name);
        }
        fields
    }

    fn spoil_signature(&self, fields: &mut Fields) {
        let right = fields.get("security").and_then(Value::as_str).unwrap_or_default();
        let spoilt = match self.signature {
            Signature::Right => return,
            Signature::Uppercase => right.to_uppercase(),
            Signature::Wrong => right.chars().map(|digit| if digit == '0' { '1' } else { '0' }).collect(),
            Signature::Missing => {
                fields.shift_remove("security");
                return;
            }
        };
        fields.insert("security".into(), spoilt.into());
    }
}
