//! What reports say, in each language: one list of texts, filled in twice, so that none can be missing.

mod en;
mod zh;

use crate::gate::Ruling;
use crate::gate::judge::Because;
use crate::results::DriftCause;
use crate::summary::metric::Metric;

/// The language of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lang {
    /// Chinese, simplified.
    Zh,
    /// English.
    En,
}

impl Lang {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Zh, Self::En];

    /// Its texts.
    pub fn words(self) -> &'static Words {
        match self {
            Self::Zh => &zh::WORDS,
            Self::En => &en::WORDS,
        }
    }

    /// Its tag (BCP 47).
    pub fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-Hans",
            Self::En => "en",
        }
    }

    /// A metric's name for people.
    pub fn metric(self, metric: Metric) -> &'static str {
        match self {
            Self::Zh => zh::metric(metric),
            Self::En => en::metric(metric),
        }
    }

    /// How a gate ends.
    pub fn ruling(self, ruling: Ruling) -> &'static str {
        match self {
            Self::Zh => zh::ruling(ruling),
            Self::En => en::ruling(ruling),
        }
    }

    /// Why a condition ends as it does.
    pub fn because(self, because: Because) -> &'static str {
        match self {
            Self::Zh => zh::because(because),
            Self::En => en::because(because),
        }
    }

    /// Why decisions drift.
    pub fn drift(self, cause: DriftCause) -> &'static str {
        match self {
            Self::Zh => zh::drift(cause),
            Self::En => en::drift(cause),
        }
    }
}

/// Texts of a report. In those with braces the values are put in, in any order.
#[derive(Debug)]
#[allow(missing_docs, reason = "each says itself what it is")]
pub struct Words {
    pub title: &'static str,
    pub against: &'static str,
    pub baseline: &'static str,
    pub candidate: &'static str,
    pub in_short: &'static str,
    pub figures: &'static str,
    pub metric: &'static str,
    pub change: &'static str,
    pub interval: &'static str,
    pub least_effect: &'static str,
    pub chance: &'static str,
    pub loop_of: &'static str,
    pub turns: &'static str,
    pub conversations: &'static str,
    pub closed: &'static str,
    pub open: &'static str,
    pub mixed: &'static str,
    pub gate: &'static str,
    pub condition: &'static str,
    pub result: &'static str,
    pub reason: &'static str,
    pub value: &'static str,
    pub needs: &'static str,
    pub incomplete: &'static str,
    pub changes_plot: &'static str,
    pub changes_help: &'static str,
    pub cost_plot: &'static str,
    pub cost_help: &'static str,
    pub latency_plot: &'static str,
    pub latency_help: &'static str,
    pub latency_unit: &'static str,
    pub verdict_plot: &'static str,
    pub route_plot: &'static str,
    pub target_plot: &'static str,
    pub changed_help: &'static str,
    pub nothing_changed: &'static str,
    pub wins_plot: &'static str,
    pub wins_help: &'static str,
    pub class: &'static str,
    pub tier: &'static str,
    pub target: &'static str,
    pub all: &'static str,
    pub worst: &'static str,
    pub worst_help: &'static str,
    pub worst_none: &'static str,
    pub conversation: &'static str,
    pub question: &'static str,
    pub no_answer: &'static str,
    pub judged_baseline: &'static str,
    pub judged_tie: &'static str,
    pub judged_candidate: &'static str,
    pub not_judged: &'static str,
    pub verdict: &'static str,
    pub quality: &'static str,
    pub coverage: &'static str,
    pub complete: &'static str,
    pub unfinished: &'static str,
    pub cold: &'static str,
    pub remade: &'static str,
    pub same_decisions: &'static str,
    pub drifted: &'static str,
    pub no_drift: &'static str,
    pub judge_asked: &'static str,
    pub judge_consistent: &'static str,
    pub judge_first: &'static str,
    pub judge_agrees: &'static str,
    pub judge_kappa: &'static str,
    pub reading: &'static str,
    pub how_to_read: &'static [&'static str],
    pub table: &'static str,
    pub less: &'static str,
    pub more: &'static str,
    pub shown: &'static str,
    pub not_shown: &'static str,
    pub uncertain: &'static str,
    pub wins: &'static str,
    pub wins_shown: &'static str,
    pub wins_not_shown: &'static str,
    pub wins_uncertain: &'static str,
    pub hits: &'static str,
    pub rates: &'static str,
    pub footing: &'static str,
    pub models: &'static str,
    pub sample: &'static str,
    pub dataset: &'static str,
    pub manifest: &'static str,
    pub quantile: &'static str,
    pub from: &'static str,
    pub to: &'static str,
    pub count: &'static str,
}
