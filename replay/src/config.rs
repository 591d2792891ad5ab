//! Section `[replay]` of the configuration file. Unknown keys are refused.

use std::num::NonZeroUsize;

use catalogue::Bundle;
use common::{Problem, Problems};
use schemars::JsonSchema;
use schemas::ids::TargetName;
use serde::Deserialize;
use toml::Spanned;

use crate::judge::rubric::Rubric;
use crate::live::budget::Budget;
use crate::live::judge::Terms;
use crate::live::limits::Limits;

/// `[replay]`: replays that ask models, and their judge.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawReplay {
    /// Most calls of a replay that run at a time. Production's calls to the same targets go on beside them. Default 8.
    pub at_once: u32,
    /// Calls of a replay that start within a second, spread evenly. Unlimited by default.
    pub calls_per_second: Option<f64>,
    /// The most that a replay may spend where `--budget` is not given, such as `50CNY` or `50CNY,10USD`. None by default: a replay that asks models then
    /// needs `--budget`.
    #[schemars(with = "Option<String>")]
    pub budget: Option<Spanned<String>>,
    /// Who judges which of two answers is better.
    pub judge: Option<RawJudge>,
}

/// `[replay.judge]`: who judges which of two answers is better.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawJudge {
    /// The `[[target]]` that judges. It should be another model than those that are compared. Required.
    #[schemars(with = "String")]
    pub target: Spanned<String>,
    /// A file with the rubric, as TOML with the keys of `[replay.judge.rubric]`; relative paths begin at this file. None by default.
    #[schemars(with = "Option<String>")]
    pub rubric_file: Option<Spanned<String>>,
    /// By what the judge compares. By default what a customer service asks for: correct, helpful, harmless, clear.
    pub rubric: Option<Rubric>,
    /// Most tokens of a reply, thoughts included. Default 512.
    #[serde(default = "reply_tokens")]
    pub max_output_tokens: u32,
    /// Most calls of the judge that run at a time. Default 4.
    #[serde(default = "judge_at_once")]
    pub at_once: u32,
    /// Calls of the judge that start within a second, spread evenly. Unlimited by default.
    pub calls_per_second: Option<f64>,
    /// The most that judging may spend where `--budget` is not given, as `replay.budget`. None by default: judging then needs `--budget`.
    #[schemars(with = "Option<String>")]
    pub budget: Option<Spanned<String>>,
}

fn reply_tokens() -> u32 {
    512
}

fn judge_at_once() -> u32 {
    4
}

impl Default for RawReplay {
    fn default() -> Self {
        Self { at_once: 8, calls_per_second: None, budget: None, judge: None }
    }
}

/// A checked [`RawReplay`].
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Limits of calls.
    pub limits: Limits,
    /// The budget where none is given.
    pub budget: Option<Budget>,
    /// The judge, if there is one.
    pub judge: Option<Judge>,
}

/// A checked [`RawJudge`].
#[derive(Debug, Clone, PartialEq)]
pub struct Judge {
    /// Which target, and how.
    pub terms: Terms,
    /// By what it compares.
    pub rubric: Rubric,
    /// The budget where none is given.
    pub budget: Option<Budget>,
}

/// Checks the section; `read` reads a file beside the configuration, or says why not.
///
/// # Errors
/// Every [`Problem`] that was found.
pub fn validate(
    raw: &RawReplay,
    bundle: &Bundle,
    read: impl Fn(&str) -> Result<String, String>,
) -> Result<Settings, Vec<Problem>> {
    let mut problems = Problems::default();
    let per_second = pace("replay", raw.calls_per_second, &mut problems);
    let limits = limits("replay", raw.at_once, per_second, &mut problems);
    let budget = budget("replay", raw.budget.as_ref(), &mut problems);
    let judge = raw.judge.as_ref().map(|raw| judge(raw, bundle, read, &mut problems));
    let settings = limits.map(|limits| Settings { limits, budget, judge: judge.flatten() });
    problems.finish(settings)
}

fn judge(
    raw: &RawJudge,
    bundle: &Bundle,
    read: impl Fn(&str) -> Result<String, String>,
    problems: &mut Problems,
) -> Option<Judge> {
    const PLACE: &str = "replay.judge";
    let name =
        TargetName::new(raw.target.get_ref().clone()).ok().filter(|name| bundle.targets.contains_key(name));
    if name.is_none() {
        problems.add_at(PLACE, &raw.target, "there is no [[target]] of that name");
    }
    if raw.max_output_tokens == 0 {
        problems.add(PLACE, "max_output_tokens must be more than zero");
    }
    let rubric = match (&raw.rubric_file, &raw.rubric) {
        (Some(file), Some(_)) => {
            problems.add_at(PLACE, file, "rubric_file and rubric exclude each other");
            None
        }
        (Some(file), None) => {
            let text = problems.take_at(
                PLACE,
                file,
                read(file.get_ref()).map_err(|why| format!("rubric_file: {why}")),
            );
            let parsed = text.map(|text| {
                toml::from_str::<Rubric>(&text).map_err(|error| format!("rubric_file: {}", error.message()))
            });
            parsed.and_then(|parsed| problems.take_at(PLACE, file, parsed))
        }
        (None, rubric) => Some(rubric.clone().unwrap_or_default()),
    };
    if let Some(Err(bad)) = rubric.as_ref().map(Rubric::validate) {
        problems.add(PLACE, format!("rubric: {bad}"));
    }
    let budget = budget(PLACE, raw.budget.as_ref(), problems);
    let per_second = pace(PLACE, raw.calls_per_second, problems);
    let limits = limits(PLACE, raw.at_once, per_second, problems);
    let terms = name.zip(limits).map(|(target, limits)| Terms {
        target,
        max_output_tokens: raw.max_output_tokens,
        limits,
    });
    terms.zip(rubric).map(|(terms, rubric)| Judge { terms, rubric, budget })
}

/// A pace, if it is one.
pub(crate) fn pace(place: &str, per_second: Option<f64>, problems: &mut Problems) -> Option<f64> {
    if per_second.is_some_and(|pace| !(pace > 0.0 && pace.is_finite())) {
        problems.add(place, "calls_per_second must be more than zero");
    }
    per_second
}

/// Limits of calls.
pub(crate) fn limits(
    place: &str,
    at_once: u32,
    per_second: Option<f64>,
    problems: &mut Problems,
) -> Option<Limits> {
    let at_once = NonZeroUsize::new(usize::try_from(at_once).unwrap_or(usize::MAX));
    if at_once.is_none() {
        problems.add(place, "at_once must be more than zero");
    }
    at_once.map(|at_once| Limits { at_once, per_second })
}

fn budget(place: &str, text: Option<&Spanned<String>>, problems: &mut Problems) -> Option<Budget> {
    let text = text?;
    problems.take_at(place, text, text.get_ref().parse::<Budget>().map_err(|bad| format!("budget: {bad}")))
}

#[cfg(test)]
mod tests;
