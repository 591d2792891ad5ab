//! Which way a text goes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which way a text goes. A rule can have another action for what the model says than for what people write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// What a person wrote, on its way to the model or to other people.
    Input,
    /// What the model said, on its way to people.
    Output,
}

impl Direction {
    /// Its name in metrics and rows.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Output => "output",
        }
    }
}
