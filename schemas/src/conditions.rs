//! What call knows of its targets, as the conversations' log has it: routes may ask for it, and whoever folds the log again sees the same.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Millis;
use crate::ids::{AppKey, TargetName};
use crate::wire::{Invalid, require};

/// For how long a record says something when no later one follows, in milliseconds. Then nothing is known.
pub const LASTS_MS: Millis = 10 * 60_000;
/// Most targets of a record.
pub const MOST_TARGETS: usize = 256;
/// Most apps of a target that are told of.
pub const MOST_APPS: usize = 32;

/// Everything that the instance of call that owns a partition knows of its targets. The next record of the partition replaces it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Conditions {
    /// Targets of which there is something to say. Those that are not named can be called at once.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub targets: BTreeMap<TargetName, TargetConditions>,
    /// When that was so.
    pub at: Millis,
}

/// How one target is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TargetConditions {
    /// For every app.
    #[serde(flatten)]
    pub for_all: Condition,
    /// For apps that meet something else, which concerns them alone; at most [`MOST_APPS`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub apps: BTreeMap<AppKey, Condition>,
}

/// How a target is for somebody.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Condition {
    /// Whether it is called.
    #[serde(default, skip_serializing_if = "Standing::is_ok")]
    pub state: Standing,
    /// When it is called again, in milliseconds since the epoch by the clock of call; not known if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Millis>,
    /// How long a call waits for its turn, in milliseconds, rounded down to a power of two of seconds; 0 below one second.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub waiting_ms: u32,
}

/// Whether a target is called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is.
    #[default]
    Ok,
    /// It, or its last key, is left alone for a time: it asked for that, or refuses the keys.
    Cooling,
    /// Its breaker is open: it failed too often.
    Open,
}

impl Standing {
    /// Its word in records and metrics.
    pub fn label(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Cooling => "cooling",
            Self::Open => "open",
        }
    }

    fn is_ok(&self) -> bool {
        *self == Self::Ok
    }
}

impl Condition {
    /// There is nothing to say.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

impl Conditions {
    /// # Errors
    /// [`Invalid`] when it tells of more than a record may.
    pub(crate) fn check(&self) -> Result<(), Invalid> {
        require(self.targets.len() <= MOST_TARGETS, "conditions tell of at most 256 targets")?;
        let few = self.targets.values().all(|target| target.apps.len() <= MOST_APPS);
        require(few, "conditions tell of at most 32 apps of a target")?;
        require(self.at > 0, "times are positive")
    }
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(n: usize) -> TargetName {
        TargetName::new(format!("target{n}")).unwrap()
    }

    #[test]
    fn what_can_be_called_at_once_takes_no_room() {
        let conditions = Conditions { targets: BTreeMap::new(), at: 7 };
        assert_eq!(serde_json::to_string(&conditions).unwrap(), r#"{"at":7}"#);
        let usual = TargetConditions::default();
        assert_eq!(serde_json::to_string(&usual).unwrap(), "{}");
        assert_eq!(serde_json::from_str::<TargetConditions>("{}").unwrap(), usual);
    }

    #[test]
    fn a_record_is_bounded_in_targets_and_in_apps() {
        let of = |targets: usize, apps: usize| {
            let app = |n: usize| (AppKey::new(format!("acme#app{n}")).unwrap(), Condition::default());
            let apps: BTreeMap<_, _> = (0..apps).map(app).collect();
            let one = TargetConditions { apps, ..TargetConditions::default() };
            Conditions { targets: (0..targets).map(|n| (target(n), one.clone())).collect(), at: 1 }.check()
        };
        assert!(of(MOST_TARGETS, MOST_APPS).is_ok());
        assert!(of(MOST_TARGETS + 1, 0).is_err() && of(1, MOST_APPS + 1).is_err());
        assert!(Conditions::default().check().is_err());
    }
}
