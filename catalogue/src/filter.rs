//! What is filtered, as the engine is built from it.

use schemars::JsonSchema;
use schemas::verdict::Action;
use serde::{Deserialize, Serialize};

/// The word list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Filter {
    /// Rules in the order of their ids.
    pub rules: Vec<WordRule>,
}

/// One rule of the word list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WordRule {
    /// Its id.
    pub id: String,
    /// Words, any of which hits.
    pub words: Vec<String>,
    /// What to do.
    pub action: Action,
}
