//! What finds things that are no words: personal data, injections.

use std::fmt::Debug;

use crate::direction::Direction;
use crate::finding::Hit;
use crate::fold::Folded;

/// Finds something in texts; part of an engine beside its rules. It never fails: what it cannot read it passes over.
pub trait Detector: Debug + Send + Sync {
    /// Adds what it finds in a text, which it gets as it is and folded.
    fn detect(&self, direction: Direction, text: &str, folded: &Folded, hits: &mut Vec<Hit>);
}
