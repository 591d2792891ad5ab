//! Faults to come: each entry says what it applies to and how many times.

use std::sync::{Mutex, PoisonError};

#[derive(Debug)]
struct Entry<S, F> {
    scope: S,
    left: u32,
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
    /// Plans a fault for the next `times` calls that match its scope.
    pub(crate) fn add(&self, scope: S, times: u32, fault: F) {
        self.lock().push(Entry { scope, left: times, fault });
    }

    /// The fault of this call: that of the oldest entry that matches and has calls left.
    pub(crate) fn take(&self, matches: impl Fn(&S) -> bool) -> Option<F> {
        let mut entries = self.lock();
        let entry = entries.iter_mut().find(|entry| entry.left > 0 && matches(&entry.scope))?;
        entry.left -= 1;
        let fault = entry.fault.clone();
        entries.retain(|entry| entry.left > 0);
        Some(fault)
    }

    /// Calls that will still meet a fault.
    pub(crate) fn left(&self) -> u64 {
        self.lock().iter().map(|entry| u64::from(entry.left)).sum()
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
    use super::Plan;

    #[test]
    fn faults_are_used_up_in_order_and_only_by_calls_that_match() {
        let plan = Plan::default();
        plan.add("users", 2, 'a');
        plan.add("groups", 1, 'b');
        plan.add("users", 1, 'c');
        assert_eq!(plan.left(), 4);
        let take = |path: &str| plan.take(|scope| *scope == path);
        assert_eq!(take("rooms"), None);
        assert_eq!(take("groups"), Some('b'));
        assert_eq!(
            [take("users"), take("users"), take("users"), take("users")],
            [Some('a'), Some('a'), Some('c'), None]
        );
        assert_eq!(plan.left(), 0);
    }
}
