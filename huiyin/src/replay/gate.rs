//! `huiyin replay gate`.

use ::replay::gate::condition::Condition;
use ::replay::gate::{self, LEAST_COMPLETE, Ruling};
use ::replay::report::terminal;
use clap::Args;

use super::{Found, Language};
use crate::config::Config;
use crate::{Ended, Said};

/// Tells whether a candidate passes. The exit code is 0 for a pass, 1 for a fail, 3 when it cannot be told by so many conversations (how many it would
/// take is told), and 2 for wrong usage.
///
/// A condition is a metric, one of > >= < <=, and a limit: cost>+5%, p95>+20%, win_rate<0.48, refusals>+1pp, verdict_changed>0, worst_case<-2. Means
/// and shares are held against their limit with their 95 % interval; counts of turns and the worst case are facts about the turns that were replayed.
#[derive(Args)]
pub(crate) struct Gate {
    #[command(flatten)]
    found: Found,
    /// It fails if this holds; may be given several times
    #[arg(long = "fail-if", required = true)]
    fail_if: Vec<Condition>,
    /// The share of turns that must be complete for a pass, in percent
    #[arg(long, value_parser = clap::value_parser!(u8).range(0..=100))]
    least_complete: Option<u8>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// The language of the table
    #[arg(long, value_enum, default_value_t = Language::En)]
    lang: Language,
}

impl Gate {
    pub(super) fn asks_log(&self) -> bool {
        self.found.asks_log()
    }

    pub(super) fn run(&self, config: Option<&Config>) -> anyhow::Result<Said> {
        let results = self.found.results(config)?;
        let summary = self.found.summary(&results)?;
        let least = self.least_complete.map_or(LEAST_COMPLETE, |percent| f64::from(percent) / 100.0);
        let gate = gate::gate(&summary, &self.fail_if, least);
        let text = if self.json {
            serde_json::to_string_pretty(&gate)? + "\n"
        } else {
            terminal::gate(&gate, self.lang.into())
        };
        let ended = match gate.ruling {
            Ruling::Pass => Ended::Well,
            Ruling::Fail => Ended::Badly,
            Ruling::CannotTell => Ended::CannotTell,
        };
        Ok(Said { text, ended })
    }
}
