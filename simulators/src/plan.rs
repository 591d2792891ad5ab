//! Faults to come: each entry says what it applies to, and how many times or how long.

use std::sync::{Mutex, PoisonError};

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
    pub(crate) fn ordered(times: Option<u32>, for_ms: Option<u64>, now_ms: u64) -> Self {
        match for_ms {
            Some(ms) => Self::Until(now_ms.saturating_add(ms)),
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

#[derive(Debug)]
struct Entry<S, F> {
    scope: S,
    lasts: Lasts,
    fault: F,
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
    /// Plans a fault for the next calls that match its scope.
    pub(crate) fn add(&self, scope: S, lasts: Lasts, fault: F) {
        self.lock().push(Entry { scope, lasts, fault });
    }

    /// The fault of this call: that of the oldest entry that matches and is not over.
    pub(crate) fn take(&self, now_ms: u64, matches: impl Fn(&S) -> bool) -> Option<F> {
        let mut entries = self.lock();
        entries.retain(|entry| !entry.lasts.is_over(now_ms));
        let entry = entries.iter_mut().find(|entry| matches(&entry.scope))?;
        if let Lasts::Calls(left) = &mut entry.lasts {
            *left = left.saturating_sub(1);
        }
        Some(entry.fault.clone())
    }

    /// Calls that will still meet a fault; a fault that lasts for a time counts as one.
    pub(crate) fn left(&self, now_ms: u64) -> u64 {
        let of = |entry: &Entry<S, F>| match entry.lasts {
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
    use super::{Lasts, Plan};

    #[test]
    fn faults_are_used_up_in_order_and_only_by_calls_that_match() {
        let plan = Plan::default();
        plan.add("users", Lasts::Calls(2), 'a');
        plan.add("groups", Lasts::Calls(1), 'b');
        plan.add("users", Lasts::Calls(1), 'c');
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
        plan.add((), Lasts::ordered(Some(7), Some(50_000), 1_000), 'o');
        plan.add((), Lasts::ordered(None, None, 1_000), 'n');
        assert_eq!(plan.left(1_000), 2);
        let take = |now_ms| plan.take(now_ms, |()| true);
        assert_eq!([1_000, 30_000, 50_999].map(take), [Some('o'); 3]);
        assert_eq!(plan.left(51_000), 1);
        assert_eq!([51_000, 51_000].map(take), [Some('n'), None]);
    }
}
