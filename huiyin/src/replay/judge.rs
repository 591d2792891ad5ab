//! `huiyin replay judge`.

mod kept;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::replay::config;
use ::replay::judge::Keep;
use ::replay::judge::agreement::{self, Agreement};
use ::replay::judge::course::{self, Course, Ended, Judging, Until};
use ::replay::live::ask::payable_target;
use ::replay::live::budget::{Budget, decimal};
use ::replay::live::judge::ModelJudge;
use ::replay::live::purse::Purse;
use ::replay::range::Name;
use ::replay::results::Results;
use ::replay::shadow::{Names, Words};
use ::replay::statistics::Seed;
use anyhow::{Context, anyhow, bail};
use clap::Args;
use pipeline::{Clock, WallClock};
use schemas::money::Money;
use tokio::runtime::Handle;

use super::{read, text};
use crate::Said;
use crate::config::Config;
use kept::{Kept, write};

/// Asks the model of [replay.judge] about both answers of each turn, in both orders, and writes down what it says.
///
/// Each word of the judge is kept as soon as it is there, so that a run that was cut off pays nothing twice. When the budget is spent it ends with what is
/// judged; with a larger one it goes on.
#[derive(Args)]
pub(crate) struct Judge {
    /// The replay's name
    #[arg(required_unless_present = "results", conflicts_with = "results")]
    name: Option<Name>,
    /// The file of results, JSON lines, in place of a name
    #[arg(long)]
    results: Option<PathBuf>,
    /// Write the judged results to this file; a file of results is else written anew
    #[arg(long)]
    out: Option<PathBuf>,
    #[command(flatten)]
    how: How,
    /// What people said of turns, to compare the judge with: JSON lines {"turn", "better"}, or CSV with these columns
    #[arg(long)]
    human_sample: Option<PathBuf>,
}

/// How long the judge is asked, and for how much.
#[derive(Debug, Clone, Args)]
pub(crate) struct How {
    /// The most that judging may cost, such as 5CNY or 5CNY,1USD, or none for as much as it takes; replay.judge.budget by default
    #[arg(long)]
    pub(super) budget: Option<Budget>,
    /// End when it is clear on which side of this win rate the candidate is
    #[arg(long, value_name = "WIN_RATE", num_args = 0..=1, default_missing_value = "0.5")]
    pub(super) stop_when_clear: Option<f64>,
}

/// What judging came to, and what it cost.
pub(crate) struct Judged {
    course: Course,
    spent: Vec<Money>,
}

/// Judges results that are at hand. What was judged before stays and counts, for the money as well; `keep` gets every word as soon as it is said.
///
/// # Errors
/// When the configuration has no judge, it cannot be paid, or a word cannot be kept.
pub(crate) async fn judge(
    results: &mut Results,
    config: &Config,
    how: &How,
    keep: &mut impl Keep,
) -> anyhow::Result<Judged> {
    let Ready { until, judge, budget, settings } = how.ready(config)?;
    let purse = Purse::new(budget);
    let judged = results.turns.iter().filter_map(|turn| turn.judged.as_ref());
    purse.book(judged.flat_map(|judged| judged.cost.clone()));
    let asker = ModelJudge::new(settings, &config.bundle, &judge.terms, &purse, Arc::new(WallClock))?;
    let seed = Seed::of(&results.head.manifest);
    let (rubric, at_once) = (&judge.rubric, judge.terms.limits.at_once);
    let judging = Judging { asker: &asker, rubric, until, seed, at_once };
    let course = course::run(&mut results.turns, &judging, keep).await?;
    Ok(Judged { course, spent: purse.spent() })
}

/// A judge that can be asked and paid.
struct Ready {
    until: Until,
    judge: config::Judge,
    budget: Budget,
    settings: call::Settings,
}

impl How {
    /// Finds what cannot be judged, before anything is asked.
    ///
    /// # Errors
    /// When the configuration has no judge, or it cannot be paid.
    pub(crate) fn check(&self, config: &Config) -> anyhow::Result<()> {
        self.ready(config).map(drop)
    }

    fn ready(&self, config: &Config) -> anyhow::Result<Ready> {
        let until = match self.stop_when_clear {
            None => Until::All,
            Some(of) if of > 0.0 && of < 1.0 => Until::Clear { of },
            Some(of) => bail!("read --stop-when-clear {of}: a win rate is between 0 and 1"),
        };
        let Some(judge) = config.replay()?.judge else {
            bail!("judge: section [replay.judge] is missing; it names the target that judges");
        };
        let Some(budget) = self.budget.clone().or_else(|| judge.budget.clone()) else {
            bail!(
                "judge: calls cost money. Give --budget 5CNY (to a run, --judge-budget 5CNY) or set replay.judge.budget; none sets no limit"
            );
        };
        let Some(raw) = &config.call else { bail!("judge: section [call] is missing") };
        let settings = call::validate(raw, &config.bundle).map_err(|found| config.bad(found))?;
        payable_target(&config.bundle, &judge.terms.target, &budget, WallClock.now()).context("judge")?;
        Ok(Ready { until, judge, budget, settings })
    }
}

