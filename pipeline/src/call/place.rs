//! The place of a job among the running calls.

use std::fmt;
use std::sync::Arc;

/// A running job takes one of the places that limit the running calls, and one of each of its shares. A job that only waits, for
/// a backoff or because it was told to come later, may leave them to others: then it holds its lane and nothing else. When
/// it goes on it has its places again at once, even if there are more running calls than the limit for a while. No more jobs
/// leave their places at a time than may run.
#[derive(Clone, Default)]
pub struct Place(Option<Arc<dyn Fn(Move) + Send + Sync>>);

/// What a job does with its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Move {
    Leave,
    Return,
}

/// While this lives the place is left.
#[must_use]
pub struct Left<'a>(&'a Place);

impl Place {
    /// A place about which nobody need hear.
    #[must_use]
    pub fn unwatched() -> Self {
        Self(None)
    }

    pub(crate) fn new(hear: impl Fn(Move) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(hear)))
    }

    /// Leaves the place until the result is dropped.
    pub fn leave(&self) -> Left<'_> {
        self.hear(Move::Leave);
        Left(self)
    }

    fn hear(&self, what: Move) {
        if let Some(hear) = &self.0 {
            hear(what);
        }
    }
}

impl Drop for Left<'_> {
    fn drop(&mut self) {
        self.0.hear(Move::Return);
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Place").field(&self.0.is_some()).finish()
    }
}

impl fmt::Debug for Left<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Left")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn a_place_is_left_as_long_as_the_wait_lives() {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&heard);
        let place = Place::new(move |what| notes.lock().unwrap().push(what));
        let left = place.leave();
        assert_eq!(*heard.lock().unwrap(), [Move::Leave]);
        drop(left);
        assert_eq!(*heard.lock().unwrap(), [Move::Leave, Move::Return]);
        drop(Place::unwatched().leave());
    }
}
