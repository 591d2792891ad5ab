//! Which rules, dictionaries and allow-lists an app uses.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Filter;

/// What an app uses of the filter. What is absent means everything of its kind that is not for those alone that name it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Used {
    /// Ids of rules, sorted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<Vec<String>>,
    /// Names of dictionaries, sorted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dictionaries: Option<Vec<String>>,
    /// Names of allow-lists, sorted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow: Option<Vec<String>>,
}

impl Used {
    /// Nothing is said: what is shared is used.
    pub fn is_shared(&self) -> bool {
        *self == Self::default()
    }

    /// The names that are meant.
    pub(super) fn of(&self, filter: &Filter) -> Names {
        let rules = filter.rules.iter().map(|rule| (&rule.id, filter.named_only.contains(&rule.id)));
        let dictionaries = filter.dictionaries.iter().map(|(name, of)| (name, of.named_only));
        let allow = filter.allow.iter().map(|(name, of)| (name, of.named_only));
        Names {
            rules: meant(self.rules.as_deref(), rules),
            dictionaries: meant(self.dictionaries.as_deref(), dictionaries),
            allow: meant(self.allow.as_deref(), allow),
        }
    }
}

/// Names that are there, in their order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Names {
    pub(super) rules: Vec<String>,
    pub(super) dictionaries: Vec<String>,
    pub(super) allow: Vec<String>,
}

fn meant<'a>(said: Option<&[String]>, there: impl Iterator<Item = (&'a String, bool)>) -> Vec<String> {
    let is_meant = |name: &String, named_only: bool| said.map_or(!named_only, |said| said.contains(name));
    there.filter(|(name, named_only)| is_meant(name, *named_only)).map(|(name, _)| name.clone()).collect()
}
