//! Waiting for one's turn at an endpoint that allows only so much.

mod claim;
mod lately;
mod queues;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

pub use self::claim::{Claim, PaceError};
use self::lately::Lately;
pub use self::lately::Standing;
use crate::{
    limiter::{Excess, Limiter, Limits, Pauses, Ready, Ticket, Tokens, Told},
    metrics::{self, PaceNames, Paced, WaitCause},
    turns::{Turns, Weight},
};

/// How often a wait is looked at anew: others may have come who take turns with it.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// A caller only joins if it can expect its turn within this part of its time, since others may come.
const AT_FIRST: f64 = 0.9;

/// The queue of callers at a pace: keys take turns, and within a key callers of one weight are served in the order of asking. A start is
/// handed out right before its call, after any pause.
#[derive(Debug)]
pub struct Pace {
    names: PaceNames,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    limiter: Limiter,
    turns: Turns,
    /// Empty where nothing is kept for keys that have had little.
    lately: Lately,
    waiting: HashMap<u64, Waiting>,
    next_id: u64,
    /// When the last call started.
    started: Option<Instant>,
}

#[derive(Debug)]
struct Waiting {
    wake: Arc<Notify>,
    disturbed: bool,
}

/// How much a pace has to do: of two that are free, the lesser one is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Load {
    /// Calls that run.
    pub running: u32,
    /// When the last one started.
    pub started: Option<Instant>,
}

/// The right to make one call now, held while it runs.
#[derive(Debug)]
#[must_use]
pub struct Turn {
    pace: Arc<Pace>,
    ticket: Ticket,
    went: Went,
}

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Went {
    /// The endpoint took it, as far as is known.
    Taken,
    Refused,
    /// Nothing was sent.
    Nowhere,
}

/// A place in the queue; whoever gives it up, served or not, wakes the next.
struct Place<'a> {
    pace: &'a Pace,
    key: &'a Arc<str>,
    id: u64,
    tokens: Tokens,
    wake: Arc<Notify>,
}

impl Pace {
    /// A pace that owns the whole limits; see [`Pace::set_share`].
    #[must_use]
    pub fn new(names: PaceNames, limits: Limits, pauses: Pauses) -> Arc<Self> {
        let state = State {
            limiter: Limiter::new(limits, pauses, Instant::now()),
            turns: Turns::default(),
            lately: Lately::default(),
            waiting: HashMap::new(),
            next_id: 0,
            started: None,
        };
        Arc::new(Self { names, state: Mutex::new(state) })
    }

    /// From now on only this share of the limits, from 0 to 1: owned partitions ÷ all partitions. Applies to those who
    /// already wait.
    pub fn set_share(&self, share: f64) {
        let mut state = self.state();
        state.limiter.set_share(share);
        state.wake_all();
    }

    /// When somebody who asks now may expect a turn.
    #[must_use]
    pub fn expected(&self, now: Instant, key: &Arc<str>, weight: Weight) -> Instant {
        let state = self.state();
        let most = state.limiter.expected(now, state.turns.waiting());
        if most <= now { most } else { state.limiter.expected(now, state.turns.ahead(key, weight)) }
    }

    /// How much it has to do.
    #[must_use]
    pub fn load(&self) -> Load {
        let state = self.state();
        Load { running: state.limiter.running(), started: state.started }
    }

    /// What a call used, in place of what was reserved for it.
    pub fn settle(&self, ticket: Ticket, used: Tokens) {
        let mut state = self.state();
        state.limiter.settle(ticket, used);
        state.wake_next();
        let used: Vec<_> = state.limiter.used(Instant::now()).collect();
        drop(state);
        metrics::used(&self.names, &used);
    }

    /// What the endpoint told of its limits.
    pub fn told(&self, told: Told) {
        let mut state = self.state();
        state.limiter.told(Instant::now(), told);
        state.wake_next();
    }

