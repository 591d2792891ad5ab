//! What a request does next along its chain of targets. Pure; time and the targets' state are passed in.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    class::{Again, Elsewhere},
    failure::Failure,
    retry::{FullJitter, Steps},
};

/// Steps left out of the backoff after a failure that passes slowly.
const SLOW: u32 = 2;

/// How a request may move along its chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Most attempts over all targets.
    pub max_attempts: u32,
    /// No attempt is started with less time left than this.
    pub min_useful: Duration,
    /// The backoff before the same target again.
    pub steps: Steps,
    /// A target that asks for a longer wait is not waited for.
    pub retry_after_cap: Duration,
    /// Ask the next target after one refused the content.
    pub fallback_after_block: bool,
    /// Try again, here or elsewhere, although the request may already have had its effect.
    pub repeat_ambiguous: bool,
    /// With nothing but open breakers left, try the untried target closest to recovery.
    pub probe_when_all_open: bool,
}

/// Whether a target can be tried now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Availability {
    /// Yes.
    Ready,
    /// It asked to be left alone until this time; waiting is worth while.
    Cooling(Instant),
    /// Its breaker is open until this time; nobody waits for that.
    Open(Instant),
    /// Its breaker is half open and somebody else's probe runs.
    Probing,
}

/// A target's state at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// Whether it can be tried.
    pub availability: Availability,
    /// Whether its retry budget allows a repeated attempt.
    pub may_repeat: bool,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Make an attempt, then [`Plan::record`] its failure.
    Try {
        /// The target's place in the chain.
        target: usize,
        /// The request was tried there before.
        repeat: bool,
        /// Its breaker is open: go as a probe.
        forced: bool,
    },
    /// Ask again after this time.
    Wait(Duration),
    /// Give up.
    Stop(Stop),
}

/// Why a request was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The last failure ends the request wherever it is sent.
    Terminal,
    /// The request may have had its effect, and the rules forbid repeating it then.
    Ambiguous,
    /// Every target was tried and none may be tried again.
    Exhausted,
    /// The targets that are left have open breakers, or cool down beyond the deadline.
    Unavailable,
    /// The retry budgets of the targets that are left are used up; holds the first one's place.
    Budget(usize),
    /// Too little time is left.
    Deadline,
    /// The most attempts were made.
    MaxAttempts,
}

/// One request's way along its chain.
#[derive(Debug)]
pub struct Plan {
    rules: Rules,
    deadline: Instant,
    random: fastrand::Rng,
    places: Vec<Place>,
    attempts: u32,
    stop: Option<Stop>,
}

#[derive(Debug)]
struct Place {
    capacity: u64,
    tried: bool,
    excluded: bool,
    one_more_used: bool,
    not_before: Option<Instant>,
    waits: FullJitter,
}

impl Stop {
    /// The reason's name in metrics, logs and records.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Ambiguous => "ambiguous",
            Self::Exhausted => "exhausted",
            Self::Unavailable => "unavailable",
            Self::Budget(_) => "budget",
            Self::Deadline => "deadline",
            Self::MaxAttempts => "max_attempts",
        }
    }
}

impl Plan {
    /// A plan for targets with these capacities (how much input each takes, in one unit for all; zero when
    /// unknown). Jitter is drawn from `random`.
    pub fn new(
        rules: Rules,
        deadline: Instant,
        capacities: impl IntoIterator<Item = u64>,
        mut random: fastrand::Rng,
    ) -> Self {
        let place = |capacity| Place {
            capacity,
            tried: false,
            excluded: false,
            one_more_used: false,
            not_before: None,
            waits: FullJitter::new(rules.steps, random.fork()),
        };
        let places = capacities.into_iter().map(place).collect();
        Self { rules, deadline, random, places, attempts: 0, stop: None }
    }

    /// What to do now, given the state of every target in the order of the chain.
    pub fn next(&mut self, now: Instant, views: &[View]) -> Step {
        if let Some(stop) = self.stop {
            return Step::Stop(stop);
        }
        if self.attempts >= self.rules.max_attempts {
            return Step::Stop(Stop::MaxAttempts);
        }
        if now + self.rules.min_useful > self.deadline {
            return Step::Stop(Stop::Deadline);
        }
        let fresh = self
            .left(views)
            .find(|(_, place, view)| !place.tried && view.availability == Availability::Ready);
        if let Some((target, ..)) = fresh {
            return Step::Try { target, repeat: false, forced: false };
        }
        self.earliest(now, views).unwrap_or_else(|| self.last_resort(views))
    }

