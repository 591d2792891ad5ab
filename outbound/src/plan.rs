//! What a request does next along its chain of targets. Pure; time and the targets' state are passed in.
//!
//! A target with several keys has a place for each of them. What a key met (a refusal, a rate limit, no turn in time) is that
//! place's, so that the target is tried with another key at once; everything else is the target's.

mod place;
mod stop;

use std::time::Duration;

use tokio::time::Instant;

use self::place::Place;
pub(crate) use self::place::is_limit;
pub use self::stop::Stop;
use crate::{
    class::Elsewhere,
    failure::Failure,
    pace::Load,
    retry::{FullJitter, Steps},
};

/// A target whose pace gives a turn within this is as good as free. A request waits no longer for turns, all together, where another
/// target is free.
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
    /// If only targets with open breakers or refused keys are left, a request waits for one of them until this long after the
    /// first opening. Later it ends at once.
    pub away_patience: Duration,
    /// When the first token of an attempt has not come after this time, a second attempt starts at another target, and the first
    /// whole answer wins. `None` for never.
    pub hedge_after: Option<Duration>,
}

/// Whether a target can be tried now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Availability {
    /// Its pace gives a turn about this time.
    Free(Instant),
    /// It asked to be left alone until this time; waiting is worth while.
    Cooling(Instant),
    /// Its key was refused, or has no money left, and is left alone until this time. A person has to act.
    Resting(Instant),
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
    /// How much its pace has to do: of the keys of a target the least loaded one is taken.
    pub load: Load,
}

/// One place of a chain: a target and one of its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seat {
    /// The target's place in the chain.
    pub target: usize,
    /// Which of its keys, counted from 0.
    pub key: usize,
    /// How much input the target takes, in one unit for all; zero when unknown.
    pub capacity: u64,
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
    /// Which of its keys, counted from 0.
    pub key: usize,
    /// The request failed there before, other than for the rate.
    pub repeat: bool,
    /// The request was refused there for the rate: it keeps its place.
    pub again: bool,
    /// Nothing else is left: go as a probe although the breaker is open for others.
    pub alone: bool,
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
    /// There is nothing to be hedged any more: it was done once, or a target refused the content.
    unhedged: bool,
    /// A target whose pace had no turn in time.
    saturated: bool,
    /// A target whose budget has kept the request waiting.
    short: Option<usize>,
    /// What is left of [`SOON`].
    patience: Duration,
}

/// When a place can be tried: when to go there, and when the attempt may begin then.
#[derive(Debug, Clone, Copy)]
struct Chance {
    place: usize,
    go: Instant,
    begin: Instant,
    load: Load,
    cooling: bool,
}

impl Plan {
    /// A plan for these places, the keys of a target one after the other. Jitter is drawn from `random`.
    pub fn new(
        rules: Rules,
        deadline: Instant,
        seats: impl IntoIterator<Item = Seat>,
        mut random: fastrand::Rng,
    ) -> Self {
        let place = |seat| Place::new(seat, FullJitter::new(rules.steps, random.fork()));
        let places = seats.into_iter().map(place).collect();
        // Before any time that is asked about when even that much is not left.
        let latest = deadline.checked_sub(rules.min_useful).unwrap_or(deadline);
        Self {
            rules,
            latest,
            random,
            places,
            attempts: 0,
            stop: None,
            unhedged: rules.hedge_after.is_none(),
            saturated: false,
            short: None,
            patience: SOON,
        }
    }

    /// No attempt is to start later.
    #[must_use]
    pub const fn latest(&self) -> Instant {
        self.latest
    }

