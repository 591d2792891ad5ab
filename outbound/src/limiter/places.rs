//! The limit of calls that run at a time: as configured, and as refusals teach it.
//!
//! When the endpoint refuses a call because too many run, fewer may run at once: a part of those that it took. From then on each
//! round of calls that it takes while nearly all places are used adds one place, up to the configured limit or, without one,
//! until refusals are long past (additive increase, multiplicative decrease).

use std::time::Duration;

use super::counted::Usual;

/// What is taken for the time of a call before one has ended.
const UNKNOWN: f64 = 10.0;
/// Of fewer places none is kept.
const FEW: f64 = 4.0;
/// After a refusal so many may run, as a part of those that the endpoint took.
const LOWERED: f64 = 0.75;
/// One signal never leaves less than this part.
const AT_LEAST: f64 = 0.5;
/// When this part of the places is used, they bind, and what is taken then may be more.
const NEARLY: f64 = 0.8;
/// Without a configured limit, places that have grown by so much are not worth counting any more.
const FORGOTTEN: f64 = 4.0;

#[derive(Debug)]
pub(super) struct Places {
    /// For all instances together.
    most: Option<u32>,
    running: u32,
    /// How long calls usually run, in seconds.
    usual: Usual,
    learned: Option<Learned>,
}

/// How many of this instance's calls the endpoint takes at a time.
#[derive(Debug, Clone, Copy)]
struct Learned {
    most: f64,
    /// Calls that the endpoint took when it gave the last signal.
    taken: f64,
    /// What was allowed then.
    before: f64,
}

impl Places {
    pub(super) fn new(most: Option<u32>) -> Self {
        Self { most, running: 0, usual: Usual::default(), learned: None }
    }

    pub(super) const fn running(&self) -> u32 {
        self.running
    }

    /// How many may run at a time, `None` when nothing bounds them.
    pub(super) fn most(&self, share: f64) -> Option<u32> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of what fits")]
        self.bound(share).map(|most| most as u32)
    }

    /// What refusals left of the configured places, 1 when none are configured.
    pub(super) fn learned_part(&self, share: f64) -> f64 {
        let both = self.bound(share).zip(self.configured(share));
        both.map_or(1.0, |(most, configured)| most / configured)
    }

    /// Whether no call may start, if a part of the places is `kept` for others.
    pub(super) fn is_full(&self, share: f64, kept: f64) -> bool {
        self.bound(share).is_some_and(|most| {
            let kept = if most >= FEW { (most * kept).ceil() } else { 0.0 };
            f64::from(self.running) >= most - kept
        })
    }

    pub(super) fn take(&mut self) {
        self.running += 1;
    }

    pub(super) fn free(&mut self) {
        self.running = self.running.saturating_sub(1);
    }

    /// A call was refused, which still counts as running, since too many run.
    pub(super) fn refused(&mut self, share: f64) {
        let taken = f64::from(self.running.saturating_sub(1));
        let before = self.bound(share).unwrap_or(taken).max(1.0);
        self.learned = Some(Learned { most: before, taken: taken.min(before), before }.lowered());
    }

    /// One more was refused of those that ran at the last signal: the endpoint took fewer than was thought.
    pub(super) fn refused_too(&mut self) {
        if let Some(learned) = &mut self.learned {
            learned.taken = (learned.taken - 1.0).max(0.0);
            let lower = learned.lowered();
            learned.most = learned.most.min(lower.most);
        }
    }

    /// The endpoint took a call, which still counts as running.
    pub(super) fn taken(&mut self, share: f64) {
        let Some(most) = self.bound(share) else { return };
        let configured = self.configured(share);
        self.learned.take_if(|learned| {
            if f64::from(self.running) >= most * NEARLY {
                learned.most += 1.0 / learned.most.max(1.0);
            }
            learned.most >= configured.unwrap_or(learned.before * FORGOTTEN)
        });
    }

    /// How long a call ran.
    pub(super) fn note(&mut self, time: Duration) {
        self.usual.note(time.as_secs_f64());
    }

    /// After how many seconds somebody with so many before him may expect a place, if calls take as long as usual.
    pub(super) fn wait(&self, share: f64, ahead: usize) -> f64 {
        let Some(most) = self.bound(share) else { return 0.0 };
        let too_many = f64::from(self.running) + ahead as f64 + 1.0 - most;
        too_many.max(0.0) * self.usual.get().unwrap_or(UNKNOWN) / most
    }

    /// A share is one call at least: an instance that owns anything must be able to go on.
    fn bound(&self, share: f64) -> Option<f64> {
        let learned = self.learned.map(|learned| learned.most.floor().max(1.0));
        self.configured(share).into_iter().chain(learned).reduce(f64::min)
    }

    fn configured(&self, share: f64) -> Option<f64> {
        self.most.map(|most| (f64::from(most) * share).floor().max(1.0))
    }
}

impl Learned {
    fn lowered(self) -> Self {
        let most = (self.taken * LOWERED).max(self.before * AT_LEAST).floor().max(1.0);
        Self { most: most.min(self.before), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running(most: Option<u32>, running: u32) -> Places {
        let mut places = Places::new(most);
        (0..running).for_each(|_| places.take());
        places
    }

    #[test]
    fn a_refusal_leaves_a_part_of_what_was_taken_and_each_round_adds_one() {
        let mut places = running(None, 41);
        assert_eq!(places.most(1.0), None);
        places.refused(1.0);
        assert_eq!(places.most(1.0), Some(30));
        places.free();
        for round in 0..10 {
            assert_eq!(places.most(1.0), Some(30 + round));
            for _ in 0..40 {
                if places.most(1.0) == Some(30 + round) {
                    places.taken(1.0);
                }
            }
        }
        assert_eq!(places.most(1.0), Some(40));
    }

    #[test]
    fn one_signal_lowers_further_as_more_of_its_calls_are_refused_but_never_below_half() {
        let mut places = running(None, 41);
        places.refused(1.0);
        (0..10).for_each(|_| places.refused_too());
        assert_eq!(places.most(1.0), Some(22));
        (0..30).for_each(|_| places.refused_too());
        assert_eq!(places.most(1.0), Some(20));
    }

    #[test]
    fn what_was_learned_is_forgotten_at_the_configured_limit() {
        let mut places = running(Some(20), 20);
        places.refused(1.0);
        assert_eq!(places.most(1.0), Some(14));
        places.free();
        (0..200).for_each(|_| places.taken(1.0));
        assert!(places.most(1.0) == Some(20) && places.learned.is_none());
        assert_eq!(places.most(0.5), Some(10), "a share of it is this instance's");
    }

    #[test]
    fn what_is_not_used_does_not_grow_and_one_place_always_stays() {
        let mut places = running(None, 1);
        places.refused(1.0);
        assert_eq!(places.most(1.0), Some(1));
        let mut places = running(None, 41);
        places.refused(1.0);
        (0..35).for_each(|_| places.free());
        (0..100).for_each(|_| places.taken(1.0));
        assert_eq!(places.most(1.0), Some(30));
    }
}
