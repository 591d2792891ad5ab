//! Classes of how much work an answer takes, and where they begin.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The class that a score falls into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// One fact, one step, or a courtesy.
    Simple,
    /// An explanation, an ordinary text, a few steps.
    Standard,
    /// Steps that depend on each other, or choices to be weighed.
    Hard,
}

impl Class {
    /// Every class, by the work it takes.
    pub const ALL: [Self; 3] = [Self::Simple, Self::Standard, Self::Hard];

    /// Its name.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Standard => "standard",
            Self::Hard => "hard",
        }
    }
}

/// Where the classes begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Thresholds {
    /// The least score that is `standard`.
    pub standard: u32,
    /// The least score that is `hard`.
    pub hard: u32,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { standard: 350, hard: 650 }
    }
}

impl Thresholds {
    /// The class of a score.
    #[must_use]
    pub fn class(self, score: u32) -> Class {
        if score >= self.hard {
            Class::Hard
        } else if score >= self.standard {
            Class::Standard
        } else {
            Class::Simple
        }
    }
}
