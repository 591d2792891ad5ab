//! What a place told of a text, in a form in which places can be compared.

use std::collections::BTreeSet;

use schemas::verdict::{Action, Verdict};
use serde_json::Value;

const PERSONAL: &str = "personal_data";
const INJECTION: &str = "injection";

/// Which of the judged texts, and from where to where in code points.
type Span = (u64, u64, u64);

/// A rule that hit: its id, action, views, whether it is in shadow, and the places.
type Found = (String, Action, Vec<String>, bool, Vec<Span>);

/// What was told of one text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Told {
    action: Option<Action>,
    rules: Vec<String>,
    words: Vec<Found>,
    /// Places of words that do not touch; they are all that the batch tells.
    places: Vec<Span>,
    personal: BTreeSet<Span>,
    is_injection: bool,
}

impl Told {
    pub(crate) fn of(verdict: &Verdict) -> Self {
        let list = verdict.findings.iter().flat_map(|findings| &findings.list);
        let mut told = Self { action: Some(verdict.action), rules: verdict.rules.clone(), ..Self::default() };
        let mut places = Vec::new();
        for finding in list {
            assert_eq!(finding.more, 0, "the corpora stay below the bound");
            let spans = finding.spans.iter();
            let spans = spans.map(|(start, end)| (finding.text.into(), (*start).into(), (*end).into()));
            let spans: Vec<Span> = spans.collect();
            match finding.rule.as_str() {
                PERSONAL => told.personal.extend(spans),
                INJECTION => told.is_injection = true,
                rule => {
                    places.extend(spans.iter().copied());
                    told.words.push((
                        rule.into(),
                        finding.action,
                        finding.views.clone(),
                        finding.shadow,
                        spans,
                    ));
                }
            }
        }
        told.words.sort();
        told.places = merged(places);
        told
    }

    /// Of the message's first text alone: a text that is JSON is read by ingest as well, and what stands in it judged by itself.
    pub(crate) fn of_first(verdict: &Verdict) -> Self {
        let mut verdict = verdict.clone();
        if let Some(findings) = &mut verdict.findings {
            findings.list.retain(|finding| finding.text == 0);
        }
        Self::of(&verdict)
    }

    pub(crate) fn of_batch(line: &Value) -> Self {
        let span = |one: &Value, two: &Value| (0, one.as_u64().unwrap(), two.as_u64().unwrap());
        let spans = line["spans"].as_array().unwrap().iter().map(|s| span(&s[0], &s[1]));
        let personal = line["personal"].as_array().unwrap().iter().map(|p| span(&p["start"], &p["end"]));
        let is_injection = line["score"].as_f64().unwrap() >= 0.5;
        Self {
            places: merged(spans.collect()),
            personal: personal.collect(),
            is_injection,
            ..Self::default()
        }
    }

    /// Action and rules, those of injections and personal data too.
    pub(crate) fn effect(&self) -> (Option<Action>, &[String]) {
        (self.action, &self.rules)
    }

    /// How long the places of words and of personal data are: where a message has a text twice, once among others, the same.
    pub(crate) fn lengths(&self) -> [BTreeSet<u64>; 2] {
        let lengths = |spans: Vec<Span>| spans.into_iter().map(|(_, start, end)| end - start).collect();
        [lengths(self.places.clone()), lengths(self.personal.iter().copied().collect())]
    }

    pub(crate) fn has_words(&self) -> bool {
        !self.words.is_empty()
    }

    pub(crate) fn has_personal_data(&self) -> bool {
        !self.personal.is_empty()
    }

    pub(crate) fn is_injection(&self) -> bool {
        self.is_injection
    }

    /// Without what a rule with an action of its own for answers does.
    pub(crate) fn without_output_actions(&self) -> Self {
        let word = |mut found: Found| {
            if found.0 == super::judges::DIFFERS {
                found.1 = Action::Pass;
            }
            found
        };
        Self { words: self.words.clone().into_iter().map(word).collect(), ..self.clone() }
    }

    pub(crate) fn words_differ(&self, other: &Self) -> Option<String> {
        let effect = |told: &Self| {
            told.words.iter().filter(|found| !found.3).map(|found| found.1).max().unwrap_or(Action::Pass)
        };
        let one = (effect(self), &self.words);
        let two = (effect(other), &other.words);
        (one != two).then(|| format!("{one:?} and {two:?}"))
    }

    pub(crate) fn places_differ(&self, other: &Self) -> Option<String> {
        differ(&self.places, &other.places)
    }

    pub(crate) fn personal_differs(&self, other: &Self) -> Option<String> {
        differ(&self.personal, &other.personal)
    }

    pub(crate) fn injection_differs(&self, other: &Self) -> Option<String> {
        differ(&self.is_injection, &other.is_injection)
    }
}

fn differ<T: std::fmt::Debug + PartialEq>(one: &T, two: &T) -> Option<String> {
    (one != two).then(|| format!("{one:?} and {two:?}"))
}

/// Places in order; those that overlap are one.
fn merged(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort();
    let mut merged: Vec<Span> = Vec::new();
    for (text, start, end) in spans {
        match merged.last_mut() {
            Some(last) if text == last.0 && start < last.2 => last.2 = last.2.max(end),
            _ => merged.push((text, start, end)),
        }
    }
    merged
}
