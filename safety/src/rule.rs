//! What a rule says: what to look for, through which views, and what to do about it.

mod bad;

use std::collections::BTreeMap;

use common::{Action, OnError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::direction::Direction;
use crate::view::{View, Views};

pub use bad::{BadRule, Reason};

/// What must stand around a word.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Border {
    /// Anything.
    #[default]
    Any,
    /// The word is not part of a longer run of Latin letters or digits. An ideograph ends such a run.
    Word,
    /// The segmentation of the text into words puts a border at both ends.
    Seg,
}

/// A second list of words, one of which must stand near one of the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Near {
    /// Words, any of which counts.
    pub words: Vec<String>,
    /// At most so many characters stand between the two words, whichever comes first.
    pub within: u16,
}

/// One rule: words, words near other words, or a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rule {
    /// Its id.
    pub id: String,
    /// Words, any of which hits. They are folded as texts are.
    pub words: Vec<String>,
    /// What to do.
    pub action: Action,
    /// What to do with what the model says; the same as `action` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Action>,
    /// What kind of thing it looks for, for statistics.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub category: String,
    /// How bad it is, 0 to 255, for statistics.
    #[serde(default, skip_serializing_if = "is_default")]
    pub severity: u8,
    /// Through which views its words are looked for, besides as they are.
    #[serde(default, skip_serializing_if = "Views::is_empty")]
    pub views: Views,
    /// What to do when a word was seen through a view, where that differs from `action`. Of several views the mildest counts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub view_actions: BTreeMap<View, Action>,
    /// What must stand around a word.
    #[serde(default, skip_serializing_if = "is_default")]
    pub border: Border,
    /// It hits only when one of these stands near one of the words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub near: Option<Near>,
    /// A regular expression, matched on the folded text without regard to case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regex: Option<String>,
    /// Language of the canned text that is said instead; the app's when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Counted only.
    #[serde(default, skip_serializing_if = "is_default")]
    pub shadow: bool,
    /// What happens when its action cannot be carried out; as the app's policy says when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_error: Option<OnError>,
}

impl Rule {
    /// A rule of words that are looked for as they are.
    pub fn words(id: &str, words: &[&str], action: Action) -> Self {
        Self {
            id: id.to_owned(),
            words: words.iter().map(|word| (*word).to_owned()).collect(),
            action,
            output: None,
            category: String::new(),
            severity: 0,
            views: Views::NONE,
            view_actions: BTreeMap::new(),
            border: Border::Any,
            near: None,
            regex: None,
            language: None,
            shadow: false,
            on_error: None,
        }
    }

    /// Whether it has nothing but an id, words and an action.
    pub fn is_plain(&self) -> bool {
        let plain = Self { words: self.words.clone(), ..Self::words(&self.id, &[], self.action) };
        *self == plain
    }

    /// What to do with a text of this direction.
    pub fn action_for(&self, direction: Direction) -> Action {
        match direction {
            Direction::Input => self.action,
            Direction::Output => self.output.unwrap_or(self.action),
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_rule_travels_as_it_always_did() {
        let rule = Rule::words("r", &["a", "b"], Action::Block);
        let text = r#"{"id":"r","words":["a","b"],"action":"block"}"#;
        assert_eq!(serde_json::to_string(&rule).unwrap(), text);
        assert_eq!(serde_json::from_str::<Rule>(text).unwrap(), rule);
        assert!(rule.is_plain());
    }

    #[test]
    fn whatever_a_rule_says_comes_back() {
        let rule = Rule {
            output: Some(Action::Mask),
            category: "drugs".into(),
            severity: 3,
            views: [View::Pinyin].into_iter().collect(),
            view_actions: [(View::Pinyin, Action::Hold)].into(),
            border: Border::Seg,
            near: Some(Near { words: vec!["c".into()], within: 5 }),
            regex: Some("d+".into()),
            language: Some("en".into()),
            shadow: true,
            on_error: Some(OnError::Closed),
            ..Rule::words("r", &["a"], Action::Block)
        };
        let text = serde_json::to_string(&rule).unwrap();
        assert_eq!(serde_json::from_str::<Rule>(&text).unwrap(), rule);
        assert!(!rule.is_plain());
        assert_eq!(rule.action_for(Direction::Output), Action::Mask);
    }
}