    /// Notes that the attempt at `target` failed.
    pub fn record(&mut self, now: Instant, target: usize, failure: &Failure) {
        self.attempts += 1;
        if failure.ambiguous && !self.rules.repeat_ambiguous {
            self.stop = Some(Stop::Ambiguous);
        }
        match failure.class.elsewhere() {
            Elsewhere::Yes => {}
            Elsewhere::IfAllowed if self.rules.fallback_after_block => {}
            Elsewhere::IfAllowed | Elsewhere::No => self.stop = Some(Stop::Terminal),
            Elsewhere::Larger => {
                let too_small = self.places.get(target).map_or(0, |place| place.capacity);
                for place in self.places.iter_mut().filter(|place| place.capacity <= too_small) {
                    place.excluded = true;
                }
            }
        }
        if let Some(place) = self.places.get_mut(target) {
            place.failed(now, failure, self.rules.retry_after_cap);
        }
    }

    /// The places not excluded, with their targets' state.
    fn left<'a>(&'a self, views: &'a [View]) -> impl Iterator<Item = (usize, &'a Place, View)> {
        let all = self.places.iter().zip(views).enumerate();
        all.filter(|(_, (place, _))| !place.excluded).map(|(target, (place, view))| (target, place, *view))
    }

    /// The target that can be tried first, now or after a wait; `None` when there is nothing to wait for.
    fn earliest(&mut self, now: Instant, views: &[View]) -> Option<Step> {
        let affordable = |place: &Place, view: View| !place.tried || view.may_repeat;
        let candidates = self.left(views).filter(|(_, place, view)| affordable(place, *view));
        let times = candidates.filter_map(|(target, place, view)| {
            let backoff = place.not_before.unwrap_or(now);
            match view.availability {
                Availability::Ready => Some((backoff, target, false)),
                Availability::Cooling(until) => Some((until.max(backoff), target, until > backoff)),
                Availability::Open(_) | Availability::Probing => None,
            }
        });
        let (at, target, cooling) = times.min_by_key(|(at, ..)| *at)?;
        if at <= now {
            let repeat = self.places.get(target).is_some_and(|place| place.tried);
            return Some(Step::Try { target, repeat, forced: false });
        }
        let latest = self.deadline.checked_sub(self.rules.min_useful).unwrap_or(now);
        if at > latest {
            return Some(Step::Stop(if cooling { Stop::Unavailable } else { Stop::Deadline }));
        }
        // A cooldown ends for everybody at once; those who wait for it should not all return at once.
        let spread = if cooling { self.rules.steps.base.mul_f64(self.random.f64()) } else { Duration::ZERO };
        Some(Step::Wait((at + spread).min(latest) - now))
    }

    /// Nothing is free and nothing is worth waiting for.
    fn last_resort(&self, views: &[View]) -> Step {
        let mut nearest = None;
        let mut unavailable = false;
        let mut unaffordable = None;
        for (target, place, view) in self.left(views) {
            match view.availability {
                Availability::Open(until) if !place.tried => {
                    nearest = nearest.into_iter().chain([(until, target)]).min();
                    unavailable = true;
                }
                Availability::Open(_) | Availability::Probing => unavailable = true,
                Availability::Ready | Availability::Cooling(_) => {
                    unaffordable = unaffordable.or(Some(target))
                }
            }
        }
        match (nearest, unaffordable) {
            (Some((_, target)), _) if self.rules.probe_when_all_open => {
                Step::Try { target, repeat: false, forced: true }
            }
            (_, Some(target)) => Step::Stop(Stop::Budget(target)),
            (_, None) if unavailable => Step::Stop(Stop::Unavailable),
            (_, None) => Step::Stop(Stop::Exhausted),
        }
    }
}

impl Place {
    fn failed(&mut self, now: Instant, failure: &Failure, retry_after_cap: Duration) {
        self.tried = true;
        let wait = match failure.class.again() {
            Again::Never => return self.excluded = true,
            Again::Once if self.one_more_used => return self.excluded = true,
            Again::Once => {
                self.one_more_used = true;
                self.waits.draw()
            }
            Again::Backoff => self.waits.draw(),
            Again::LongBackoff => self.waits.draw_later(SLOW),
        };
        let asked = failure.retry_after.unwrap_or_default();
        if asked > retry_after_cap {
            self.excluded = true;
        }
        self.not_before = Some(now + wait.max(asked.min(retry_after_cap)));
    }
}

#[cfg(test)]
mod tests;
