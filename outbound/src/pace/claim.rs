//! What is asked of a pace, and why there may be no turn.

use std::sync::Arc;

use tokio::time::Instant;

use crate::{limiter::Tokens, turns::Weight};

/// What is asked of a pace.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    /// Keys take turns.
    pub key: &'a Arc<str>,
    /// The caller had its turn and was refused for the rate: it keeps its place.
    pub again: bool,
    /// A later turn is of no use.
    pub latest: Instant,
    /// What the call is estimated to take of limits that count tokens.
    pub tokens: Tokens,
    /// How many turns the caller gets for one of weight 1 with the same key.
    pub weight: Weight,
}

/// There is no turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PaceError {
    /// It would come too late, as far as can be seen now.
    #[error("wait for the pace: not in time")]
    NotInTime,
    /// Something happened to the endpoint: look at it again.
    #[error("wait for the pace: disturbed")]
    Disturbed,
}

impl PaceError {
    /// The kind of error, for metrics and logs.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::NotInTime => "pace_not_in_time",
            Self::Disturbed => "pace_disturbed",
        }
    }
}
