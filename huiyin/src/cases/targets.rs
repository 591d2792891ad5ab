//! Targets in files of cases: how call says that they are, and on which one a session is expected to stay.

use std::time::Duration;

use schemas::conditions::{Condition, Standing};
use schemas::decision::PinTold;
use serde::{Deserialize, Serialize};

use crate::rehearse::targets;

/// How a target is: a word, or the word and how long calls wait there.
#[derive(Debug, Clone, Deserialize)]
#[serde(
    untagged,
    expecting = "a target is \"open\", \"cooling\" or \"ok\", or a table of state and waiting, such as { waiting = \"8s\" }"
)]
pub(super) enum RawTarget {
    State(Standing),
    Told(RawTold),
}

/// The same in full.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawTold {
    state: Standing,
    #[serde(with = "common::duration::optional")]
    waiting: Option<Duration>,
}

impl From<&RawTarget> for Condition {
    fn from(raw: &RawTarget) -> Self {
        match raw {
            RawTarget::State(state) => targets::condition(*state, Duration::ZERO),
            RawTarget::Told(told) => targets::condition(told.state, told.waiting.unwrap_or_default()),
        }
    }
}

/// The target that a session stays on: its name where the turn begins with it, empty where there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "pin is the name of a target, or a table of target and left, such as { target = \"main\", left = \"rule\" }"
)]
pub(super) enum RawPin {
    Kept(String),
    Left(RawLeft),
}

/// A target that the session stays on and with which the turn does not begin, and why not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLeft {
    target: String,
    left: String,
}

impl RawPin {
    /// The target.
    pub(super) fn target(&self) -> &str {
        match self {
            Self::Kept(target) | Self::Left(RawLeft { target, .. }) => target,
        }
    }

    /// What a decision tells, in the words of the file.
    pub(super) fn of(told: Option<&PinTold>) -> Self {
        let Some(PinTold { target, left }) = told else { return Self::Kept(String::new()) };
        let target = target.to_string();
        match left {
            None => Self::Kept(target),
            Some(left) => Self::Left(RawLeft { target, left: left.clone() }),
        }
    }
}
