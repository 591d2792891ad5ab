//! What is written behind `--fail-if`: a metric, a comparison and a limit.

use std::fmt;
use std::str::FromStr;

use crate::summary::metric::{Metric, Reading};

/// A condition under which a candidate fails.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// As it was written.
    pub text: String,
    /// What is compared.
    pub subject: Subject,
    /// On which side of the limit it fails.
    pub side: Side,
    /// The limit.
    pub limit: Limit,
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A metric.
    Metric(Metric),
    /// The lowest score that the judge gave to a turn, from -3 to 3.
    WorstCase,
    /// The share of turns that are complete.
    Complete,
}

/// On which side of the limit it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Above it.
    Above,
    /// At it or above.
    AtLeast,
    /// Below it.
    Below,
    /// At it or below.
    AtMost,
}

/// A limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// Of a figure: a relative change, a difference of shares, a share or a mean. 0.05 is 5 %.
    Value(f64),
    /// A number of turns.
    Turns(u64),
}

/// What is wrong with a condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCondition {
    /// There is no comparison in it.
    #[error("{0:?} has no comparison: write a metric, one of > >= < <=, and a limit, as in cost>+5%")]
    NoComparison(String),
    /// There is no such metric.
    #[error("there is no metric {name:?}; there are {known}")]
    Unknown {
        /// What was written.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// The limit does not fit the metric.
    #[error("the limit {limit:?} does not fit {metric}: {form}")]
    Limit {
        /// What was written.
        limit: String,
        /// The metric.
        metric: String,
        /// What fits.
        form: &'static str,
    },
}

impl BadCondition {
    /// Its name in metrics and logs.
    pub fn label(&self) -> &'static str {
        match self {
            Self::NoComparison(_) => "no_comparison",
            Self::Unknown { .. } => "unknown",
            Self::Limit { .. } => "limit",
        }
    }
}

const WORST_CASE: &str = "worst_case";
const COMPLETE: &str = "complete";
/// Longer ones first: `>=` is no `>`.
const COMPARISONS: [(&str, Side); 4] =
    [(">=", Side::AtLeast), ("<=", Side::AtMost), (">", Side::Above), ("<", Side::Below)];

impl FromStr for Condition {
    type Err = BadCondition;

    fn from_str(text: &str) -> Result<Self, BadCondition> {
        let no_comparison = || BadCondition::NoComparison(text.to_owned());
        let at = text.find(['<', '>']).ok_or_else(no_comparison)?;
        let (name, rest) = text.split_at(at);
        let (sign, side) =
            COMPARISONS.into_iter().find(|(sign, _)| rest.starts_with(sign)).ok_or_else(no_comparison)?;
        let written = rest.get(sign.len()..).unwrap_or_default().trim();
        let subject: Subject = name.trim().parse()?;
        let limit = subject.limit(written).ok_or_else(|| BadCondition::Limit {
            limit: written.to_owned(),
            metric: subject.to_string(),
            form: subject.form(),
        })?;
        Ok(Self { text: text.trim().to_owned(), subject, side, limit })
    }
}

impl FromStr for Subject {
    type Err = BadCondition;

    fn from_str(name: &str) -> Result<Self, BadCondition> {
        let metric = || Metric::ALL.into_iter().find(|metric| metric.label() == name).map(Self::Metric);
        match name {
            WORST_CASE => Ok(Self::WorstCase),
            COMPLETE => Ok(Self::Complete),
            _ => metric().ok_or_else(|| {
                let known = Metric::ALL.map(Metric::label).into_iter().chain([WORST_CASE, COMPLETE]);
                BadCondition::Unknown { name: name.to_owned(), known: known.collect::<Vec<_>>().join(", ") }
            }),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Metric(metric) => metric.label(),
            Self::WorstCase => WORST_CASE,
            Self::Complete => COMPLETE,
        })
    }
}

impl Subject {
    fn limit(self, written: &str) -> Option<Limit> {
        let Self::Metric(metric) = self else {
            return match self {
                Self::WorstCase => number(written).filter(|score| score.abs() <= 3.0).map(Limit::Value),
                _ => share(written).map(Limit::Value),
            };
        };
        match metric.reading() {
            Reading::Money | Reading::Means(_) | Reading::P95(_) => {
                percent(written, "%").filter(|change| *change >= -1.0).map(Limit::Value)
            }
            Reading::Rates(_) => {
                percent(written, "pp").filter(|change| change.abs() <= 1.0).map(Limit::Value)
            }
            Reading::Share(_) if written.ends_with('%') => share(written).map(Limit::Value),
            Reading::Share(_) => written.parse().ok().map(Limit::Turns),
            Reading::Mean(_) => share(written).map(Limit::Value),
        }
    }

    /// What fits as a limit.
    fn form(self) -> &'static str {
        let Self::Metric(metric) = self else {
            return match self {
                Self::WorstCase => "it is a score from -3 to 3, as in worst_case<-2",
                _ => "it is a share, as in complete<95%",
            };
        };
        match metric.reading() {
            Reading::Money | Reading::Means(_) | Reading::P95(_) => {
                "it is a change from the baseline in percent, as in cost>+5%"
            }
            Reading::Rates(_) => "it is a change of a share in percentage points, as in refusals>+1pp",
            Reading::Share(_) => {
                "it is a number of turns or a share of them, as in verdict_changed>0 or route_changed>2%"
            }
            Reading::Mean(_) => "it is a number from 0 to 1 or a share, as in win_rate<0.48 or win_rate<48%",
        }
    }
}

fn number(written: &str) -> Option<f64> {
    let digits = written.strip_prefix(['+', '-']).unwrap_or(written);
    let plain = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit() || c == '.');
    plain.then(|| written.parse().ok()).flatten()
}

/// Hundredths, with their unit.
fn percent(written: &str, unit: &str) -> Option<f64> {
    Some(number(written.strip_suffix(unit)?.trim_end())? / 100.0)
}

fn share(written: &str) -> Option<f64> {
    let share = if written.ends_with('%') { percent(written, "%") } else { number(written) };
    share.filter(|share| (0.0..=1.0).contains(share))
}

impl Side {
    /// Whether a value is on this side of a limit.
    pub fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Self::Above => value > limit,
            Self::AtLeast => value >= limit,
            Self::Below => value < limit,
            Self::AtMost => value <= limit,
        }
    }

    /// Whether it fails above the limit.
    pub fn is_upper(self) -> bool {
        matches!(self, Self::Above | Self::AtLeast)
    }
}
