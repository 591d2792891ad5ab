//! What a request does next along its chain of targets. Pure; time and the targets' state are passed in.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    class::{Again, Cooling, Elsewhere},
    failure::Failure,
    retry::{FullJitter, Steps},
};

/// Steps left out of the backoff after a failure that passes slowly.
const SLOW: u32 = 2;
/// A target whose pace gives a turn within this is as good as free.
const SOON: Duration = Duration::from_secs(1);
/// How often a request looks whether somebody else's probe has ended.
const LOOK: Duration = Duration::from_millis(200);

/// How a request may move along its chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Most attempts over all targets, those refused for their rate apart; without it the deadline alone ends them.
    pub max_attempts: Option<u32>,
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
    /// If only targets with open breakers are left, a request waits for a probe to succeed until this long after the first
    /// opening. Later it ends at once.
    pub open_patience: Duration,
}

/// Whether a target can be tried now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Availability {
    /// Its pace gives a turn about this time.
    Free(Instant),
    /// It asked to be left alone until this time; waiting is worth while.
    Cooling(Instant),
    /// Its breaker is open.
    Open {
        /// Until then for those who have another target.
        until: Instant,
        /// Until then for those who have none.
        probe: Instant,
        /// When it opened first.
        since: Instant,
    },
    /// Its breaker is half open and somebody else's probe runs.
    Probing {
        /// When the breaker opened first.
        since: Instant,
    },
}

/// A target's state at one time, as the request's tenant meets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// Whether it can be tried.
    pub availability: Availability,
    /// When its retry budget allows a repeated attempt, `None` for never.
    pub next_repeat: Option<Instant>,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Wait for the target's pace and make an attempt, then [`Plan::record`] its failure.
    Try(Try),
    /// Ask again after this time.
    Wait(Duration),
    /// Give up.
    Stop(Stop),
}

/// An attempt to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Try {
    /// The target's place in the chain.
    pub target: usize,
    /// The request failed there before, other than for the rate.
    pub repeat: bool,
    /// The request was refused there for the rate: it keeps its place.
    pub again: bool,
    /// Nothing else is left: go as a probe although the breaker is open for others.
    pub alone: bool,
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
    /// Its turn at the pace of the targets that are left would come too late.
    Saturated,
    /// The retry budgets of the targets that are left had nothing for it in time; holds the first one's place.
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
    latest: Instant,
    random: fastrand::Rng,
    places: Vec<Place>,
    attempts: u32,
    stop: Option<Stop>,
    /// A target whose pace had no turn in time.
    saturated: bool,
    /// A target whose budget has kept the request waiting.
    short: Option<usize>,
}

#[derive(Debug)]
struct Place {
    capacity: u64,
    tried: bool,
    /// It failed other than for the rate.
    failed: bool,
    limited: bool,
    excluded: bool,
    one_more_used: bool,
    not_before: Option<Instant>,
    waits: FullJitter,
}