    /// Waits for a turn. Dropping the future gives up the place in the queue and takes nothing.
    ///
    /// # Errors
    /// [`PaceError::NotInTime`], as soon as that can be seen; [`PaceError::Disturbed`] after [`Pace::disturb`].
    pub async fn turn(self: &Arc<Self>, claim: Claim<'_>) -> Result<Turn, PaceError> {
        let asked = Instant::now();
        let place = Place::take(self, claim);
        let mut hoped = asked + (claim.latest.saturating_duration_since(asked)).mul_f64(AT_FIRST);
        loop {
            let wake_at = match place.look(claim.latest, hoped) {
                Ok(Look::Until(at)) => at,
                Ok(Look::Served(ticket)) => {
                    drop(place);
                    metrics::waited(WaitCause::Pace, asked.elapsed());
                    self.show(asked.elapsed());
                    return Ok(Turn { pace: Arc::clone(self), ticket, went: Went::Taken });
                }
                Err(error) => {
                    drop(place);
                    self.show(asked.elapsed());
                    return Err(error);
                }
            };
            hoped = claim.latest;
            tokio::select! {
                () = place.wake.notified() => {}
                () = sleep_until(wake_at.min(Instant::now() + LOOK_AGAIN)) => {}
            }
        }
    }

    /// Sends everybody who waits to look at the endpoint again.
    pub fn disturb(&self) {
        let mut state = self.state();
        state.waiting.values_mut().for_each(|waiting| waiting.disturbed = true);
        state.wake_all();
    }

    fn refused(&self, ticket: Ticket, excess: Excess, asked: Option<Duration>) {
        let (now, mut state) = (Instant::now(), self.state());
        let (knew, before) = (state.limiter.has_learned(), state.limiter.most_at_once());
        if !state.limiter.refused(now, ticket, excess, asked) {
            return;
        }
        let learned = !knew && state.limiter.has_learned();
        let rate = state.limiter.rate(now);
        let at_once = state.limiter.most_at_once().filter(|now| before.is_none_or(|before| *now < before));
        state.wake_all();
        drop(state);
        metrics::cooled(&self.names.target, self.names.key, "rate_limited");
        let PaceNames { target, key, limit } = &self.names;
        if let Some(at_once) = at_once {
            tracing::warn!(
                target = &**target,
                key,
                limit,
                at_once,
                "refused since too many run at a time: fewer are let run"
            );
        }
        if learned {
            tracing::warn!(
                target = &**target,
                key,
                limit,
                per_second = rate,
                "refused for the rate: the pace is lowered"
            );
        }
        self.show(Duration::ZERO);
    }

