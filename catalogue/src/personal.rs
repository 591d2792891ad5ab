//! What an app does about personal data, injections, and answers that give its instructions away.

use std::collections::BTreeMap;
use std::sync::Arc;

use safety::injection::Threshold;
use safety::personal::{Masking, Styles};
use safety::{Action, Engine, Extended};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::hash_keys::HashKeys;

/// In which answers data come back to the person who wrote them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Restore {
    /// In conversations of one person with a bot. In groups and rooms others read the answer as well.
    #[default]
    Chats,
    /// In groups and rooms too, where everybody reads what one person wrote to the bot.
    Everywhere,
    /// In none.
    Never,
}

/// What is done with personal data, by the way that a text goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PersonalData {
    /// What people write to people.
    #[serde(default = "Styles::off", skip_serializing_if = "Styles::is_off")]
    pub people: Styles,
    /// What goes to the model.
    #[serde(default = "Styles::off", skip_serializing_if = "Styles::is_off")]
    pub model: Styles,
    /// What the model says.
    #[serde(default = "Styles::off", skip_serializing_if = "Styles::is_off")]
    pub said: Styles,
    /// In which answers data come back to the person who wrote them.
    #[serde(default, skip_serializing_if = "is_default")]
    pub restore: Restore,
    /// Fingerprint of the key of hashes. The key itself is in the files of the processes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash_key: Option<String>,
}

/// What follows when an answer gives the system prompt away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PromptLeak {
    /// What is done with the answer.
    pub action: Action,
    /// A text of the system prompt that no answer says by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marker: Option<String>,
}

impl PromptLeak {
    /// The rule that a verdict names for it.
    pub const RULE: &str = "prompt_leak";
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl PersonalData {
    /// How data are hidden by these styles.
    pub fn masking<'a>(&self, styles: &'a Styles, keys: &'a HashKeys) -> Masking<'a> {
        let key = self.hash_key.as_ref().and_then(|fingerprint| keys.get(fingerprint));
        Masking { styles, key: key.map(|key| key.expose().as_bytes()).unwrap_or_default() }
    }
}

impl App {
    /// The engine that judges what people write to a model: the rules, which all apps share, and the app's thresholds of injections.
    pub fn engine_before_model(&self, rules: &Arc<dyn Engine>) -> Arc<dyn Engine> {
        if self.injection.is_empty() {
            return Arc::clone(rules);
        }
        let steps = self.injection.iter().map(|(action, score)| (*score, *action));
        Arc::new(Extended::new(Arc::clone(rules), vec![Box::new(Threshold::steps(steps))]))
    }
}

/// Actions with the scores, in thousandths, from which they follow.
pub type Injection = BTreeMap<Action, u16>;
