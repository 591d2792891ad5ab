//! Targets in files of cases: how call says that they are, and on which one a session is expected to stay.

use std::collections::BTreeMap;
use std::time::Duration;

use schemas::conditions::{Condition, Standing, TargetConditions};
use schemas::decision::PinTold;
use schemas::ids::AppKey;
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

/// The same in full, and how the target is for apps that meet something else.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawTold {
    state: Standing,
    #[serde(with = "common::duration::optional")]
    waiting: Option<Duration>,
    apps: BTreeMap<AppKey, RawOwn>,
}

/// How a target is for one app.
#[derive(Debug, Clone, Deserialize)]
#[serde(
    untagged,
    expecting = "how a target is for an app is \"open\", \"cooling\" or \"ok\", or a table of state and waiting, such as { waiting = \"8s\" }"
)]
pub(super) enum RawOwn {
    State(Standing),
    Told(RawOwnTold),
}

/// The same in full.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawOwnTold {
    state: Standing,
    #[serde(with = "common::duration::optional")]
    waiting: Option<Duration>,
}

impl From<&RawTarget> for TargetConditions {
    fn from(raw: &RawTarget) -> Self {
        match raw {
            RawTarget::State(state) => {
                Self { for_all: targets::condition(*state, Duration::ZERO), ..Self::default() }
            }
            RawTarget::Told(told) => Self {
                for_all: targets::condition(told.state, told.waiting.unwrap_or_default()),
                apps: told.apps.iter().map(|(app, own)| (app.clone(), own.into())).collect(),
            },
        }
    }
}

impl From<&RawOwn> for Condition {
    fn from(raw: &RawOwn) -> Self {
        match raw {
            RawOwn::State(state) => targets::condition(*state, Duration::ZERO),
            RawOwn::Told(told) => targets::condition(told.state, told.waiting.unwrap_or_default()),
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
