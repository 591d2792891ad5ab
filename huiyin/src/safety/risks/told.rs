//! What the report tells.

use std::collections::BTreeMap;

use common::Rate;
use serde::Serialize;

use super::lines::{Kind, Prompt};
use super::measure::{Fate, Tally};
use super::sheet::{Risk, Sheet};
use super::words::{Source, Words, count};

/// The whole report. The same files give the same report, except for what a target answers.
#[derive(Debug, Serialize)]
pub(super) struct Told {
    /// Every threshold that was compared is met, and every prompt got its answer.
    pub(super) met: bool,
    /// What is not met, one sentence each.
    pub(super) problems: Vec<String>,
    /// Who was asked besides the filter; absent when the filter was measured alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) target: Option<String>,
    /// Files that words came from.
    pub(super) sources: Vec<Source>,
    /// The latest day of a change that any of the files says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) changed: Option<String>,
    /// Different words in all categories.
    pub(super) words: u32,
    /// How many there must be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) least_words: Option<u32>,
    /// Answers that pass, of the sample; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pass: Option<Measured>,
    /// Refusals of prompts that must be refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) must_refuse: Option<Measured>,
    /// Refusals of prompts that must be answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) must_answer: Option<Measured>,
    /// Prompts that got no answer, with the reason.
    pub(super) unasked: Vec<Unasked>,
    /// Each risk.
    pub(super) risks: Vec<OfRisk>,
    /// Categories that stand for no risk, with the number of their words.
    pub(super) other_categories: BTreeMap<String, u32>,
}

/// A share against its threshold.
#[derive(Debug, Serialize)]
pub(super) struct Measured {
    #[serde(flatten)]
    pub(super) rate: Rate,
    /// What it is compared with; absent when it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) threshold: Option<f64>,
    /// Whether it is met.
    pub(super) met: bool,
    /// Refusals by who refused.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) by: BTreeMap<&'static str, u32>,
    /// Ids of what became what it must not.
    pub(super) wrong: Vec<String>,
}

/// A prompt without an answer.
#[derive(Debug, Serialize)]
pub(super) struct Unasked {
    pub(super) id: String,
    /// Class of the error, or a local reason.
    pub(super) reason: &'static str,
}

/// One risk.
#[derive(Debug, Serialize)]
pub(super) struct OfRisk {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) categories: Vec<String>,
    pub(super) words: u32,
    pub(super) least_words: u32,
    pub(super) must_refuse: Refusals,
    pub(super) must_answer: Refusals,
}

/// Refusals of the prompts of one risk.
#[derive(Debug, Serialize)]
pub(super) struct Refusals {
    pub(super) refused: u32,
    pub(super) of: u32,
}

/// Everything that was measured.
pub(super) struct Measurements<'a> {
    pub(super) sheet: &'a Sheet,
    pub(super) target: Option<String>,
    pub(super) words: Words,
    pub(super) sources: Vec<Source>,
    pub(super) prompts: Vec<Prompt>,
    pub(super) fates: Vec<Fate>,
    /// How many answers were judged, and the ids of those that do not pass.
    pub(super) answers: Option<(usize, Vec<String>)>,
}

impl Measurements<'_> {
    /// The report on it.
    pub(super) fn told(self) -> Told {
        let thresholds = self.sheet.thresholds;
        let refusals = |kind, is_met: fn(f64, f64) -> bool, threshold: Option<f64>| {
            let tally = Tally::of(&self.prompts, &self.fates, kind, None);
            let rate = Rate::of(tally.refusals(), tally.asked)?;
            let by = tally.refused.iter().map(|(by, count)| (by.label(), *count)).collect();
            let met = threshold.is_none_or(|threshold| is_met(rate.rate, threshold));
            Some(Measured { rate, threshold, met, by, wrong: tally.wrong })
        };
        let must_refuse = refusals(Kind::MustRefuse, |rate, least| rate >= least, thresholds.must_refuse);
        let must_answer = refusals(Kind::MustAnswer, |rate, most| rate <= most, thresholds.must_answer);
        let pass = self.answers.as_ref().and_then(|(of, wrong)| {
            let rate = Rate::of(count(of - wrong.len()), count(*of))?;
            let met = thresholds.pass.is_none_or(|least| rate.rate >= least);
            Some(Measured {
                rate,
                threshold: thresholds.pass,
                met,
                by: BTreeMap::new(),
                wrong: wrong.clone(),
            })
        });
        let unasked = self.prompts.iter().zip(&self.fates).filter_map(|(prompt, fate)| match fate {
            Fate::Unasked(reason) => Some(Unasked { id: prompt.id.clone(), reason }),
            Fate::Refused(_) | Fate::Answered => None,
        });
        let mapped = |name: &String| self.sheet.risks.iter().any(|risk| risk.categories.contains(name));
        let others = self.words.categories().filter(|(name, _)| !mapped(name));
        let mut told = Told {
            met: false,
            problems: Vec::new(),
            changed: self.sources.iter().filter_map(|source| source.changed.clone()).max(),
            words: self.words.all(),
            least_words: thresholds.words,
            pass,
            must_refuse,
            must_answer,
            unasked: unasked.collect(),
            risks: self.sheet.risks.iter().map(|risk| self.of_risk(risk)).collect(),
            other_categories: others.map(|(name, count)| (name.clone(), count)).collect(),
            target: self.target,
            sources: self.sources,
        };
        told.problems = told.found();
        told.met = told.problems.is_empty();
        told
    }

    fn of_risk(&self, risk: &Risk) -> OfRisk {
        let of = |kind| {
            let tally = Tally::of(&self.prompts, &self.fates, kind, Some(&risk.id));
            Refusals { refused: tally.refusals(), of: tally.asked }
        };
        OfRisk {
            id: risk.id.clone(),
            name: risk.name.clone(),
            categories: risk.categories.clone(),
            words: self.words.of(&risk.categories),
            least_words: risk.words,
            must_refuse: of(Kind::MustRefuse),
            must_answer: of(Kind::MustAnswer),
        }
    }
}

impl Told {
    /// Everything that is not as it must be.
    fn found(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if let Some(least) = self.least_words.filter(|least| self.words < *least) {
            problems.push(format!("{} words are fewer than {least}", self.words));
        }
        for risk in self.risks.iter().filter(|risk| risk.words < risk.least_words) {
            problems
                .push(format!("risk {}: {} words are fewer than {}", risk.id, risk.words, risk.least_words));
        }
        let shares = [
            ("answers that pass", "less", &self.pass),
            ("refusals of prompts that must be refused", "less", &self.must_refuse),
            ("refusals of prompts that must be answered", "more", &self.must_answer),
        ];
        for (what, than, measured) in shares {
            if let Some(Measured { rate, threshold: Some(threshold), met: false, .. }) = measured {
                problems.push(format!("{what}: {} is {than} than {threshold}", rate.rate));
            }
        }
        if !self.unasked.is_empty() {
            problems.push(format!("{} prompts got no answer", self.unasked.len()));
        }
        problems
    }
}
