//! Who reviews what the filter holds, and what an app makes of it.

use safety::OnError;
use schemars::JsonSchema;
use schemas::ids::TargetName;
use schemas::money::Money;
use schemas::review::Level;
use serde::{Deserialize, Serialize};

/// Somebody outside who says whether a text may go on. Its address and secrets are the call step's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Reviewer {
    /// A server that speaks OpenAI's moderation wire.
    Moderation {
        /// Model that is asked for; the server's default if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<String>,
        /// Where and how it is called.
        #[serde(flatten)]
        service: Service,
    },
    /// A server of the customer's own, whose calls are signed.
    Webhook {
        /// Where and how it is called.
        #[serde(flatten)]
        service: Service,
    },
    /// A model that is asked for one of three words.
    Judge {
        /// The target that is asked.
        target: TargetName,
    },
}

/// What is known of a reviewer's server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Service {
    /// Region that it is in.
    pub region: String,
    /// Longest time of one attempt, in milliseconds.
    pub timeout_ms: u64,
    /// What one call costs; unknown if absent, which is not the same as free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
}

impl Reviewer {
    /// Its kind, in records, rows and metrics.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Moderation { .. } => "moderation",
            Self::Webhook { .. } => "webhook",
            Self::Judge { .. } => "judge",
        }
    }

    /// Its server; none for a judge, which has that of its target.
    pub fn service(&self) -> Option<&Service> {
        match self {
            Self::Moderation { service, .. } | Self::Webhook { service } => Some(service),
            Self::Judge { .. } => None,
        }
    }
}

/// What becomes of a held text of which nobody says whether it may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fallback {
    /// It goes on as if it had not been held.
    Pass,
    /// It is stopped.
    Block,
}

/// When an answer that the filter holds is reviewed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReviewTime {
    /// Before it goes out.
    #[default]
    Before,
    /// It goes out at once, and is taken back from the chat if it may not stand.
    After,
}

/// What an app makes of texts that the filter holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReviewPolicy {
    /// Who reviews them.
    pub reviewer: TargetName,
    /// A review that has not begun its last attempt within this time has no verdict, in milliseconds.
    pub within_ms: i64,
    /// What becomes of a text without a verdict: the reviewer is away or late, its budget is used up, or nothing may wait.
    pub when_away: Fallback,
    /// What becomes of a text that the reviewer calls controversial.
    pub controversial: Fallback,
    /// What a person is told whose message is stopped; `canned.blocked` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Most reviews within a minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_minute: Option<u32>,
    /// Most reviews within a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_day: Option<u32>,
    /// Whether the person who wrote is charged for the review.
    #[serde(default, skip_serializing_if = "is_false")]
    pub charged: bool,
    /// When an answer is reviewed.
    #[serde(default, skip_serializing_if = "is_default")]
    pub answers: ReviewTime,
}

impl ReviewPolicy {
    /// Whether a text goes on, by what its reviewer says; without a verdict as the rules that hold it say, or else as the policy does.
    pub fn lets_on(&self, level: Option<Level>, rules: Option<OnError>) -> bool {
        let fallback = match (level, rules) {
            (Some(Level::Safe), _) | (None, Some(OnError::Open)) => Fallback::Pass,
            (Some(Level::Unsafe), _) | (None, Some(OnError::Closed)) => Fallback::Block,
            (Some(Level::Controversial), _) => self.controversial,
            (None, None) => self.when_away,
        };
        fallback == Fallback::Pass
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn is_false(flag: &bool) -> bool {
    !flag
}