    /// What to do now, given the state of every place in the order of the seats.
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
        if let Some(place) = self.fresh(now, views, None) {
            return Step::Try(self.at(place));
        }
        match self.earliest(now, views) {
            Some(chance) => self.take(now, chance),
            None => self.last_resort(now, views),
        }
    }

    /// How long the first token of an attempt is waited for before [`Plan::hedge`]; `None` where that has nothing to offer.
    #[must_use]
    pub fn hedge_after(&self) -> Option<Duration> {
        self.rules.hedge_after.filter(|_| !self.unhedged && self.rules.repeat_ambiguous)
    }

    /// A second attempt, at another target that is free and was not tried, beside one under way whose first token is late. There
    /// is one at most in a run.
    pub fn hedge(&mut self, now: Instant, views: &[View], late: Try) -> Option<Try> {
        self.hedge_after()?;
        let room = self.rules.max_attempts.is_none_or(|most| self.attempts.saturating_add(1) < most);
        if self.stop.is_some() || now > self.latest || !room {
            return None;
        }
        let place = self.fresh(now, views, Some(late.target))?;
        self.unhedged = true;
        Some(self.at(place))
    }

    /// Whether nothing more is to be tried, and what is under way is of no use.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.stop.is_some()
    }

    /// Notes that the attempt failed.
    pub fn record(&mut self, now: Instant, tried: Try, failure: &Failure) {
        // A request that was refused for the rate was not served, so it does not count.
        self.attempts += u32::from(!is_limit(failure));
        self.short = None;
        self.unhedged |= failure.class.elsewhere() == Elsewhere::IfAllowed;
        if failure.ambiguous && !self.rules.repeat_ambiguous {
            self.stop = Some(Stop::Ambiguous);
        }
        match failure.class.elsewhere() {
            Elsewhere::Yes => {}
            Elsewhere::IfAllowed if self.rules.fallback_after_block => {}
            Elsewhere::IfAllowed | Elsewhere::No => self.stop = Some(Stop::Terminal),
            Elsewhere::Larger => {
                let too_small = self.place_of(tried).map_or(0, |place| place.seat.capacity);
                for place in self.places.iter_mut().filter(|place| place.seat.capacity <= too_small) {
                    place.excluded = true;
                }
            }
        }
        let cap = self.rules.retry_after_cap;
        let Some(place) = self.place_of(tried) else { return };
        place.failed(now, failure, cap);
        if !place::is_of_key(failure) {
            let shown = place.clone();
            let of_target =
                |place: &&mut Place| place.seat.target == tried.target && place.seat.key != tried.key;
            self.places.iter_mut().filter(of_target).for_each(|place| place.learn(&shown));
        }
    }

    /// Notes that the pace has no turn in time.
    pub fn no_turn(&mut self, tried: Try) {
        self.saturated = true;
        if let Some(place) = self.place_of(tried) {
            place.excluded = true;
        }
    }

    /// Until when a turn is waited for at this place, where the request has another target that is free and was not tried.
    #[must_use]
    pub fn soon(&self, now: Instant, views: &[View], tried: Try) -> Option<Instant> {
        self.fresh(now, views, Some(tried.target)).map(|_| now + self.patience)
    }

    /// Notes how long a turn was waited for.
    pub fn waited(&mut self, time: Duration) {
        self.patience = self.patience.saturating_sub(time);
    }

    /// Notes that the place had no turn soon: the targets that were not tried yet go before it.
    pub fn no_turn_soon(&mut self, tried: Try) {
        if let Some(place) = self.place_of(tried) {
            place.tried = true;
        }
    }

    fn place_of(&mut self, tried: Try) -> Option<&mut Place> {
        self.places.iter_mut().find(|place| (place.seat.target, place.seat.key) == (tried.target, tried.key))
    }

    /// The least loaded key of the first target, but this one, that is free and was not tried.
    fn fresh(&self, now: Instant, views: &[View], except: Option<usize>) -> Option<usize> {
        let mut first = None;
        let others = self.left(views).filter(|(_, place, _)| Some(place.seat.target) != except);
        let free = others.filter_map(|(number, place, view)| match view.availability {
            Availability::Free(turn) if !place.tried && turn <= now + self.patience => {
                let target = *first.get_or_insert(place.seat.target);
                (place.seat.target == target).then_some((turn.max(now), view.load, number))
            }
            _ => None,
        });
        free.min().map(|(_, _, number)| number)
    }

    /// The places not excluded, with their number and state.
    fn left<'a>(&'a self, views: &'a [View]) -> impl Iterator<Item = (usize, &'a Place, View)> {
        let all = self.places.iter().zip(views).enumerate();
        all.filter(|(_, (place, _))| !place.excluded).map(|(number, (place, view))| (number, place, *view))
    }

    /// An attempt at this place of a request that has others.
    fn at(&self, number: usize) -> Try {
        let nowhere = Try { target: number, key: 0, repeat: false, again: false, alone: false };
        self.places.get(number).map_or(nowhere, |place| {
            let Seat { target, key, .. } = place.seat;
            Try { target, key, repeat: place.failed, again: place.limited, alone: false }
        })
    }

    /// The place that can be tried first, now or after a wait; `None` when there is nothing to wait for.
    fn earliest(&mut self, now: Instant, views: &[View]) -> Option<Chance> {
        let mut short = None;
        let chances = self.left(views).filter_map(|(number, place, view)| {
            let chance = |go, begin, cooling| Chance { place: number, go, begin, load: view.load, cooling };
            let backoff = place.not_before.unwrap_or(now);
            let budget = if place.failed { view.next_repeat } else { Some(now) };
            if budget.is_none_or(|at| at > backoff.max(now)) {
                short = short.or(Some(place.seat.target));
            }
            let go = backoff.max(budget?);
            match view.availability {
                Availability::Free(turn) => Some(chance(go, go.max(turn), false)),
                Availability::Cooling(until) => Some(chance(go.max(until), go.max(until), until > go)),
                Availability::Resting(_) | Availability::Open { .. } | Availability::Probing { .. } => None,
            }
        });
        let first = chances.min_by_key(|chance| (chance.begin, chance.load));
        self.short = self.short.or(short);
        first
    }

    fn take(&mut self, now: Instant, chance: Chance) -> Step {
        let Chance { place, go, begin, cooling, .. } = chance;
        if begin > self.latest {
            let stop = match () {
                () if cooling => Stop::Unavailable,
                () if go <= self.latest => Stop::Saturated,
                () => self.short.map_or(Stop::Deadline, Stop::Budget),
            };
            return Step::Stop(stop);
        }
        if go <= now {
            return Step::Try(self.at(place));
        }
        // A cooldown ends for everybody at once; those who wait for it should not all return at once.
        let spread = if cooling { self.rules.steps.base.mul_f64(self.random.f64()) } else { Duration::ZERO };
        Step::Wait((go + spread).min(self.latest) - now)
    }

    /// No target is free or worth waiting for, except perhaps one whose breaker opened only now.
    fn last_resort(&self, now: Instant, views: &[View]) -> Step {
        let mut unavailable = false;
        let mut wait_until = None;
        let patience = self.rules.away_patience;
        for (number, _, view) in self.left(views) {
            let (at, last) = match view.availability {
                Availability::Open { probe, .. } if probe <= now => {
                    return Step::Try(Try { alone: true, ..self.at(number) });
                }
                Availability::Open { probe, since, .. } => (probe, since + patience),
                Availability::Probing { since } => (now + LOOK, since + patience),
                // A key that rests longer brings nothing.
                Availability::Resting(until) if until > now + patience => (until, now),
                Availability::Resting(until) => (until, until),
                Availability::Free(_) | Availability::Cooling(_) => continue,
            };
            unavailable = true;
            let last = last.min(self.latest);
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

#[cfg(test)]
mod tests;
