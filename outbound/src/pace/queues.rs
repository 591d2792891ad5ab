//! Who waits at a pace.

use std::sync::Arc;

use super::Pace;

impl Pace {
    /// Keys that somebody waits for, those with most that wait first, at most so many.
    #[must_use]
    pub fn queues(&self, most: usize) -> Vec<Arc<str>> {
        self.state().turns.queues(most)
    }
}