    fn show(&self, waited: Duration) {
        let (now, mut state) = (Instant::now(), self.state());
        let waiting = state.turns.waiting();
        let paced = Paced {
            waiting,
            waited: if waiting == 0 { Duration::ZERO } else { waited },
            rate: state.limiter.rate(now).unwrap_or_default(),
            learned: state.limiter.learned_part(now),
            used: state.limiter.used(now).collect(),
            at_once: state.limiter.most_at_once(),
        };
        drop(state);
        metrics::paced(&self.names, &paced);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Look {
    Served(Ticket),
    /// Look again then, or when woken.
    Until(Instant),
}

impl State {
    fn wake_next(&self) {
        let quiet = if self.limiter.keeps() { self.first_quiet(Instant::now()) } else { None };
        for next in self.turns.next().into_iter().chain(quiet).filter_map(|id| self.waiting.get(&id)) {
            next.wake.notify_one();
        }
    }

    /// Whether it is served next: as the first, or, while the first may not take what is kept for those who have had little, as
    /// the first of these.
    fn is_next(&self, id: u64, standing: Standing, now: Instant) -> bool {
        let may_pass = self.limiter.keeps() && standing == Standing::Quiet;
        self.turns.next() == Some(id) || may_pass && self.first_quiet(now) == Some(id)
    }

    fn first_quiet(&self, now: Instant) -> Option<u64> {
        let standing = self.lately.standings(now);
        self.turns.first_of(|key| standing(key) == Standing::Quiet)
    }

    fn serve(&mut self, place: &Place<'_>, now: Instant) -> Ticket {
        self.started = Some(now);
        self.turns.served(place.key, place.id);
        if self.limiter.keeps() {
            self.lately.note(place.key, self.limiter.cost(place.tokens), now);
        }
        self.limiter.start(now, place.tokens)
    }

    fn wake_all(&self) {
        self.waiting.values().for_each(|waiting| waiting.wake.notify_one());
    }

    /// Whether a turn after so many others comes in time. Whoever comes in time behind everybody is not counted out.
    fn is_in_time(&self, now: Instant, latest: Instant, ahead: impl FnOnce(&Turns) -> usize) -> bool {
        self.limiter.expected(now, self.turns.waiting()) <= latest
            || self.limiter.expected(now, ahead(&self.turns)) <= latest
    }
}

impl<'a> Place<'a> {
    fn take(pace: &'a Pace, claim: Claim<'a>) -> Self {
        let mut state = pace.state();
        let (id, wake) = (state.next_id, Arc::new(Notify::new()));
        state.next_id += 1;
        if claim.again {
            state.turns.rejoin(id);
        } else {
            let cost = state.limiter.cost(claim.tokens);
            state.turns.join(claim.key, id, cost, claim.weight);
        }
        state.waiting.insert(id, Waiting { wake: Arc::clone(&wake), disturbed: false });
        Self { pace, key: claim.key, id, tokens: claim.tokens, wake }
    }

    /// Whether it is its turn; an error when that cannot be expected by `hoped`.
    fn look(&self, latest: Instant, hoped: Instant) -> Result<Look, PaceError> {
        let (now, mut state) = (Instant::now(), self.pace.state());
        if state.waiting.get(&self.id).is_none_or(|it| it.disturbed) {
            return Err(PaceError::Disturbed);
        }
        let standing = state.lately.standing(self.key, now);
        if state.is_next(self.id, standing, now) {
            match state.limiter.ready(now, self.tokens, standing) {
                Ready::Now => return Ok(Look::Served(state.serve(self, now))),
                Ready::At(at) if at > latest => return Err(PaceError::NotInTime),
                Ready::At(at) => return Ok(Look::Until(at)),
                Ready::WhenOneEnds => {}
            }
        }
        let in_time = now < latest && state.is_in_time(now, hoped, |turns| turns.before(self.key, self.id));
        if in_time { Ok(Look::Until(latest)) } else { Err(PaceError::NotInTime) }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.pace.state();
        state.waiting.remove(&self.id);
        state.turns.leave(self.key, self.id);
        state.wake_next();
    }
}

impl Turn {
    /// The start that it is, for [`Pace::settle`].
    #[must_use]
    pub const fn ticket(&self) -> Ticket {
        self.ticket
    }

    /// The endpoint refused the call for its rate, and may have `asked` for a pause.
    pub fn refused(self, asked: Option<Duration>) {
        self.exceeded(Excess::Rate, asked);
    }

    /// The endpoint refused the call for this, and may have `asked` for a pause.
    pub fn exceeded(mut self, excess: Excess, asked: Option<Duration>) {
        self.went = Went::Refused;
        self.pace.refused(self.ticket, excess, asked);
    }

    /// Nothing was sent.
    pub fn give_back(mut self) {
        self.went = Went::Nowhere;
        self.pace.state().limiter.give_back(self.ticket);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.pace.state();
        if self.went == Went::Taken {
            state.limiter.taken_on();
        }
        if self.went != Went::Nowhere {
            state.limiter.ended(Instant::now(), self.ticket);
        }
        state.wake_next();
    }
}

#[cfg(test)]
mod tests;
