//! What is done to the line's own processes.

use super::Play;
use crate::chaos::clock::now;
use crate::chaos::faults::{Fault, Kind};
use crate::chaos::role::{Who, everybody};
use crate::chaos::schedule::Window;
use anyhow::Result;
use std::time::Duration;

/// Longest wait for a step of a commit; under load every step comes sooner.
const STEP_WITHIN: Duration = Duration::from_secs(45);

impl Play<'_> {
    pub(super) fn kill(&mut self, who: Who, away: Duration) -> Result<()> {
        let fault = self.line.kill(who)?;
        self.done.faults.0.push(fault);
        self.tell(&format!("SIGKILL to {who}; away for {} ms", away.as_millis()));
        self.again(who, away)
    }

    pub(super) fn recover(&mut self, who: Who, long: Duration) -> Result<()> {
        let fault = self.line.kill(who)?;
        self.done.faults.0.push(fault);
        self.tell(&format!("SIGKILL to {who}, which is started again at once; waits are measured"));
        self.window(Window::Recovery, |play| {
            play.line.start_again(play.home, who)?;
            play.rest(long)
        })
    }

    pub(super) fn crash(&mut self, who: Who, step: &str, away: Duration) -> Result<()> {
        let Some(fault) = self.line.crash(self.home, who, step, STEP_WITHIN)? else {
            self.done.problems.push(format!("{who} did not come to the step {step} within {STEP_WITHIN:?}"));
            return Ok(());
        };
        self.done.faults.0.push(fault);
        self.tell(&format!("{who} ended with SIGKILL at step {step}; away for {} ms", away.as_millis()));
        self.again(who, away)
    }

    /// Starts it again; others go on meanwhile.
    fn again(&mut self, who: Who, away: Duration) -> Result<()> {
        self.rest(away)?;
        self.line.start_again(self.home, who)
    }

    pub(super) fn freeze(&mut self, who: &[Who], long: Duration) -> Result<()> {
        let from = now();
        let names: Vec<String> = who.iter().map(Who::to_string).collect();
        who.iter().try_for_each(|who| self.line.signal(*who, "STOP"))?;
        self.tell(&format!("SIGSTOP to {} for {} s", names.join(" and "), long.as_secs()));
        let rested = self.rest(long);
        // Also when somebody interrupts: a stopped process does not hear SIGTERM.
        who.iter().try_for_each(|who| self.line.signal(*who, "CONT"))?;
        rested?;
        self.tell(&format!("SIGCONT to {}", names.join(" and ")));
        let fault = |who: &Who| Fault { kind: Kind::Freeze, role: Some(who.role), from, to: now() };
        self.done.faults.0.extend(who.iter().map(fault));
        self.rest(Duration::from_secs(5))
    }

    pub(super) fn restarts(&mut self) -> Result<()> {
        for who in everybody() {
            let fault = self.line.restart(self.home, who)?;
            self.done.faults.0.push(fault);
            self.tell(&format!("{who} was restarted by SIGTERM, ready after {} ms", fault.to - fault.from));
        }
        // What waited for the last one still counts.
        self.rest(Duration::from_secs(5))
    }
}
