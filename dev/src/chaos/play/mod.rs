//! Plays a schedule, tells each act with its time, and notes what was done when.

mod around;
mod processes;

use super::clock::now;
use super::faults::Faults;
use super::line::Line;
use super::load::Load;
use super::scale::Scale;
use super::schedule::{Act, Window};
use anyhow::Result;
use dev::console::{complain, say};
use dev::rig::home::Home;
use dev::rig::patience::Patience;
use dev::rig::stand_ins::StandIns;
use dev::stack::Borrowed;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How often an interruption is looked for while time passes.
const STEP: Duration = Duration::from_millis(50);

/// The stage of a run, and what was done on it so far.
pub(crate) struct Play<'a> {
    pub(crate) home: &'a Home,
    pub(crate) scale: &'a Scale,
    pub(crate) stack: &'a Borrowed,
    pub(crate) stand_ins: &'a StandIns,
    pub(crate) line: &'a mut Line,
    pub(crate) load: &'a Load,
    pub(crate) patience: &'a Patience,
    pub(crate) begun: Instant,
    pub(crate) done: Done,
}

/// What was done.
#[derive(Debug, Default)]
pub(crate) struct Done {
    pub(crate) faults: Faults,
    /// Stretches of time that are measured, in milliseconds since the epoch.
    pub(crate) windows: Vec<(Window, i64, i64)>,
    /// Every act, as it was told.
    pub(crate) told: Vec<String>,
    /// What went wrong in the play itself.
    pub(crate) problems: Vec<String>,
    /// When ClickHouse went.
    away_since: Option<Instant>,
    /// Most model calls that were seen to run at a time.
    pub(crate) most_running: u64,
}

impl Play<'_> {
    /// Plays everything.
    ///
    /// # Errors
    /// When somebody interrupts, or something cannot be done.
    pub(crate) fn all(&mut self, acts: &[Act]) -> Result<()> {
        self.confirm_late()?;
        for act in acts {
            self.act(act)?;
            self.look()?;
        }
        let enough = self.scale.messages;
        while self.load.count() < enough {
            self.rest(Duration::from_secs(1))?;
        }
        Ok(())
    }

    fn act(&mut self, act: &Act) -> Result<()> {
        match act {
            Act::Rest(long) => self.rest(*long),
            Act::Watch(window, long) => {
                self.tell(&format!("nothing for {} s, waits are measured", long.as_secs()));
                self.window(*window, |play| play.rest(*long))
            }
            Act::Hang(long) => self.hang(*long),
            Act::Kill(who, away) => self.kill(*who, *away),
            Act::Recover(who, long) => self.recover(*who, *long),
            Act::Crash(who, step, away) => self.crash(*who, step, *away),
            Act::Freeze(who, long) => self.freeze(who, *long),
            Act::Broker(led, away) => self.broker(*led, *away),
            Act::ClickHouseGoes => self.clickhouse_goes(),
            Act::ClickHouseComes(after) => self.clickhouse_comes(*after),
            Act::Storm(rounds) => self.storm(*rounds),
            Act::Refuse(rounds) => self.refuse(*rounds),
            Act::Restarts => self.window(Window::Restarts, Self::restarts),
        }
    }

    /// Lets time pass.
    fn rest(&mut self, long: Duration) -> Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < long {
            self.patience.check()?;
            sleep(STEP.min(long.saturating_sub(begun.elapsed())));
        }
        Ok(())
    }

    fn window(&mut self, window: Window, act: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        let from = now();
        let played = act(self);
        self.done.windows.push((window, from, now()));
        played
    }

    /// Notes every process that ended by itself, and how many calls run.
    fn look(&mut self) -> Result<()> {
        for ended in self.line.revive(self.home)? {
            complain(&ended);
            self.done.problems.push(ended);
        }
        let running = self.stand_ins.model.running()?;
        self.done.most_running = self.done.most_running.max(running);
        Ok(())
    }

    /// A line with the time since the load began.
    fn tell(&mut self, what: &str) {
        let line = format!("{:7.1} s  {what}", self.begun.elapsed().as_secs_f32());
        say(&line);
        self.done.told.push(line);
    }
}
