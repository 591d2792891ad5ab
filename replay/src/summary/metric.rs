//! The metrics: a line for each, which says what it reads of a turn and how that is added up.

use serde::{Serialize, Serializer};

use super::case::Case;
use crate::measure::Pair;
use crate::results::Side;

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// Cost of all attempts.
    Cost,
    /// Tokens of all attempts.
    Tokens,
    /// Time to the whole answer, mean.
    Latency,
    /// Time to the whole answer that 95 % of the turns do not exceed.
    P95,
    /// Time to the first token, mean.
    FirstToken,
    /// Time to the first token that 95 % of the turns do not exceed.
    FirstTokenP95,
    /// Characters of answers.
    Length,
    /// How often the judge prefers the candidate; ties count half.
    WinRate,
    /// How alike answers are.
    Similarity,
    /// Answers that are byte by byte the same.
    Exact,
    /// Answers that are the same in one form.
    Normalised,
    /// Turns with another verdict on the question or the answer.
    VerdictChanged,
    /// Turns that took another route.
    RouteChanged,
    /// Turns that another target answered.
    TargetChanged,
    /// Answers in another language.
    LanguageChanged,
    /// Turns that should be decided alike and are not.
    Drift,
    /// Answers that refuse.
    Refusals,
    /// Turns that a filter stops.
    Stopped,
    /// Turns without the answer that they should have.
    Errors,
}

