//! The judge phase of a run: what `huiyin replay judge` does, once the run is done.

use ::replay::live::budget::Budget;
use ::replay::range::Name;
use clap::Args;
use tokio::runtime::Handle;

use super::super::judge::{How, in_topic};
use crate::Ended;
use crate::config::Config;

/// Whether and how answers are judged then.
#[derive(Debug, Clone, Args)]
pub(super) struct Judging {
    /// Once the run is done, ask the model of [replay.judge] which answers are better, as `replay judge` does
    #[arg(long)]
    judge: bool,
    /// The most that judging may cost, such as 5CNY or 5CNY,1USD, or none for as much as it takes; replay.judge.budget by default
    #[arg(long, requires = "judge")]
    judge_budget: Option<Budget>,
    /// End judging when it is clear on which side of this win rate the candidate is
    #[arg(long, requires = "judge", value_name = "WIN_RATE", num_args = 0..=1, default_missing_value = "0.5")]
    stop_when_clear: Option<f64>,
}

/// What came of judging.
pub(super) struct Told {
    /// In lines.
    pub(super) text: String,
    pub(super) ended: Ended,
}

impl Judging {
    fn how(&self) -> Option<How> {
        self.judge.then(|| How { budget: self.judge_budget.clone(), stop_when_clear: self.stop_when_clear })
    }

    /// What cannot be judged is found before anything is replayed.
    pub(super) fn check(&self, config: &Config) -> anyhow::Result<()> {
        self.how().map_or(Ok(()), |how| how.check(config))
    }

    /// Judges what the run found, if that is wanted. Blocks. A judge that fails leaves the run as it is.
    pub(super) fn run(&self, config: &Config, name: &Name, runtime: &Handle) -> Told {
        let Some(how) = self.how() else { return Told { text: String::new(), ended: Ended::Well } };
        match in_topic(config, name, &how, runtime) {
            Ok((results, Ok(judged))) => Told { text: judged.told(&results), ended: Ended::Well },
            Ok((_, Err(error))) | Err(error) => Told {
                text: format!("judge         {error:#}; `huiyin replay judge {name}` goes on\n"),
                ended: Ended::Badly,
            },
        }
    }
}
