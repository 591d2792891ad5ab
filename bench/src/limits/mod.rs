//! Rate limits and recovery: how the line does with a vendor that allows less than people ask for, or that fails for a time.

mod acts;
mod app;
mod figures;
mod findings;
mod floor;
mod line;
mod load;
mod outage;
mod outcome;
mod report;
mod scene;
mod traffic;

use super::table::Table;
use acts::LENGTH;
use anyhow::Result;
use app::{App, Counting};
use clap::{Args, ValueEnum};
use dev::console::say;
use dev::rig::net::Net;
use dev::rig::patience::Patience;
use dev::stack::Borrowed;
use findings::Findings;
use line::Line;
use scene::Scene;
use std::rc::Rc;
use std::time::Duration;

/// How long people write to a model at its limit.
const MODEL: Duration = Duration::from_secs(15);
const OUTAGE: Duration = Duration::from_secs(50);
const FLOOR: Duration = Duration::from_secs(10);
/// Everything is so much shorter in the short form.
const SHORT: u32 = 4;
/// One round is minutes long: each third round that is asked for is measured.
const ROUNDS: usize = 3;

/// What is played of the scenarios.
#[derive(Args, Clone, Copy)]
pub(super) struct Choice {
    /// Of `limits`: this scenario only
    #[arg(long)]
    scenario: Option<Scenario>,
    /// Of `limits`: a quarter of the time, for a first look; goals are for the whole
    #[arg(long)]
    short: bool,
}

impl Choice {
    /// Whether it is everything in full length.
    pub(super) fn is_whole(self) -> bool {
        self.scenario.is_none() && !self.short
    }

    fn of(self, length: Duration) -> Duration {
        if self.short { length / SHORT } else { length }
    }
}

/// The scenarios.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scenario {
    /// A bare sender at the limit
    Floor,
    /// Three times the limit of one app
    Burst,
    /// Twice the limit of two apps
    Double,
    /// Twice the limit of groups, beside private chats
    Groups,
    /// A fifth of the limit, one send in twenty refused
    Refusals,
    /// Twice the limit of a model
    Model,
    /// An outage, and refused tokens
    Outage,
}

impl Scenario {
    fn play(self, scene: &Scene, choice: Choice, found: &mut Findings) -> Result<()> {
        let length = choice.of(LENGTH);
        match self {
            Self::Floor => bare(scene, choice.of(FLOOR), found),
            Self::Burst => [Counting::Fixed, Counting::Sliding]
                .into_iter()
                .try_for_each(|counting| acts::burst(scene, counting, length, found)),
            Self::Double => acts::double(scene, length, found),
            Self::Groups => acts::in_groups(scene, length, found),
            Self::Refusals => acts::refusals(scene, length, found),
            Self::Model => acts::model(scene, choice.of(MODEL), found),
            Self::Outage => outage::outage(scene, choice.of(OUTAGE), found),
        }
    }
}

/// Plays every scenario, each on a deployment of its own.
///
/// # Errors
/// When something does not start or answer. What the line loses is told, not an error.
pub(super) fn measure(rounds: usize, choice: Choice) -> Result<Table> {
    let net = Rc::new(Net::new()?);
    let patience = Patience::until_signalled(net.runtime())?;
    let scene = Scene { net, patience, stack: Borrowed::up()? };
    let mut found = Findings::default();
    for _ in 0..rounds.div_ceil(ROUNDS).max(1) {
        for scenario in Scenario::value_variants() {
            if choice.scenario.is_none_or(|wanted| wanted == *scenario) {
                let (rows, values) = (found.rows.len(), found.values.len());
                scenario.play(&scene, choice, &mut found)?;
                found.rows.iter().skip(rows).for_each(|row| say(&report::line(row)));
                found.values.iter().skip(values).for_each(|(what, all)| say(&report::value(*what, all)));
            }
        }
    }
    Ok(report::table(&found, conditions()))
}

fn bare(scene: &Scene, length: Duration, found: &mut Findings) -> Result<()> {
    let apps = [App::new("fixed", Counting::Fixed), App::new("sliding", Counting::Sliding)];
    let line = Line::start(scene, apps.to_vec())?;
    for (counting, floor) in floor::run(&line, length)? {
        found.floor(format!("floor: a bare sender at 100/s, {}", counting.name()), floor);
    }
    Ok(())
}

fn conditions() -> String {
    format!(
        "huiyin in one process with the roles ingest, decide, call and deliver, a deployment of its own for each scenario, every \
         limit of Easemob configured as it is, all else by default; stand-ins that count calls in fixed or in sliding seconds and \
         refuse what is over (429, or 403 for messages per minute), a model that takes 0.4 s. An open loop of messages for {} s \
         ({} s for the model), in conversations by turns. Told: who got the app's text in place of an answer; lost: answers \
         given up; silent: who had nothing when the watch ended, at 1.5 times the ideal and 10 s. Calls are those that arrive at \
         the vendor, refused ones included. Ideal: messages ÷ limit. Throughput: accepted sends while there was more to send, \
         without the first and the last second. Fairness: Jain's index of the answers of each conversation when the last message \
         came. Latencies from when a message was due to when Easemob accepted its answer. The floor sends one message after the \
         other at exactly the limit. The outage lasts {} s for everything that the app asks of Easemob.",
        LENGTH.as_secs(),
        MODEL.as_secs(),
        OUTAGE.as_secs(),
    )
}
