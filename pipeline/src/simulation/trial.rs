//! Many seeds of one kind of schedule, and how a failing one is played again.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use super::{Sim, Violation};
use crate::mutation::{self, Mutation};

/// Number of seeds, for longer runs.
const SEEDS: &str = "HUIYIN_SIM_SEEDS";
/// The only seed to play.
const SEED: &str = "HUIYIN_SIM_SEED";

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs something whose panics are expected, without their messages.
fn quietly<T>(run: impl FnOnce() -> T) -> Result<T, Box<dyn std::any::Any + Send>> {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let loud = take_hook();
        set_hook(Box::new(move |info| {
            if !QUIET.get() {
                loud(info)
            }
        }));
    });
    QUIET.set(true);
    let done = catch_unwind(AssertUnwindSafe(run));
    QUIET.set(false);
    done
}

/// A seed whose schedule broke a promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// What was broken.
    pub violation: Violation,
    /// The last steps of the schedule.
    pub steps: Vec<String>,
}

/// One kind of schedule.
#[derive(Clone, Copy)]
pub struct Trial {
    /// Package and full name of the test, for the command that plays a seed again.
    pub test: (&'static str, &'static str),
    /// How many seeds it has by default.
    pub seeds: u64,
    /// Plays one schedule.
    pub play: fn(&Sim) -> Result<(), Violation>,
}

impl Trial {
    /// Plays one seed, twice if it fails: the second time its steps are remembered.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn seed(&self, seed: u64, mutation: Option<Mutation>) -> Result<(), Failure> {
        let Err(violation) = self.once(&Sim::new(seed), mutation) else { return Ok(()) };
        let traced = Sim::traced(seed);
        let again = self.once(&traced, mutation).err();
        assert_eq!(again.as_ref(), Some(&violation), "seed {seed} is not played the same way twice");
        Err(Failure { seed, violation, steps: traced.steps() })
    }

    fn once(&self, sim: &Sim, mutation: Option<Mutation>) -> Result<(), Violation> {
        let played = quietly(|| mutation::with(mutation, || (self.play)(sim)));
        played.unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            Err(Violation { kind: "panic", detail: text.unwrap_or_default() })
        })
    }

    /// Plays every seed, or the one that the environment names.
    ///
    /// # Panics
    /// When a seed fails, with the command that plays it again.
    pub fn run(&self) {
        let number = |name| env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
        let seeds = match number(SEED) {
            Some(seed) => seed..seed + 1,
            None => 0..number(SEEDS).unwrap_or(self.seeds),
        };
        for seed in seeds {
            if let Err(failure) = self.seed(seed, None) {
                panic!("{}", self.report(&failure));
            }
        }
    }

    /// What is said of a failing seed.
    pub fn report(&self, failure: &Failure) -> String {
        let (package, test) = self.test;
        let Failure { seed, violation, steps } = failure;
        format!(
            "seed {seed} broke `{}`: {}\nlast steps:\n{}\nto play it again:\n  {SEED}={seed} cargo test -p {package} {test} -- --exact --nocapture",
            violation.kind,
            violation.detail,
            steps.join("\n"),
        )
    }

    /// Whether breaking the runtime in this way is noticed: within `seeds` seeds some schedule breaks one of the
    /// promises `kinds`, and the same seed passes unbroken.
    ///
    /// # Panics
    /// When it is not.
    pub fn notices(&self, mutation: Mutation, kinds: &[&str], seeds: u64) -> u64 {
        let mut others = BTreeSet::new();
        for seed in 0..seeds {
            let Err(failure) = self.seed(seed, Some(mutation)) else { continue };
            if !kinds.contains(&failure.violation.kind) {
                others.insert(failure.violation.kind);
                continue;
            }
            if let Err(unbroken) = self.seed(seed, None) {
                panic!("{}", self.report(&unbroken));
            }
            return seed;
        }
        panic!("{mutation:?} is not noticed as any of {kinds:?} within {seeds} seeds, only as {others:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn play(sim: &Sim) -> Result<(), Violation> {
        sim.note(|| "a step".into());
        let number = sim.random().number();
        if !number.is_multiple_of(4) {
            Ok(())
        } else {
            Err(Violation { kind: "four", detail: number.to_string() })
        }
    }

    #[test]
    fn a_failing_seed_is_reported_with_its_last_steps_and_the_command_that_plays_it_again() {
        let trial = Trial { test: ("pipeline --lib", "some::test"), seeds: 100, play };
        let failure = (0..100).find_map(|seed| trial.seed(seed, None).err()).unwrap();
        assert_eq!(trial.seed(failure.seed, None), Err(failure.clone()), "it is played the same way again");
        let report = trial.report(&failure);
        let command = format!(
            "HUIYIN_SIM_SEED={} cargo test -p pipeline --lib some::test -- --exact --nocapture",
            failure.seed
        );
        assert!(
            report.contains(&command) && report.contains("a step") && report.contains("`four`"),
            "{report}"
        );
    }
}
