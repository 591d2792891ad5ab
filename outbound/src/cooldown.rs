//! How long a target is left alone although it answers: bad keys, empty accounts, a wait that it asks for. Pure.
//!
//! One origin's failure does not keep others away, since a gateway may refuse one person's words with the status of a bad
//! key. The failure of a second origin, without a success in between, does.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    class::{Again, Cooling},
    failure::Failure,
};

/// How long cooldowns last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lengths {
    /// After a failure that needs a person.
    pub(crate) long: Duration,
    /// Longest, when the target names a time.
    pub(crate) asked: Duration,
}

impl Lengths {
    /// What a failure asks for. Rate limits are the pace's.
    pub(crate) fn of(self, failure: &Failure) -> Option<Duration> {
        match failure.class.cooling() {
            Cooling::Long => Some(self.long),
            Cooling::None if failure.class.again() != Again::Never => {
                failure.retry_after.map(|after| after.min(self.asked)).filter(|asked| !asked.is_zero())
            }
            Cooling::Short | Cooling::None => None,
        }
    }
}

/// The cooldown of one target, or of one tenant at it. `K` tells origins apart.
#[derive(Debug)]
pub(crate) struct Cooldown<K> {
    until: Option<Instant>,
    suspect: Option<K>,
}

impl<K: PartialEq> Cooldown<K> {
    pub(crate) const fn new() -> Self {
        Self { until: None, suspect: None }
    }

    /// The end of the cooldown, when there is one.
    pub(crate) fn until(&self, now: Instant) -> Option<Instant> {
        self.until.filter(|until| *until > now)
    }

    /// Forgets a suspicion, not a cooldown that was brought about.
    pub(crate) fn succeeded(&mut self) {
        self.suspect = None;
    }

    /// Notes a failure that asks for a cooldown until then; true when it began one or made it longer.
    pub(crate) fn failed(&mut self, until: Instant, origin: K) -> bool {
        let confirmed = self.suspect.as_ref().is_some_and(|suspect| *suspect != origin);
        if !confirmed {
            self.suspect = Some(origin);
            return false;
        }
        let longer = self.until.is_none_or(|before| until > before);
        if longer {
            self.until = Some(until);
        }
        longer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::Class;

    const LENGTHS: Lengths = Lengths { long: Duration::from_secs(600), asked: Duration::from_secs(60) };

    #[test]
    fn each_class_cools_as_long_as_it_should() {
        let of = |class, asked: Option<u64>| {
            let failure = Failure::new(class, "").with_retry_after(asked.map(Duration::from_secs));
            LENGTHS.of(&failure).map(|length| length.as_secs())
        };
        assert_eq!(of(Class::RateLimited, Some(7)), None, "that is the pace's");
        assert_eq!(of(Class::Auth, None), Some(600));
        assert_eq!(of(Class::QuotaExhausted, Some(1)), Some(600));
        assert_eq!(of(Class::Overloaded, Some(5)), Some(5));
        assert_eq!(of(Class::Overloaded, Some(3_600)), Some(60));
        assert_eq!(of(Class::Overloaded, None), None);
        assert_eq!(of(Class::Overloaded, Some(0)), None);
        assert_eq!(of(Class::ContextTooLong, Some(5)), None);
    }

    #[test]
    fn a_second_origin_confirms_what_one_met_and_a_success_refutes_it() {
        let now = Instant::now();
        let mut cooldown = Cooldown::new();
        for _ in 0..9 {
            assert!(!cooldown.failed(now + LENGTHS.long, "a"), "however often the same one");
        }
        cooldown.succeeded();
        assert!(!cooldown.failed(now + LENGTHS.long, "b"));
        assert_eq!(cooldown.until(now), None);
        assert!(cooldown.failed(now + LENGTHS.long, "a"));
        assert_eq!(cooldown.until(now), Some(now + LENGTHS.long));
        assert_eq!(cooldown.until(now + LENGTHS.long), None);
    }

    #[test]
    fn a_shorter_cooldown_never_ends_a_longer_one() {
        let now = Instant::now();
        let mut cooldown = Cooldown::new();
        cooldown.failed(now + LENGTHS.long, 1);
        assert!(cooldown.failed(now + LENGTHS.long, 2));
        assert!(!cooldown.failed(now + LENGTHS.asked, 3));
        assert_eq!(cooldown.until(now), Some(now + LENGTHS.long));
    }
}
