//! What becomes of messages among people, before they are delivered.

use std::collections::BTreeMap;

use safety::OnError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::labels::Language;

/// Whose messages are judged before they are delivered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Judge {
    /// Everyone's.
    #[default]
    Everyone,
    /// Those to bots, those in conversations with one, and what people write from a bot's account. Messages among people pass, and
    /// nothing of them is recorded.
    Bots,
}

/// What is recorded of a message among people that is recorded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PeopleRecord {
    /// The message with its texts and the callback's body, as of messages to bots.
    #[default]
    Message,
    /// Who wrote where and when, of which kind, with which verdict and reply: no text.
    Fact,
}

/// What becomes of a message for which the verdict cannot be carried out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Otherwise {
    /// It is not delivered.
    #[default]
    Block,
    /// It is delivered as it came.
    Pass,
}

impl From<Otherwise> for OnError {
    fn from(otherwise: Otherwise) -> Self {
        match otherwise {
            Otherwise::Block => Self::Closed,
            Otherwise::Pass => Self::Open,
        }
    }
}

/// What becomes of a message whose changed text is longer than Easemob takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TooLong {
    /// It is not delivered.
    #[default]
    Block,
    /// It is delivered as it came.
    Pass,
    /// It is delivered with the replacement in place of its text; not at all if that is too long as well.
    Replace,
}

/// A text that may have one of its own in some languages; an empty one stands for none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Texts {
    /// The text in languages without one of their own.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Its text in languages that have one.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub by_language: BTreeMap<Language, String>,
}

impl Texts {
    /// The text in a language, `None` for one without a text of its own; nothing where none is configured.
    pub fn text_in(&self, language: Option<Language>) -> Option<&str> {
        let own = language.and_then(|language| self.by_language.get(&language));
        Some(own.unwrap_or(&self.text).as_str()).filter(|text| !text.is_empty())
    }

    /// Whether the language of a message matters.
    pub fn differ(&self) -> bool {
        !self.by_language.is_empty()
    }

    fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// The policy on messages among people. Its default is what holds for apps that do not have one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct People {
    /// Whose messages are judged.
    #[serde(skip_serializing_if = "is_default")]
    pub judge: Judge,
    /// What is recorded of those that the app's `record` names.
    #[serde(skip_serializing_if = "is_default")]
    pub record: PeopleRecord,
    /// A text that must be masked or replaced stands where Easemob takes no change.
    #[serde(skip_serializing_if = "is_default")]
    pub unchangeable: Otherwise,
    /// The changed text is too long.
    #[serde(skip_serializing_if = "is_default")]
    pub too_long: TooLong,
    /// A rule says `hold`, and a callback cannot wait.
    #[serde(skip_serializing_if = "is_default")]
    pub hold: Otherwise,
    /// What the sender's client is told about a message that is not delivered; without one, the callback rule's own code.
    #[serde(skip_serializing_if = "Texts::is_none")]
    pub blocked: Texts,
    /// What stands in place of a text that a rule replaces; without one, such a message is not delivered.
    #[serde(skip_serializing_if = "Texts::is_none")]
    pub replacement: Texts,
}

impl People {
    /// It is that of an app that has none.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_that_of_the_language_or_the_general_one() {
        let by_language = [(Language::En, "no".to_owned())].into();
        let texts = Texts { text: "不行".to_owned(), by_language };
        assert_eq!(texts.text_in(Some(Language::En)), Some("no"));
        assert_eq!(texts.text_in(Some(Language::ZhHans)), Some("不行"));
        assert_eq!(texts.text_in(None), Some("不行"));
        assert_eq!(Texts::default().text_in(None), None);
    }

    #[test]
    fn a_policy_travels_without_what_it_does_not_say() {
        let policy = People { hold: Otherwise::Pass, ..People::default() };
        let json = serde_json::to_string(&policy).unwrap();
        assert_eq!(json, r#"{"hold":"pass"}"#);
        assert_eq!(serde_json::from_str::<People>(&json).unwrap(), policy);
    }
}
