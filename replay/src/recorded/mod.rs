//! What the log and the topics beside it say of what really happened: the baseline of a replay.

mod beside;
mod decisions;

pub use beside::{Again, Answers, Requests, Written};
pub use decisions::{Decisions, Recorded};

/// How much later in the log something that belongs to a moment is looked for, in milliseconds.
pub const AHEAD_MS: i64 = 60_000;
