//! How long a target is left alone although it is healthy: rate limits, bad keys, empty accounts. Pure.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    class::{Again, Cooling},
    failure::Failure,
    retry::Steps,
};

/// How long cooldowns last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lengths {
    /// After rate limits in a row that name no time; the cap also bounds times that are named.
    pub(crate) short: Steps,
    /// After a failure that needs a person.
    pub(crate) long: Duration,
}

/// The cooldown of one target.
#[derive(Debug)]
pub(crate) struct Cooldown {
    lengths: Lengths,
    until: Option<Instant>,
    limited_in_a_row: u32,
}

impl Cooldown {
    pub(crate) const fn new(lengths: Lengths) -> Self {
        Self { lengths, until: None, limited_in_a_row: 0 }
    }

    /// The end of the cooldown, when there is one.
    pub(crate) fn until(&self, now: Instant) -> Option<Instant> {
        self.until.filter(|until| *until > now)
    }

    /// A success ends the row of rate limits, not a cooldown that another call brought about.
    pub(crate) const fn succeeded(&mut self) {
        self.limited_in_a_row = 0;
    }

    /// Notes a failure; true when it began a cooldown or made it longer.
    pub(crate) fn failed(&mut self, now: Instant, failure: &Failure) -> bool {
        let asked = failure.retry_after.map(|after| after.min(self.lengths.short.cap));
        let length = match failure.class.cooling() {
            Cooling::Long => Some(self.lengths.long),
            Cooling::Short => {
                let step = self.lengths.short.nth(self.limited_in_a_row);
                self.limited_in_a_row = self.limited_in_a_row.saturating_add(1);
                Some(asked.unwrap_or(step))
            }
            Cooling::None if failure.class.again() == Again::Never => None,
            Cooling::None => asked,
        };
        let until = length.map(|length| now + length).filter(|until| *until > now);
        let longer = until > self.until;
        if longer {
            self.until = until;
        }
        longer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::Class;

    const LENGTHS: Lengths = Lengths {
        short: Steps { base: Duration::from_secs(1), cap: Duration::from_secs(60) },
        long: Duration::from_secs(600),
    };

    fn after(class: Class, retry_after: Option<u64>) -> Option<Duration> {
        let now = Instant::now();
        let mut cooldown = Cooldown::new(LENGTHS);
        let failure = Failure::new(class, "").with_retry_after(retry_after.map(Duration::from_secs));
        let began = cooldown.failed(now, &failure);
        assert_eq!(began, cooldown.until(now).is_some());
        cooldown.until(now).map(|until| until - now)
    }

    #[test]
    fn each_class_cools_as_long_as_it_should() {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(after(Class::RateLimited, Some(7)), seconds(7));
        assert_eq!(after(Class::RateLimited, None), seconds(1));
        assert_eq!(after(Class::RateLimited, Some(3600)), seconds(60));
        assert_eq!(after(Class::Auth, None), seconds(600));
        assert_eq!(after(Class::QuotaExhausted, Some(1)), seconds(600));
        assert_eq!(after(Class::Overloaded, Some(5)), seconds(5));
        assert_eq!(after(Class::Overloaded, None), None);
        assert_eq!(after(Class::BadRequest, Some(5)), None);
    }

    #[test]
    fn rate_limits_in_a_row_cool_longer_until_a_success() {
        let mut now = Instant::now();
        let mut cooldown = Cooldown::new(LENGTHS);
        let limited = Failure::new(Class::RateLimited, "");
        for expected in [1, 2, 4] {
            assert!(cooldown.failed(now, &limited));
            let until = cooldown.until(now).unwrap();
            assert_eq!((until - now).as_secs(), expected);
            now = until;
            assert_eq!(cooldown.until(now), None);
        }
        cooldown.succeeded();
        cooldown.failed(now, &limited);
        assert_eq!((cooldown.until(now).unwrap() - now).as_secs(), 1);
    }

    #[test]
    fn a_shorter_cooldown_never_ends_a_longer_one() {
        let now = Instant::now();
        let mut cooldown = Cooldown::new(LENGTHS);
        assert!(cooldown.failed(now, &Failure::new(Class::Auth, "")));
        assert!(!cooldown.failed(now, &Failure::new(Class::RateLimited, "")));
        assert_eq!(cooldown.until(now), Some(now + LENGTHS.long));
    }
}
