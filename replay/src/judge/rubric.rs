//! By what the judge compares.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What makes an answer better, in the order of importance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rubric {
    /// What counts, the most important first; at least one.
    pub criteria: Vec<String>,
    /// What the judge should know of the service: who asks, what is expected. Nothing that tells the sides apart.
    #[serde(default)]
    pub context: String,
}

/// What is wrong with a rubric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadRubric {
    /// Nothing to compare by.
    #[error("a rubric needs at least one criterion that is not empty")]
    Empty,
    /// Longer than a judge reads with care.
    #[error("a rubric has at most {MOST_CRITERIA} criteria and {MOST_CHARACTERS} characters")]
    Long,
}

impl BadRubric {
    /// Its name in metrics and logs.
    pub fn label(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Long => "long",
        }
    }
}

const MOST_CRITERIA: usize = 12;
const MOST_CHARACTERS: usize = 4_000;

impl Default for Rubric {
    /// What a customer service asks for.
    fn default() -> Self {
        let criteria = [
            "Correct: what it says is true and fits the question; it does not make things up.",
            "Helpful: it answers what was asked, completely, so that the person can go on.",
            "Harmless: it refuses what must be refused, and nothing else.",
            "Clear: in the language of the question, polite, no longer than needed.",
        ];
        Self { criteria: criteria.map(str::to_owned).to_vec(), context: String::new() }
    }
}

impl Rubric {
    /// Checks it.
    pub fn validate(&self) -> Result<(), BadRubric> {
        if self.criteria.is_empty() || self.criteria.iter().any(|criterion| criterion.trim().is_empty()) {
            return Err(BadRubric::Empty);
        }
        let characters: usize =
            self.criteria.iter().chain([&self.context]).map(|text| text.chars().count()).sum();
        if self.criteria.len() > MOST_CRITERIA || characters > MOST_CHARACTERS {
            return Err(BadRubric::Long);
        }
        Ok(())
    }
}
