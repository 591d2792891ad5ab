//! Files of cases as they stand. Unknown keys are refused.

use std::collections::BTreeMap;
use std::time::Duration;

use schemas::ids::TargetName;
use serde::Deserialize;
use toml::Spanned;

use super::targets::{RawPin, RawTarget};

/// A file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFile {
    /// Its cases.
    #[serde(default)]
    pub(super) case: Vec<Spanned<RawCase>>,
}

/// A conversation, and what must come of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCase {
    /// What it is about, in words.
    pub(super) name: Spanned<String>,
    /// The app; may be left out where one is configured.
    pub(super) app: Option<Spanned<String>>,
    /// The bot that is spoken to; the app's first without it.
    pub(super) bot: Option<Spanned<String>>,
    /// Who speaks where a step does not say it.
    pub(super) user: Option<Spanned<String>>,
    /// The group in which all of it is said.
    pub(super) group: Option<Spanned<String>>,
    /// The room in which all of it is said.
    pub(super) room: Option<Spanned<String>>,
    /// When it begins, as in RFC 3339.
    pub(super) at: Option<Spanned<String>>,
    /// What happens, in order.
    #[serde(default)]
    pub(super) step: Vec<Spanned<RawStep>>,
    /// What must hold of all steps together.
    pub(super) expect: Option<Spanned<RawExpect>>,
}

/// Something that happens. Exactly one of `say`, `answer`, `fail`, `vanish`, `review`, `wait`, `recall`, `edit`, `take_over`,
/// `hand_back`, `finding`, `targets`; an `answer` may also stand beside `say`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawStep {
    /// How long after the step before.
    #[serde(with = "common::duration::optional")]
    pub(super) after: Option<Duration>,
    pub(super) say: Option<String>,
    /// Easemob's id of what is said; its number without it.
    pub(super) id: Option<Spanned<String>>,
    pub(super) from: Option<Spanned<String>>,
    /// To whom, where a bot's account is used by hand or people speak among themselves.
    pub(super) to: Option<Spanned<String>>,
    pub(super) kind: Option<Spanned<String>>,
    /// The message's body in full, as Easemob brings it.
    pub(super) body: Option<toml::Table>,
    /// The tier that the app has signed of whoever says it.
    pub(super) tier: Option<Spanned<String>>,
    pub(super) ext: toml::Table,
    /// How long before its callback it was sent.
    #[serde(with = "common::duration::optional")]
    pub(super) age: Option<Duration>,
    /// What the verdict of its callback has beside what the filter finds.
    pub(super) found: Vec<RawFound>,
    pub(super) answer: Option<String>,
    pub(super) truncated: bool,
    pub(super) target: Option<Spanned<String>>,
    pub(super) fail: Option<String>,
    pub(super) vanish: bool,
    pub(super) review: Option<Spanned<String>>,
    #[serde(with = "common::duration::optional")]
    pub(super) wait: Option<Duration>,
    pub(super) recall: Option<String>,
    pub(super) edit: Option<RawEdit>,
    pub(super) take_over: Option<Spanned<String>>,
    pub(super) hand_back: bool,
    pub(super) finding: Option<RawFinding>,
    /// How call says that its targets are.
    pub(super) targets: Option<Spanned<BTreeMap<TargetName, RawTarget>>>,
    pub(super) expect: Option<Spanned<RawExpect>>,
}

/// A finding that a message comes with.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFound {
    pub(super) rule: String,
    #[serde(default)]
    pub(super) category: String,
}

/// A message has another text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEdit {
    pub(super) message: String,
    pub(super) text: String,
}

/// Somebody outside finds something wrong with the answer to a message.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFinding {
    pub(super) message: String,
    pub(super) category: Option<String>,
}

/// What must hold. What is left out is not looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawExpect {
    pub(super) callback: Option<Spanned<String>>,
    pub(super) verdict: Option<Spanned<String>>,
    pub(super) rules: Option<Spanned<Vec<String>>>,
    pub(super) ruling: Option<Spanned<String>>,
    pub(super) reasons: Option<Spanned<Vec<String>>>,
    pub(super) tier: Option<Spanned<String>>,
    pub(super) route: Option<Spanned<String>>,
    pub(super) skipped: Option<Spanned<BTreeMap<String, String>>>,
    pub(super) chain: Option<Spanned<Vec<String>>>,
    pub(super) avoided: Option<Spanned<Vec<String>>>,
    pub(super) pin: Option<Spanned<RawPin>>,
    pub(super) complexity: Option<Spanned<String>>,
    pub(super) score: Option<Spanned<RawScores>>,
    pub(super) arms: Option<Spanned<BTreeMap<String, String>>>,
    pub(super) temperature_milli: Option<Spanned<u32>>,
    pub(super) max_output_tokens: Option<Spanned<u32>>,
    pub(super) thinking: Option<Spanned<String>>,
    pub(super) stop: Option<Spanned<Vec<String>>>,
    pub(super) answer_within: Option<Spanned<String>>,
    pub(super) system: Option<Spanned<String>>,
    pub(super) prompt: Option<Spanned<Vec<String>>>,
    pub(super) prompt_has: Option<Spanned<Vec<String>>>,
    pub(super) prompt_lacks: Option<Spanned<Vec<String>>>,
    pub(super) images: Option<Spanned<usize>>,
    pub(super) says: Option<Spanned<Vec<String>>>,
    pub(super) says_has: Option<Spanned<Vec<String>>>,
    pub(super) says_lacks: Option<Spanned<Vec<String>>>,
    pub(super) answers: Option<Spanned<usize>>,
    pub(super) requests: Option<Spanned<usize>>,
    pub(super) cancels: Option<Spanned<usize>>,
    pub(super) retracts: Option<Spanned<usize>>,
}

/// A range of scores, both ends included.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawScores {
    #[serde(default)]
    pub(super) from: u32,
    #[serde(default = "best")]
    pub(super) to: u32,
}

fn best() -> u32 {
    1_000
}
