//! How model-made answers are marked as such: the explicit label that people see, and what the implicit one says.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::app::App;

/// Where the explicit label stands in a part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LabelPlace {
    /// Above what the model said.
    Start,
    /// Below it.
    #[default]
    End,
}

/// A language that may have a text of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Chinese in simplified characters.
    ZhHans,
    /// Chinese in traditional characters.
    ZhHant,
    /// English.
    En,
}

/// How model-made answers are marked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Labels {
    /// Where the explicit label stands.
    #[serde(default, skip_serializing_if = "is_end")]
    pub at: LabelPlace,
    /// Its text in languages that have one of their own; in all others it is the app's `label`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub texts: BTreeMap<Language, String>,
    /// Where it is recorded that people agreed to answers without an explicit label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<String>,
    /// Name or code of the provider that generates, for `ext.AIGC`.
    pub producer: String,
    /// Name or code of the provider that spreads, for `ext.AIGC`.
    pub propagator: String,
}

fn is_end(place: &LabelPlace) -> bool {
    *place == LabelPlace::End
}

impl App {
    /// The explicit label of an answer in that language, `None` for one without a text of its own. It may be empty.
    pub fn label_in(&self, language: Option<Language>) -> &str {
        let own = language.and_then(|language| self.labels.as_ref()?.texts.get(&language));
        own.unwrap_or(&self.label)
    }

    /// Answers of the model go out without an explicit label.
    pub fn is_unlabelled(&self) -> bool {
        self.label.is_empty()
    }
}
