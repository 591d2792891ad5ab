//! A figure: what a metric comes to, and how far that may be off.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::case::Case;
use super::metric::{Metric, Reading};
use crate::measure::Pair;
use crate::results::Footing;
use crate::statistics::ratio::{self, Part};
use crate::statistics::share::{self, Count};
use crate::statistics::{Estimate, Seed, holm, quantile};

/// Picos of a currency's unit.
const PICO: f64 = 1e12;
/// The share of turns that a p95 is not exceeded by.
const P95: f64 = 0.95;

/// What a metric comes to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// The metric.
    pub metric: Metric,
    /// The currency of a cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The baseline's value for each turn; absent for what is of both sides together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<f64>,
    /// The candidate's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidate: Option<f64>,
    /// The figure: a relative change, a difference of shares, a share or a mean. 0.05 is 5 %.
    pub value: f64,
    /// Turns in which it is so, of a share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hits: Option<u64>,
    /// Its interval at 95 %; absent for too few conversations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<(f64, f64)>,
    /// The smallest difference from where neither side is better that a sample of this size would show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub least_effect: Option<f64>,
    /// How likely such a figure is if neither side is better.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chance: Option<f64>,
    /// The same, corrected for the number of figures that are compared. Below 0.05: the difference is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrected: Option<f64>,
    /// Conversations that it rests upon.
    pub conversations: u64,
    /// Turns that it rests upon.
    pub turns: u64,
    /// Of them, in closed loop.
    pub closed: u64,
    /// Of them, in open loop.
    pub open: u64,
    /// What is known of it, for the gate.
    #[serde(skip)]
    pub estimate: Option<Estimate>,
}

impl Figure {
    /// Whether it differs from where neither side is better, all figures that are compared considered.
    pub fn is_shown(&self) -> bool {
        self.corrected.is_some_and(|chance| chance < 0.05)
    }
}

