//! What is filtered: rules, dictionaries and allow-lists, and which of them an app uses.

mod content;
mod engines;
mod parts;
mod shipped;
mod used;

use std::collections::{BTreeMap, BTreeSet};

use safety::{Action, Border, Defaults, Form, OnError, Rule, Views};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use content::{BadContent, Content, Contents};
pub use engines::{EngineError, Engines};
pub use parts::Parts;
pub use shipped::{SHIPPED, shipped};
pub use used::Used;

/// What is filtered. Words of dictionaries and spans of allow-lists are not in it: it names them by the hash of their content.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Filter {
    /// Rules in the order of their ids.
    pub rules: Vec<Rule>,
    /// Number of the engine that judges. Bundles of earlier versions have none: there words are looked for as they stand, without
    /// regard to ASCII case.
    #[serde(default, skip_serializing_if = "is_default")]
    pub engine: u16,
    /// Rules that only those apps use that name them.
    #[serde(default, skip_serializing_if = "is_default")]
    pub named_only: BTreeSet<String>,
    /// Dictionaries by name.
    #[serde(default, skip_serializing_if = "is_default")]
    pub dictionaries: BTreeMap<String, Dictionary>,
    /// Allow-lists by name.
    #[serde(default, skip_serializing_if = "is_default")]
    pub allow: BTreeMap<String, AllowList>,
}

/// A dictionary, and what is done about its words where they do not say it themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dictionary {
    /// Its words.
    pub content: Content,
    /// How the content is written.
    pub form: Form,
    /// Category of its words.
    #[serde(default, skip_serializing_if = "is_default")]
    pub category: Option<String>,
    /// What to do.
    pub action: Action,
    /// What to do with what the model says; the same as `action` when absent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub output: Option<Action>,
    /// How bad its words are, 0 to 255, for statistics.
    #[serde(default, skip_serializing_if = "is_default")]
    pub severity: u8,
    /// Through which views its words are looked for, besides as they are.
    #[serde(default, skip_serializing_if = "Views::is_empty")]
    pub views: Views,
    /// What must stand around its words.
    #[serde(default, skip_serializing_if = "is_default")]
    pub border: Border,
    /// Language of the canned text that is said instead; the app's when absent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub language: Option<String>,
    /// Counted only.
    #[serde(default, skip_serializing_if = "is_default")]
    pub shadow: bool,
    /// What happens when its action cannot be carried out; as the app's policy says when absent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub on_error: Option<OnError>,
    /// Only those apps use it that name it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub named_only: bool,
}

/// An allow-list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AllowList {
    /// Its spans.
    pub content: Content,
    /// Only those apps use it that name it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub named_only: bool,
}

impl Dictionary {
    /// What holds for words that do not say it themselves.
    pub fn defaults(&self) -> Defaults {
        Defaults { category: self.category.clone(), views: self.views, border: self.border }
    }
}

impl Filter {
    /// Version of the rules in the verdicts of the first engine: the first 16 hex digits of the SHA-256 of all rules. The version of an
    /// app whose engine has another number, or more than rules, is that of [`Engines`].
    pub fn version(&self) -> String {
        version_of(&self.rules)
    }

    /// It has rules alone, and all apps use them.
    pub(crate) fn is_for_all(&self) -> bool {
        self.named_only.is_empty() && self.dictionaries.is_empty() && self.allow.is_empty()
    }

    /// The language of what is said instead of a text that this rule stopped, where it names one; words of a dictionary are rules
    /// `<name>/<category>`.
    pub fn language(&self, id: &str) -> Option<&str> {
        let of_rule = self.rules.iter().find(|rule| rule.id == id).and_then(|rule| rule.language.as_deref());
        let dictionary = id.split_once('/').and_then(|(name, _)| self.dictionaries.get(name));
        of_rule.or(dictionary.and_then(|dictionary| dictionary.language.as_deref()))
    }

    /// Every content that it names, with its name in messages.
    pub fn contents(&self) -> impl Iterator<Item = (&str, &Content)> {
        let dictionaries = self.dictionaries.iter().map(|(name, of)| (name.as_str(), &of.content));
        dictionaries.chain(self.allow.iter().map(|(name, of)| (name.as_str(), &of.content)))
    }
}

/// Version of rules, as the first engine has it.
fn version_of(rules: &[Rule]) -> String {
    let mut hash = Sha256::new();
    let mut part = |text: &str| {
        hash.update(text.len().to_be_bytes());
        hash.update(text);
    };
    for rule in rules {
        part(&rule.id);
        part(rule.action.label());
        part(&rule.words.len().to_string());
        rule.words.iter().for_each(|word| part(word));
        if !rule.is_plain() {
            part(&serde_json::to_string(rule).unwrap_or_default());
        }
    }
    base16ct::lower::encode_string(hash.finalize().get(..8).unwrap_or_default())
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_rule_word_or_action_is_another_version() {
        let filter = |id: &str, words: &[&str], action| Filter {
            rules: vec![Rule::words(id, words, action)],
            ..Filter::default()
        };
        let shadow = Rule { shadow: true, ..Rule::words("r", &["ab", "c"], Action::Block) };
        let first = filter("r", &["ab", "c"], Action::Block);
        assert_eq!(first.version().len(), 16);
        assert_eq!(first.version(), first.clone().version());
        for other in [
            filter("s", &["ab", "c"], Action::Block),
            filter("r", &["a", "bc"], Action::Block),
            filter("r", &["ab", "c"], Action::Mask),
            Filter { rules: vec![shadow], ..Filter::default() },
        ] {
            assert_ne!(first.version(), other.version());
        }
    }

    #[test]
    fn a_filter_of_earlier_versions_travels_as_it_did() {
        let text = r#"{"rules":[{"id":"r","words":["a"],"action":"block"}]}"#;
        let filter: Filter = serde_json::from_str(text).unwrap();
        assert_eq!((filter.engine, filter.contents().count()), (0, 0));
        assert_eq!(serde_json::to_string(&filter).unwrap(), text);
    }
}