/// Judges the results in a replay's topic, where the words are kept. Ends when somebody ends the command: what was said until then is kept. Blocks.
///
/// # Errors
/// When the topic cannot be read; inside as [`judge`].
pub(super) fn in_topic(
    config: &Config,
    name: &Name,
    how: &How,
    runtime: &Handle,
) -> anyhow::Result<(Results, anyhow::Result<Judged>)> {
    let mut results = super::show::results(config, name)?;
    let mut words = Words::new(&config.kafka, Names::new(&config.topics, name.clone())).context("connect")?;
    let judged = runtime.block_on(async {
        tokio::select! {
            judged = judge(&mut results, config, how, &mut words) => judged,
            Ok(()) = super::signals::ended() => Err(anyhow!("it was ended")),
        }
    });
    Ok((results, judged))
}

impl Judge {
    pub(super) async fn run(self, config: Config) -> anyhow::Result<Said> {
        let sample = self
            .human_sample
            .as_deref()
            .map(|path| agreement::read(&text(path)?).with_context(|| format!("read {}", path.display())));
        let sample = sample.transpose()?.unwrap_or_default();
        let (results, judged, rows) = match (&self.name, &self.results) {
            (Some(name), _) => self.of_replay(name, config).await?,
            (None, Some(path)) => {
                let (results, judged) = self.of_file(path, &config).await?;
                (results, judged, String::new())
            }
            (None, None) => bail!("neither the name of a replay nor --results is given"),
        };
        let agreement = agreement::agreement(&results.turns, &sample, Seed::of(&results.head.manifest));
        let agreement = agreement.as_ref().map(agreed).unwrap_or_default();
        Ok((judged.told(&results) + &agreement + &rows).into())
    }

    /// Judges the results in a replay's topic. The second text tells why there are no rows of them, if so.
    async fn of_replay(&self, name: &Name, config: Config) -> anyhow::Result<(Results, Judged, String)> {
        let (name, how, runtime) = (name.clone(), self.how.clone(), Handle::current());
        // Clients block while they are opened and closed.
        let (results, judged, rows) = crate::asking(config, move |config| {
            let _claim = super::claim::take(config, &name)?;
            let (results, judged) = in_topic(config, &name, &how, &runtime)?;
            let rows = runtime.block_on(super::rows::told(config, &results));
            Ok((results, judged, rows))
        })
        .await?;
        if let Some(out) = &self.out {
            write(out, &results.to_lines().context("write the results")?)?;
        }
        Ok((results, judged?, rows))
    }

    /// Judges a file of results, beside which the words are kept until all are in it.
    async fn of_file(&self, path: &Path, config: &Config) -> anyhow::Result<(Results, Judged)> {
        let mut results = read(path)?;
        let mut kept = Kept::beside(path, &mut results)?;
        let judged = judge(&mut results, config, &self.how, &mut kept).await?;
        let out: &Path = self.out.as_deref().unwrap_or(path);
        write(out, &results.to_lines().context("write the results")?)?;
        kept.remove()?;
        Ok((results, judged))
    }
}

impl Judged {
    /// What happened, for people.
    pub(crate) fn told(&self, results: &Results) -> String {
        let Course { ended, conversations, failed, interval: (low, high) } = &self.course;
        let turns = results.turns.iter().filter(|turn| turn.judged.is_some()).count();
        let why = match ended {
            Ended::All => "all of them",
            Ended::Clear => "then it was clear",
            Ended::Budget => "then the budget was spent",
        };
        let spent: Vec<String> = self
            .spent
            .iter()
            .map(|Money { currency, pico }| format!("{} {currency}", decimal(*pico)))
            .collect();
        let spent = if spent.is_empty() { "nothing that is known".to_owned() } else { spent.join(", ") };
        let mut told = format!(
            "judged {turns} turns of {conversations} conversations: {why}\n\
             win rate of the candidate between {:.1} % and {:.1} %, at whatever look\nspent {spent}\n",
            low * 100.0,
            high * 100.0
        );
        for (turn, reason) in failed {
            told.push_str(&format!("no word on {turn}: {reason}\n"));
        }
        told
    }
}

fn agreed(agreement: &Agreement) -> String {
    let Agreement { turns, missing, raw, kappa, .. } = agreement;
    let kappa = kappa.map_or_else(|| "-".to_owned(), |kappa| format!("{kappa:.2}"));
    format!(
        "agrees with people in {:.0} % of {turns} turns, kappa {kappa}; {missing} of the sample are not judged\n",
        raw * 100.0
    )
}
