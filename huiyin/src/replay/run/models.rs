//! The models that a replay asks, and what they may cost.

use std::sync::Arc;

use ::replay::live::ask::{Asking, payable};
use ::replay::live::limits::Limits;
use ::replay::live::purse::Purse;
use ::replay::shadow::{self, Names};
use anyhow::{Context, bail};
use call::Ceiling;
use catalogue::Bundle;
use pipeline::kafka::Admin;
use pipeline::{Clock, WallClock};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::{Candidate, From, Run};
use crate::config::Config;

/// The exit code of a command that a second signal ends at once.
const INTERRUPTED: i32 = 130;

/// What is needed to ask models.
pub(super) struct Wanted<'a> {
    pub(super) run: &'a Run,
    pub(super) config: &'a Config,
    pub(super) candidate: Option<&'a Candidate>,
}

impl Wanted<'_> {
    /// Whoever asks models, if some are to be asked.
    pub(super) fn asking(&self) -> anyhow::Result<Option<Arc<Asking>>> {
        let run = self.run;
        if run.models == From::Recorded {
            return Ok(None);
        }
        let settings = self.config.replay()?;
        let Some(budget) = run.budget.clone().or(settings.budget) else {
            bail!("models cost money: give --budget 50CNY or set replay.budget; --budget none sets no limit");
        };
        // The candidate's targets are reached as its own file says.
        let config = self.candidate.map_or(self.config, |candidate| &candidate.config);
        let Some(raw) = &config.call else {
            bail!("section [call] is missing: it says how models are reached")
        };
        let call = call::validate(raw, &config.bundle).map_err(|found| config.bad(found))?;
        payable(&config.bundle, &budget, WallClock.now()).context("read --budget")?;
        let limits = Limits {
            at_once: run.concurrency.unwrap_or(settings.limits.at_once),
            per_second: run.rate.or(settings.limits.per_second),
        };
        let asking = Asking::new(call, limits, Arc::new(Purse::new(budget)), Arc::new(WallClock));
        Ok(Some(Arc::new(asking.context("prepare calls of models")?)))
    }
}

/// Books what earlier runs of the replay spent: the budget is the replay's, and not the run's. Blocks.
pub(super) fn book(config: &Config, bundle: &Bundle, names: &Names, asking: &Asking) -> anyhow::Result<()> {
    let there = Admin::new(&config.kafka).context("connect")?.partitions().context("read topics")?;
    let now = WallClock.now();
    let topic = names.of(shadow::Kind::Outcomes);
    let partitions = there.get(&topic).copied().unwrap_or_default();
    for partition in 0..i32::try_from(partitions).unwrap_or_default() {
        let journal = shadow::journal(&config.kafka, names, partition)?;
        for answered in journal.values() {
            let spent =
                answered.all_attempts().filter_map(|attempt| Ceiling::of_attempt(bundle, attempt, now));
            asking.purse().book(spent);
        }
    }
    Ok(())
}

/// Ends the asking when somebody ends the command: what runs comes to its end and is kept.
pub(super) fn stop_on_signal(asking: &Arc<Asking>, runtime: &Handle) -> JoinHandle<()> {
    let asking = Arc::clone(asking);
    runtime.spawn(async move {
        if crate::replay::signals::ended().await.is_ok() {
            asking.stop();
        }
        // Whoever asks again does not want to wait: what is acknowledged is kept.
        if crate::replay::signals::ended().await.is_ok() {
            std::process::exit(INTERRUPTED);
        }
    })
}
