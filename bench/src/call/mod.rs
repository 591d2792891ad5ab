//! What the call step adds to a call, beside a bare HTTP call to the same model and beside LiteLLM's proxy before it.

mod bare;
pub(super) mod contestant;
mod litellm;
mod report;
mod step;

use super::deployment::Deployment;
use super::load::Schedule;
use super::requests::Requests;
use super::stand_ins::{ModelPace, StandIns};
use super::usage;
use anyhow::{Context, Result};
use contestant::{Caller, Load, Spec, Taken};
use dev::console::say;
use litellm::LiteLlm;
use report::Table;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long the model takes.
const THINKS: Duration = Duration::from_millis(50);
/// Calls per second of the open loops. LiteLLM is asked at the first of them only: one worker takes no more than some fifty.
const RATES: [f64; 3] = [20.0, 100.0, 1_000.0];
const OPEN: Duration = Duration::from_secs(8);
const CLOSED: Duration = Duration::from_secs(6);
/// Callers at a time when everyone works as fast as it can. More of them only wait for LiteLLM.
const GREEDY: usize = 256;
const GREEDY_FOR_LITELLM: usize = 32;
/// The longest that a contestant may take.
const BOUND: Duration = Duration::from_secs(120);

/// What the rounds gave, in order.
#[derive(Default)]
struct Measured {
    /// By rate.
    bare: [Vec<Taken>; RATES.len()],
    step: [Vec<Taken>; RATES.len()],
    /// At the first rate. The cost is the proxy's.
    litellm: Vec<Taken>,
    bare_whole: Vec<Taken>,
    /// As fast as it goes.
    bare_most: Vec<Taken>,
    step_most: Vec<Taken>,
    litellm_most: Vec<Taken>,
    /// Processor microseconds per call of the role call with Kafka before and behind it, at the last rate.
    role: Vec<f64>,
}

/// Measures.
///
/// # Errors
/// When something does not start, or a call is not answered.
pub(super) fn measure(rounds: usize) -> Result<crate::table::Table> {
    let stand_ins = StandIns::start(0, ModelPace::at_once_after(THINKS))?;
    let deployment = Deployment::new(&stand_ins.url)?;
    let bench = Bench { deployment: &deployment, model: &stand_ins.url };
    let proxy = LiteLlm::start(&deployment, bench.model)?;
    bench
        .through(&proxy, Load::Closed { callers: GREEDY_FOR_LITELLM }, OPEN)
        .context("warming LiteLLM up")?;
    let mut measured = Measured::default();
    for round in 0..rounds {
        deployment.patience.check()?;
        bench.round(&proxy, &mut measured)?;
        say(&format!("round {} of {rounds} done", round + 1));
    }
    let version = litellm::version(&deployment)?;
    drop(proxy);
    bench.role(rounds, &mut measured)?;
    Ok(Table { measured: &measured, version: &version }.told())
}

/// What all measurements share.
struct Bench<'a> {
    deployment: &'a Deployment,
    /// Base address of the model.
    model: &'a str,
}

impl Bench<'_> {
    fn round(&self, proxy: &LiteLlm, measured: &mut Measured) -> Result<()> {
        let (bare, whole) = (Caller::Bare { stream: true }, Caller::Bare { stream: false });
        for (at, per_second) in RATES.into_iter().enumerate() {
            let load = Load::Open { per_second };
            measured.bare[at].push(self.take(bare, self.model, load, OPEN)?);
            measured.step[at].push(self.take(Caller::Step, self.model, load, OPEN)?);
        }
        let slow = Load::Open { per_second: RATES[0] };
        measured.bare_whole.push(self.take(whole, self.model, slow, OPEN)?);
        measured.litellm.push(self.through(proxy, slow, OPEN)?);
        let greedy = Load::Closed { callers: GREEDY };
        measured.bare_most.push(self.take(bare, self.model, greedy, CLOSED)?);
        measured.step_most.push(self.take(Caller::Step, self.model, greedy, CLOSED)?);
        let greedy = Load::Closed { callers: GREEDY_FOR_LITELLM };
        measured.litellm_most.push(self.through(proxy, greedy, CLOSED)?);
        Ok(())
    }

    /// A contestant's calls, from its start to its end.
    fn take(&self, caller: Caller, url: &str, load: Load, length: Duration) -> Result<Taken> {
        let deployment = self.deployment;
        let spec = Spec { caller, url: url.to_owned(), load, length };
        let mut contestant = deployment.start_floor("call", "caller", &spec)?;
        let ended = deployment
            .patience
            .until("a contestant to end", BOUND, || Ok(contestant.has_ended()?.then_some(())));
        ended.with_context(|| contestant.tail())?;
        let output = contestant.output()?;
        let told = output.lines().last().and_then(|told| serde_json::from_str(told).ok());
        told.with_context(|| contestant.tail())
    }

    /// The bare calls once more, through the proxy, for whole answers, which are cheaper for it; the cost is the proxy's.
    fn through(&self, proxy: &LiteLlm, load: Load, length: Duration) -> Result<Taken> {
        let before = usage::cpu(proxy.id())?;
        let taken = self.take(Caller::Bare { stream: false }, &proxy.url, load, length)?;
        let used = usage::cpu(proxy.id())?.saturating_sub(before);
        // The second of warming up is in both.
        let warm = 1.0 + 1.0 / length.as_secs_f64();
        Ok(Taken { cost: used.as_secs_f64() * 1e6 / (taken.calls as f64 * warm), ..taken })
    }

    /// The whole role at the last rate: requests from Kafka, outcomes into Kafka.
    fn role(&self, rounds: usize, measured: &mut Measured) -> Result<()> {
        let role = self.deployment.start("call")?;
        let requests = Requests::open(self.deployment)?;
        let (per_second, mut first) = (RATES[RATES.len() - 1], 0);
        for length in std::iter::once(Duration::from_secs(2)).chain((0..rounds).map(|_| OPEN)) {
            self.deployment.patience.check()?;
            let before = usage::cpu(role.process.id())?;
            let schedule = Schedule::new(Instant::now(), per_second, length);
            requests.keep(&schedule, first)?;
            first += schedule.count;
            // The last ones end.
            sleep(THINKS * 10);
            let used = usage::cpu(role.process.id())?.saturating_sub(before);
            measured.role.push(used.as_secs_f64() * 1e6 / schedule.count as f64);
        }
        // The first was to warm up.
        measured.role.remove(0);
        Ok(())
    }
}
