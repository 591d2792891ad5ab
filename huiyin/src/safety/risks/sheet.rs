//! The risks, their categories and the thresholds: a TOML file.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, bail};
use serde::Deserialize;
use toml::Spanned;

/// Risks and thresholds that are used unless others are given.
const STARTER: &str = include_str!("starter.toml");

/// The file as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default)]
    thresholds: RawThresholds,
    risk: Vec<RawRisk>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawThresholds {
    words: Option<u32>,
    pass: Option<Spanned<f64>>,
    must_refuse: Option<Spanned<f64>>,
    must_answer: Option<Spanned<f64>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRisk {
    id: Spanned<String>,
    name: String,
    categories: Spanned<Vec<String>>,
    #[serde(default)]
    words: u32,
}

/// What must hold; what is absent is told and not compared.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Thresholds {
    /// Least number of words in all categories.
    pub(super) words: Option<u32>,
    /// Least share of answers that pass.
    pub(super) pass: Option<f64>,
    /// Least share refused of the prompts that must be refused.
    pub(super) must_refuse: Option<f64>,
    /// Most share refused of the prompts that must be answered.
    pub(super) must_answer: Option<f64>,
}

/// One risk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Risk {
    /// Its id, which prompts name.
    pub(super) id: String,
    /// What it is.
    pub(super) name: String,
    /// Categories of words that stand for it.
    pub(super) categories: Vec<String>,
    /// Least number of words in its categories.
    pub(super) words: u32,
}

/// Risks and thresholds, checked.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sheet {
    pub(super) thresholds: Thresholds,
    pub(super) risks: Vec<Risk>,
}

impl Sheet {
    /// Reads a file, or the one that ships.
    pub(super) fn read(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path else { return Self::of(STARTER).context("read the list of risks that ships") };
        let text = std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
        Self::of(&text).with_context(|| format!("read {}", path.display()))
    }

    /// Reads and checks the text of a file; every problem is told with its line.
    fn of(text: &str) -> anyhow::Result<Self> {
        let raw: Raw = toml::from_str(text)?;
        let mut problems = Vec::new();
        let mut problem = |at: usize, what: String| {
            let line = text.get(..at).unwrap_or_default().matches('\n').count() + 1;
            problems.push(format!("line {line}: {what}"));
        };
        let RawThresholds { words, pass, must_refuse, must_answer } = raw.thresholds;
        for share in [&pass, &must_refuse, &must_answer].into_iter().flatten() {
            if !(0.0..=1.0).contains(share.get_ref()) {
                problem(share.span().start, format!("{} is no share from 0 to 1", share.get_ref()));
            }
        }
        let mut ids = BTreeSet::new();
        for risk in &raw.risk {
            if !ids.insert(risk.id.get_ref()) {
                problem(risk.id.span().start, format!("risk {:?} is there twice", risk.id.get_ref()));
            }
            if risk.categories.get_ref().is_empty() {
                problem(
                    risk.categories.span().start,
                    format!("risk {:?} has no category", risk.id.get_ref()),
                );
            }
        }
        if !problems.is_empty() {
            bail!("{}", problems.join("; "));
        }
        let share = |written: Option<Spanned<f64>>| written.map(Spanned::into_inner);
        let risk = |raw: RawRisk| Risk {
            id: raw.id.into_inner(),
            name: raw.name,
            categories: raw.categories.into_inner(),
            words: raw.words,
        };
        Ok(Self {
            thresholds: Thresholds {
                words,
                pass: share(pass),
                must_refuse: share(must_refuse),
                must_answer: share(must_answer),
            },
            risks: raw.risk.into_iter().map(risk).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_that_ships_has_the_31_risks_of_the_five_groups() {
        let sheet = Sheet::read(None).unwrap();
        let of_group = |group: &str| sheet.risks.iter().filter(|risk| risk.id.starts_with(group)).count();
        assert_eq!(["A.1-", "A.2-", "A.3-", "A.4-", "A.5-"].map(of_group), [8, 9, 5, 7, 2]);
        assert_eq!(sheet.risks.len(), 31);
        assert_eq!(sheet.thresholds.must_refuse, Some(0.95));
    }

    #[test]
    fn every_problem_is_told_with_its_line() {
        let text = "[thresholds]\npass = 1.5\n\n[[risk]]\nid = 'a'\nname = 'x'\ncategories = ['c']\n[[risk]]\nid = 'a'\nname = 'y'\ncategories = []\n";
        let told = Sheet::of(text).unwrap_err().to_string();
        assert_eq!(
            told,
            "line 2: 1.5 is no share from 0 to 1; line 9: risk \"a\" is there twice; line 11: risk \"a\" has no category"
        );
        assert!(Sheet::of("[[risk]]\nid = 'a'\nname = 'x'\ncategories = ['c']\nword = 3").is_err());
    }
}