/// How a metric is read and added up.
#[derive(Clone, Copy)]
pub enum Reading {
    /// An amount of each side in a currency: relative change of the sums.
    Money,
    /// A number of each side: relative change of the means.
    Means(fn(&Case<'_>) -> Option<Pair<f64>>),
    /// A number of each side: relative change of the values that 95 % do not exceed.
    P95(fn(&Case<'_>) -> Option<Pair<f64>>),
    /// Whether something is so on each side: difference of the shares.
    Rates(fn(&Case<'_>) -> Option<Pair<bool>>),
    /// Whether something is so of the turn: a share.
    Share(fn(&Case<'_>) -> Option<bool>),
    /// A number from 0 to 1 of the turn: a mean.
    Mean(fn(&Case<'_>) -> Option<f64>),
}

/// In which unit both sides' values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Of a currency, for each turn.
    Money,
    /// Tokens or characters, for each turn.
    Count,
    /// Milliseconds.
    Millis,
    /// A share.
    Share,
}

impl Metric {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 19] = [
        Self::Cost,
        Self::Tokens,
        Self::Latency,
        Self::P95,
        Self::FirstToken,
        Self::FirstTokenP95,
        Self::WinRate,
        Self::VerdictChanged,
        Self::RouteChanged,
        Self::TargetChanged,
        Self::Refusals,
        Self::Stopped,
        Self::Errors,
        Self::LanguageChanged,
        Self::Length,
        Self::Similarity,
        Self::Exact,
        Self::Normalised,
        Self::Drift,
    ];

    /// Its name in conditions and in JSON.
    pub fn label(self) -> &'static str {
        match self {
            Self::Cost => "cost",
            Self::Tokens => "tokens",
            Self::Latency => "latency",
            Self::P95 => "p95",
            Self::FirstToken => "first_token",
            Self::FirstTokenP95 => "first_token_p95",
            Self::Length => "length",
            Self::WinRate => "win_rate",
            Self::Similarity => "similarity",
            Self::Exact => "exact",
            Self::Normalised => "normalised",
            Self::VerdictChanged => "verdict_changed",
            Self::RouteChanged => "route_changed",
            Self::TargetChanged => "target_changed",
            Self::LanguageChanged => "language_changed",
            Self::Drift => "drift",
            Self::Refusals => "refusals",
            Self::Stopped => "stopped",
            Self::Errors => "errors",
        }
    }

    /// How it is read and added up.
    pub fn reading(self) -> Reading {
        match self {
            Self::Cost => Reading::Money,
            Self::Tokens => Reading::Means(|case| {
                both(case, |side| side.tokens.map(|tokens| (tokens.input + tokens.output) as f64))
            }),
            Self::Latency => Reading::Means(latency),
            Self::P95 => Reading::P95(latency),
            Self::FirstToken => Reading::Means(first_token),
            Self::FirstTokenP95 => Reading::P95(first_token),
            Self::Length => Reading::Means(|case| Some(case.measures?.characters.map(|count| count as f64))),
            Self::WinRate => Reading::Mean(|case| Some(case.turn.judged.as_ref()?.win())),
            Self::Similarity => Reading::Mean(|case| Some(case.measures?.similarity)),
            Self::Exact => Reading::Share(|case| Some(case.measures?.exact)),
            Self::Normalised => Reading::Share(|case| Some(case.measures?.normalised)),
            Self::VerdictChanged => Reading::Share(verdict_changed),
            Self::RouteChanged => Reading::Share(|case| changed(case, |side| side.route.as_ref())),
            Self::TargetChanged => Reading::Share(|case| changed(case, |side| side.target.as_ref())),
            Self::LanguageChanged => Reading::Share(|case| {
                let language = case.measures?.language;
                Some(language.baseline != language.candidate)
            }),
            Self::Drift => Reading::Share(|case| Some(case.turn.drift.is_some())),
            Self::Refusals => Reading::Rates(|case| Some(case.measures?.refuses)),
            Self::Stopped => Reading::Rates(|case| Some(sides(case).map(Side::stops))),
            Self::Errors => Reading::Rates(|case| Some(sides(case).map(|side| !side.is_complete()))),
        }
    }

    /// The unit of both sides' values.
    pub fn unit(self) -> Unit {
        match (self, self.reading()) {
            (_, Reading::Money) => Unit::Money,
            (Self::Tokens | Self::Length, _) => Unit::Count,
            (_, Reading::Means(_) | Reading::P95(_)) => Unit::Millis,
            (_, Reading::Rates(_) | Reading::Share(_) | Reading::Mean(_)) => Unit::Share,
        }
    }

    /// The value at which neither side is better; absent for what only describes.
    pub fn neutral(self) -> Option<f64> {
        match self.reading() {
            Reading::Money | Reading::Means(_) | Reading::P95(_) | Reading::Rates(_) => Some(0.0),
            Reading::Mean(_) if self == Self::WinRate => Some(0.5),
            Reading::Share(_) | Reading::Mean(_) => None,
        }
    }
}

impl Serialize for Metric {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.label())
    }
}

fn sides<'a>(case: &Case<'a>) -> Pair<&'a Side> {
    Pair { baseline: &case.turn.baseline, candidate: &case.turn.candidate }
}

fn both<T>(case: &Case<'_>, of: impl Fn(&Side) -> Option<T>) -> Option<Pair<T>> {
    Some(Pair { baseline: of(&case.turn.baseline)?, candidate: of(&case.turn.candidate)? })
}

fn latency(case: &Case<'_>) -> Option<Pair<f64>> {
    both(case, |side| side.latency_ms.map(|millis| millis as f64))
}

fn first_token(case: &Case<'_>) -> Option<Pair<f64>> {
    both(case, |side| side.first_token_ms.map(|millis| millis as f64))
}

/// Whether what both sides have differs; `None` where one of them has nothing.
fn changed<T: PartialEq>(case: &Case<'_>, of: impl Fn(&Side) -> Option<&T>) -> Option<bool> {
    Some(of(&case.turn.baseline)? != of(&case.turn.candidate)?)
}

/// A question that is stopped has no verdict on its answer, so those of questions come first.
fn verdict_changed(case: &Case<'_>) -> Option<bool> {
    let Pair { baseline, candidate } = sides(case);
    let answers = baseline.answer_verdict.zip(candidate.answer_verdict);
    let questions = baseline.verdict.zip(candidate.verdict);
    let differs = |pair: Option<(common::Action, common::Action)>| pair.map(|(one, other)| one != other);
    match (differs(questions), differs(answers)) {
        (None, None) => None,
        (question, answer) => Some(question.unwrap_or(false) || answer.unwrap_or(false)),
    }
}
