//! What somebody outside says of a text that the filter holds.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answered::Attempt;

/// Longest word for what is wrong with a text, in bytes.
const LONGEST_CATEGORY: usize = 64;

/// Whether records may carry this word of somebody else's for what is wrong with a text: 1 to 64 ASCII letters, digits and `-_/`.
pub fn is_category(word: &str) -> bool {
    let fits = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'/');
    (1..=LONGEST_CATEGORY).contains(&word.len()) && word.bytes().all(fits)
}

/// What a reviewer says of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nothing to say against it.
    Safe,
    /// Opinions differ: the app's policy says what becomes of it.
    Controversial,
    /// It may not go on.
    Unsafe,
}

impl Level {
    /// From the mildest to the strictest.
    pub const ALL: [Self; 3] = [Self::Safe, Self::Controversial, Self::Unsafe];

    /// Its name on the wire of reviewers, in metrics and in reasons.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Controversial => "controversial",
            Self::Unsafe => "unsafe",
        }
    }
}

/// The review of a model's answer that the filter holds, made before the request ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AnswerReview {
    /// What the reviewer says; absent when nothing was heard of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// The reviewer's own word for what is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Why nothing was heard of it: error class or local reason, from a closed list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Every attempt to have it reviewed, numbered from 1, apart from those of the answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
}
