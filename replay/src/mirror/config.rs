//! Section `[shadow]` of the configuration file. Unknown keys are refused.

use std::path::PathBuf;

use common::{Problem, Problems};
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::config::{limits, pace};
use crate::live::budget::Budget;
use crate::live::limits::Limits;
use crate::range::Sample;

/// `[shadow]`: a candidate that answers live traffic once more.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawShadow {
    /// Name of the shadow, 1 to 24 of `a-z`, `0-9` and `-`; part of its topics and groups. Another candidate takes another name. Required.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// The candidate: a whole configuration file, of which the bundle counts, and `[call]` if it has one. All else is this file's. A relative path begins at
    /// this file. Required.
    #[schemars(with = "String")]
    pub candidate: PathBuf,
    /// The most that the shadow's calls may cost, such as `50CNY` or `50CNY,10USD`, over the 30 days that its topics go back; `none` for as much as it takes. Beyond it requests end
    /// as failed without a call. Required.
    #[schemars(with = "String")]
    pub budget: Spanned<String>,
    /// Share of the conversations that are copied, such as `5%`. A conversation is copied whole or not at all. Default `100%`.
    #[serde(default = "all")]
    #[schemars(with = "String")]
    pub sample: Spanned<String>,
    /// Most calls of the shadow that run at a time. Default 8.
    #[serde(default = "at_once")]
    pub at_once: u32,
    /// Calls of the shadow that start within a second, spread evenly. Unlimited by default.
    pub calls_per_second: Option<f64>,
}

fn all() -> Spanned<String> {
    Spanned::new(0..0, "100%".to_owned())
}

fn at_once() -> u32 {
    8
}

/// A checked [`RawShadow`].
#[derive(Debug, Clone, PartialEq)]
pub struct Shadow {
    /// Its name.
    pub name: String,
    /// The candidate's file.
    pub candidate: PathBuf,
    /// The most that it may spend.
    pub budget: Budget,
    /// Which conversations are copied.
    pub sample: Sample,
    /// Limits of its calls.
    pub limits: Limits,
}

/// Longest name: with a deployment's name it is part of another name.
const LONGEST_NAME: usize = 24;

/// Checks the section.
///
/// # Errors
/// Every [`Problem`] that was found.
pub fn validate(raw: &RawShadow) -> Result<Shadow, Vec<Problem>> {
    const PLACE: &str = "shadow";
    let mut problems = Problems::default();
    let name = raw.name.get_ref();
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if !(1..=LONGEST_NAME).contains(&name.len()) || !name.bytes().all(legal) {
        problems.add_at(PLACE, &raw.name, format!("name must be 1 to {LONGEST_NAME} of a-z, 0-9 and -"));
    }
    let budget = raw.budget.get_ref().parse::<Budget>().map_err(|bad| format!("budget: {bad}"));
    let budget = problems.take_at(PLACE, &raw.budget, budget);
    let sample = raw.sample.get_ref().parse::<Sample>().map_err(|bad| format!("sample: {bad}"));
    let sample = problems.take_at(PLACE, &raw.sample, sample);
    let per_second = pace(PLACE, raw.calls_per_second, &mut problems);
    let limits = limits(PLACE, raw.at_once, per_second, &mut problems);
    let shadow = budget.zip(sample).zip(limits).map(|((budget, sample), limits)| Shadow {
        name: name.clone(),
        candidate: raw.candidate.clone(),
        budget,
        sample,
        limits,
    });
    problems.finish(shadow)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<Shadow, Vec<String>> {
        let raw: RawShadow = toml::from_str(text).unwrap();
        validate(&raw).map_err(|found| found.into_iter().map(|one| one.what).collect())
    }

    #[test]
    fn a_shadow_has_a_name_a_candidate_and_a_budget() {
        let shadow = check("name = \"cheaper\"\ncandidate = \"c.toml\"\nbudget = \"50CNY\"").unwrap();
        assert_eq!((shadow.sample, shadow.limits.at_once.get()), (Sample::ALL, 8));
        for (text, told) in [
            ("name = \"A\"\ncandidate = \"c\"\nbudget = \"1CNY\"", "name must be"),
            ("name = \"a\"\ncandidate = \"c\"\nbudget = \"1\"", "budget: \"1\" is no amount"),
            ("name = \"a\"\ncandidate = \"c\"\nbudget = \"none\"\nsample = \"0%\"", "sample: "),
            ("name = \"a\"\ncandidate = \"c\"\nbudget = \"none\"\nat_once = 0", "at_once must be"),
        ] {
            let found = check(text).unwrap_err();
            assert!(found[0].starts_with(told), "{found:?}");
        }
    }
}