/// Every metric that has something to tell.
pub fn all(cases: &[Case<'_>], seed: Seed) -> Vec<Figure> {
    let mut figures = Vec::new();
    for metric in Metric::ALL {
        figures.extend(of(metric, cases, seed.of_part(metric.label())));
    }
    let chances: Vec<f64> = figures.iter().filter_map(|figure| figure.chance).collect();
    let corrected = holm::corrected(&chances);
    let compared = figures.iter_mut().filter(|figure| figure.chance.is_some());
    for (figure, corrected) in compared.zip(corrected) {
        figure.corrected = Some(corrected);
    }
    figures
}

/// What one metric comes to: nothing, one figure, or one for each currency.
pub fn of(metric: Metric, cases: &[Case<'_>], seed: Seed) -> Vec<Figure> {
    let sums = |of: fn(&Case<'_>) -> Option<Pair<f64>>| means(metric, &Read::of(cases, of), seed);
    let figure = match metric.reading() {
        Reading::Money => return money(metric, cases, seed),
        Reading::Means(of) => sums(of),
        Reading::P95(of) => p95(metric, &Read::of(cases, of), seed),
        Reading::Rates(of) => rates(metric, &Read::of(cases, of)),
        Reading::Share(of) => shares(metric, &Read::of(cases, of)),
        Reading::Mean(of) => mean(metric, &Read::of(cases, of), seed),
    };
    figure.into_iter().collect()
}

/// What was read of turns, by conversation.
struct Read<T> {
    conversations: Vec<Vec<T>>,
    turns: u64,
    closed: u64,
}

impl<T> Read<T> {
    fn of(cases: &[Case<'_>], of: impl Fn(&Case<'_>) -> Option<T>) -> Self {
        let mut conversations: BTreeMap<&str, Vec<T>> = BTreeMap::new();
        let (mut turns, mut closed) = (0, 0);
        for case in cases {
            if let Some(read) = of(case) {
                conversations.entry(&case.turn.conversation).or_default().push(read);
                turns += 1;
                closed += u64::from(case.turn.footing == Footing::Closed);
            }
        }
        Self { conversations: conversations.into_values().collect(), turns, closed }
    }

    fn sum(&self, of: impl Fn(&T) -> f64) -> f64 {
        self.conversations.iter().flatten().map(of).sum()
    }

    fn parts(&self, of: impl Fn(&T) -> Part) -> Vec<Part> {
        let add =
            |sum: Part, part: Part| Part { above: sum.above + part.above, below: sum.below + part.below };
        let sum = |turns: &Vec<T>| turns.iter().map(&of).fold(Part { above: 0.0, below: 0.0 }, add);
        self.conversations.iter().map(sum).collect()
    }

    fn counts(&self, of: impl Fn(&T) -> f64) -> Vec<Count> {
        let parts = self.parts(|read| Part { above: of(read), below: 1.0 });
        parts.into_iter().map(|part| Count { hits: part.above, turns: part.below }).collect()
    }

    /// A figure of the metric; `None` when nothing was read.
    fn figure(&self, metric: Metric, value: f64, estimate: Option<Estimate>) -> Option<Figure> {
        if self.turns == 0 || !value.is_finite() {
            return None;
        }
        let compared = estimate.as_ref().zip(metric.neutral());
        Some(Figure {
            metric,
            currency: None,
            baseline: None,
            candidate: None,
            value,
            hits: None,
            interval: estimate.as_ref().map(Estimate::interval),
            least_effect: compared.map(|(estimate, _)| estimate.least_effect()),
            chance: compared.map(|(estimate, neutral)| estimate.chance_if_at(neutral)),
            corrected: None,
            conversations: self.conversations.len() as u64,
            turns: self.turns,
            closed: self.closed,
            open: self.turns - self.closed,
            estimate,
        })
    }
}

fn money(metric: Metric, cases: &[Case<'_>], seed: Seed) -> Vec<Figure> {
    let sides = cases.iter().flat_map(|case| [&case.turn.baseline, &case.turn.candidate]);
    let currencies: BTreeSet<&str> =
        sides.filter_map(|side| side.cost.as_ref()).map(|cost| cost.currency.as_str()).collect();
    let of_currency = |currency: &&str| {
        let read = Read::of(cases, |case| {
            let (baseline, candidate) =
                (case.turn.baseline.cost.as_ref()?, case.turn.candidate.cost.as_ref()?);
            let same = baseline.currency == *currency && candidate.currency == *currency;
            same.then(|| {
                Pair { baseline: baseline.pico, candidate: candidate.pico }.map(|pico| pico as f64 / PICO)
            })
        });
        let figure = means(metric, &read, seed.of_part(currency))?;
        Some(Figure { currency: Some((*currency).to_owned()), ..figure })
    };
    currencies.iter().filter_map(of_currency).collect()
}

fn means(metric: Metric, read: &Read<Pair<f64>>, seed: Seed) -> Option<Figure> {
    let (before, after) = (read.sum(|pair| pair.baseline), read.sum(|pair| pair.candidate));
    let parts = read.parts(|pair| Part { above: pair.candidate - pair.baseline, below: pair.baseline });
    let figure = read.figure(metric, after / before - 1.0, ratio::estimate(&parts, seed))?;
    let turns = read.turns as f64;
    Some(Figure { baseline: Some(before / turns), candidate: Some(after / turns), ..figure })
}

fn p95(metric: Metric, read: &Read<Pair<f64>>, seed: Seed) -> Option<Figure> {
    let pairs: Vec<Vec<(f64, f64)>> = read
        .conversations
        .iter()
        .map(|turns| turns.iter().map(|pair| (pair.baseline, pair.candidate)).collect())
        .collect();
    let quantile::Change { baseline, candidate, estimate } = quantile::change(&pairs, P95, seed)?;
    let figure = read.figure(metric, candidate / baseline - 1.0, estimate)?;
    Some(Figure { baseline: Some(baseline), candidate: Some(candidate), ..figure })
}

fn rates(metric: Metric, read: &Read<Pair<bool>>) -> Option<Figure> {
    let turns = read.turns as f64;
    let baseline = read.sum(|pair| f64::from(pair.baseline)) / turns;
    let candidate = read.sum(|pair| f64::from(pair.candidate)) / turns;
    let counts = read.counts(|pair| f64::from(pair.candidate) - f64::from(pair.baseline));
    let figure = read.figure(metric, candidate - baseline, share::difference(&counts))?;
    Some(Figure { baseline: Some(baseline), candidate: Some(candidate), ..figure })
}

fn shares(metric: Metric, read: &Read<bool>) -> Option<Figure> {
    let hits = read.sum(|hit| f64::from(*hit));
    let estimate = share::share(&read.counts(|hit| f64::from(*hit)));
    let figure = read.figure(metric, hits / read.turns as f64, estimate)?;
    Some(Figure { hits: Some(hits as u64), ..figure })
}

fn mean(metric: Metric, read: &Read<f64>, seed: Seed) -> Option<Figure> {
    let parts = read.parts(|value| Part { above: *value, below: 1.0 });
    let estimate = ratio::estimate(&parts, seed);
    let figure = read.figure(metric, read.sum(|value| *value) / read.turns as f64, estimate)?;
    // A mean of values from 0 to 1 lies there, whatever draws say.
    let interval = figure.interval.map(|(low, high)| (low.clamp(0.0, 1.0), high.clamp(0.0, 1.0)));
    Some(Figure { interval, ..figure })
}
