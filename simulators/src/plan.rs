//! Planned faults: each entry says what it applies to, and how often or how long.

use crate::time::whole_ms;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How long a fault lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lasts {
    /// So many calls.
    Calls(u32),
    /// Every call before this moment, in milliseconds since the epoch.
    Until(u64),
}

impl Lasts {
    /// As an order says: a time from now, or else a number of calls, 1 unless given.
    pub(crate) fn ordered(times: Option<u32>, lasting: Option<Duration>, now_ms: u64) -> Self {
        match lasting {
            Some(time) => Self::Until(now_ms.saturating_add(whole_ms(time))),
            None => Self::Calls(times.unwrap_or(1)),
        }
    }

    fn is_over(self, now_ms: u64) -> bool {
        match self {
            Self::Calls(left) => left == 0,
            Self::Until(end) => end <= now_ms,
        }
    }
}

/// Which of the calls in scope a fault meets, and how long it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Occurs {
    lasts: Lasts,
    /// One call in so many.
    one_in: u32,
}

impl Occurs {
    /// As an order says: one call in `one_in`, every one unless given.
    pub(crate) fn ordered(lasts: Lasts, one_in: Option<u32>) -> Self {
        Self { lasts, one_in: one_in.unwrap_or(1).max(1) }
    }
}

#[derive(Debug)]
struct Entry<S, F> {
    scope: S,
    occurs: Occurs,
    /// Calls in scope since it was planned.
    seen: u32,
    fault: F,
}

impl<S, F> Entry<S, F> {
    /// Whether the fault meets this call in scope.
    fn meets(&mut self) -> bool {
        self.seen = self.seen.wrapping_add(1);
        let meets = self.seen.is_multiple_of(self.occurs.one_in);
        if let Lasts::Calls(left) = &mut self.occurs.lasts
            && meets
        {
            *left = left.saturating_sub(1);
        }
        meets
    }
}

/// Planned faults in the order in which they were planned. `S` says what a fault applies to.
#[derive(Debug)]
pub(crate) struct Plan<S, F> {
    entries: Mutex<Vec<Entry<S, F>>>,
}

impl<S, F> Default for Plan<S, F> {
    fn default() -> Self {
        Self { entries: Mutex::default() }
    }
}

impl<S, F: Clone> Plan<S, F> {
    /// Plans a fault for calls that match its scope.
    pub(crate) fn add(&self, scope: S, occurs: Occurs, fault: F) {
        self.lock().push(Entry { scope, occurs, seen: 0, fault });
    }

    /// The fault of this call: that of the oldest entry that matches, is not over, and has its turn.
    pub(crate) fn take(&self, now_ms: u64, matches: impl Fn(&S) -> bool) -> Option<F> {
        let mut entries = self.lock();
        entries.retain(|entry| !entry.occurs.lasts.is_over(now_ms));
        let mut in_scope = entries.iter_mut().filter(|entry| matches(&entry.scope));
        in_scope.find_map(|entry| entry.meets().then(|| entry.fault.clone()))
    }

    /// Calls that will still meet a fault; a fault that lasts for a time counts as one.
    pub(crate) fn left(&self, now_ms: u64) -> u64 {
        let of = |entry: &Entry<S, F>| match entry.occurs.lasts {
            Lasts::Calls(left) => left.into(),
            lasts @ Lasts::Until(_) => u64::from(!lasts.is_over(now_ms)),
        };
        self.lock().iter().map(of).sum()
    }

    /// Forgets all planned faults.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Entry<S, F>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{Lasts, Occurs, Plan};
    use std::time::Duration;

    const fn calls(count: u32) -> Occurs {
        Occurs { lasts: Lasts::Calls(count), one_in: 1 }
    }

    #[test]
    fn faults_are_used_up_in_order_and_only_by_calls_that_match() {
        let plan = Plan::default();
        plan.add("users", calls(2), 'a');
        plan.add("groups", calls(1), 'b');
        plan.add("users", calls(1), 'c');
        assert_eq!(plan.left(0), 4);
        let take = |path: &str| plan.take(0, |scope| *scope == path);
        assert_eq!(take("rooms"), None);
        assert_eq!(take("groups"), Some('b'));
        assert_eq!(
            [take("users"), take("users"), take("users"), take("users")],
            [Some('a'), Some('a'), Some('c'), None]
        );
        assert_eq!(plan.left(0), 0);
    }

    #[test]
    fn a_fault_that_lasts_for_a_time_meets_every_call_of_that_time() {
        let plan = Plan::default();
        plan.add(
            (),
            Occurs::ordered(Lasts::ordered(Some(7), Some(Duration::from_secs(50)), 1_000), None),
            'o',
        );
        plan.add((), Occurs::ordered(Lasts::ordered(None, None, 1_000), None), 'n');
        assert_eq!(plan.left(1_000), 2);
        let take = |now_ms| plan.take(now_ms, |()| true);
        assert_eq!([1_000, 30_000, 50_999].map(take), [Some('o'); 3]);
        assert_eq!(plan.left(51_000), 1);
        assert_eq!([51_000, 51_000].map(take), [Some('n'), None]);
    }

    #[test]
    fn a_share_of_the_calls_in_scope_is_met_however_they_come() {
        let plan = Plan::default();
        plan.add("users", Occurs::ordered(Lasts::Calls(2), Some(3)), 'r');
        let met = (0..9).map(|_| plan.take(0, |scope| *scope == "users").is_some()).collect::<Vec<_>>();
        assert_eq!(met, [false, false, true, false, false, true, false, false, false]);
        assert_eq!((plan.take(0, |scope| *scope == "rooms"), plan.left(0)), (None, 0));
    }
}
