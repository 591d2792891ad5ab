//! The fold driver: a deterministic step over keyed state, exactly once.
//!
//! One thread, one consumer, one transactional producer. Outputs, snapshots and offsets of a batch commit in
//! one transaction; an abort or an unknown outcome puts every touched state back before anything is read again.

mod step;

pub use step::{Context, Fold, FoldError, Input, Key, Step};