/// When a place can be tried: when to go there, and when the attempt may begin then.
#[derive(Debug, Clone, Copy)]
struct Chance {
    target: usize,
    go: Instant,
    begin: Instant,
    cooling: bool,
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
            Self::Saturated => "saturated",
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
            failed: false,
            limited: false,
            excluded: false,
            one_more_used: false,
            not_before: None,
            waits: FullJitter::new(rules.steps, random.fork()),
        };
        let places = capacities.into_iter().map(place).collect();
        // Before any time that is asked about when even that much is not left.
        let latest = deadline.checked_sub(rules.min_useful).unwrap_or(deadline);
        Self { rules, latest, random, places, attempts: 0, stop: None, saturated: false, short: None }
    }

    /// No attempt is to start later.
    #[must_use]
    pub const fn latest(&self) -> Instant {
        self.latest
    }

    /// What to do now, given the state of every target in the order of the chain.
    pub fn next(&mut self, now: Instant, views: &[View]) -> Step {
        if let Some(stop) = self.stop {
            return Step::Stop(stop);
        }
        if self.rules.max_attempts.is_some_and(|most| self.attempts >= most) {
            return Step::Stop(Stop::MaxAttempts);
        }
        if now > self.latest {
            return Step::Stop(self.short.map_or(Stop::Deadline, Stop::Budget));
        }
        let soon = |view: View| matches!(view.availability, Availability::Free(turn) if turn <= now + SOON);
        let fresh = self.left(views).find(|(_, place, view)| !place.tried && soon(*view));
        if let Some((target, ..)) = fresh {
            return Step::Try(self.at(target));
        }
        match self.earliest(now, views) {
            Some(chance) => self.take(now, chance),
            None => self.last_resort(now, views),
        }
    }

    /// Notes that the attempt at `target` failed.
    pub fn record(&mut self, now: Instant, target: usize, failure: &Failure) {
        // A request that was refused for the rate was not served, so it does not count.
        self.attempts += u32::from(!is_limit(failure));
        self.short = None;
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

    /// Notes that the pace of `target` has no turn in time.
    pub fn no_turn(&mut self, target: usize) {
        self.saturated = true;
        if let Some(place) = self.places.get_mut(target) {
            place.excluded = true;
        }
    }

    /// The places not excluded, with their targets' state.
    fn left<'a>(&'a self, views: &'a [View]) -> impl Iterator<Item = (usize, &'a Place, View)> {
        let all = self.places.iter().zip(views).enumerate();
        all.filter(|(_, (place, _))| !place.excluded).map(|(target, (place, view))| (target, place, *view))
    }

    /// An attempt at this target of a request that has others.
    fn at(&self, target: usize) -> Try {
        let place = self.places.get(target);
        let (repeat, again) = place.map_or((false, false), |place| (place.failed, place.limited));
        Try { target, repeat, again, alone: false }
    }

    /// The target that can be tried first, now or after a wait; `None` when there is nothing to wait for.
    fn earliest(&mut self, now: Instant, views: &[View]) -> Option<Chance> {
        let mut short = None;
        let chances = self.left(views).filter_map(|(target, place, view)| {
            let backoff = place.not_before.unwrap_or(now);
            let budget = if place.failed { view.next_repeat } else { Some(now) };
            if budget.is_none_or(|at| at > backoff.max(now)) {
                short = short.or(Some(target));
            }
            let go = backoff.max(budget?);
            match view.availability {
                Availability::Free(turn) => Some(Chance { target, go, begin: go.max(turn), cooling: false }),
                Availability::Cooling(until) => {
                    let at = go.max(until);
                    Some(Chance { target, go: at, begin: at, cooling: until > go })
                }
                Availability::Open { .. } | Availability::Probing { .. } => None,
            }
        });
        let first = chances.min_by_key(|chance| chance.begin);
        self.short = self.short.or(short);
        first
    }

    fn take(&mut self, now: Instant, Chance { target, go, begin, cooling }: Chance) -> Step {
        if begin > self.latest {
            let stop = match () {
                () if cooling => Stop::Unavailable,
                () if go <= self.latest => Stop::Saturated,
                () => self.short.map_or(Stop::Deadline, Stop::Budget),
            };
            return Step::Stop(stop);
        }
        if go <= now {
            return Step::Try(self.at(target));
        }
        // A cooldown ends for everybody at once; those who wait for it should not all return at once.
        let spread = if cooling { self.rules.steps.base.mul_f64(self.random.f64()) } else { Duration::ZERO };
        Step::Wait((go + spread).min(self.latest) - now)
    }

    /// No target is free or worth waiting for, except perhaps one whose breaker opened only now.
    fn last_resort(&self, now: Instant, views: &[View]) -> Step {
        let mut unavailable = false;
        let mut wait_until = None;
        for (target, _, view) in self.left(views) {
            let (at, since) = match view.availability {
                Availability::Open { probe, .. } if probe <= now => {
                    return Step::Try(Try { alone: true, ..self.at(target) });
                }
                Availability::Open { probe, since, .. } => (probe, since),
                Availability::Probing { since } => (now + LOOK, since),
                Availability::Free(_) | Availability::Cooling(_) => continue,
            };
            unavailable = true;
            let last = (since + self.rules.open_patience).min(self.latest);
            wait_until = wait_until.into_iter().chain((last > now).then(|| at.min(last))).min();
        }
        match (wait_until, self.short) {
            (Some(at), _) => Step::Wait(at - now),
            (None, _) if unavailable => Step::Stop(Stop::Unavailable),
            (None, _) if self.saturated => Step::Stop(Stop::Saturated),
            (None, Some(target)) => Step::Stop(Stop::Budget(target)),
            (None, None) => Step::Stop(Stop::Exhausted),
        }
    }
}

/// Whether the call was refused only because there were too many.
pub(crate) fn is_limit(failure: &Failure) -> bool {
    failure.class.cooling() == Cooling::Short
}

impl Place {
    fn failed(&mut self, now: Instant, failure: &Failure, retry_after_cap: Duration) {
        self.tried = true;
        let asked = failure.retry_after.unwrap_or_default();
        if asked > retry_after_cap {
            return self.excluded = true;
        }
        self.limited = is_limit(failure);
        if self.limited {
            // Its pace says when.
            return;
        }
        self.failed = true;
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
        self.not_before = Some(now + wait.max(asked));
    }
}

#[cfg(test)]
mod tests;
