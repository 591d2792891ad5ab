//! Running a replay: reads the log's stretches, folds the candidate, writes what it would write, and joins both sides into turns.
//!
//! With recorded models a partition is folded as the line folds it, in one pass. Where models are asked each conversation is a world of its own, so that it
//! waits for its models alone.

mod asked;
mod controls;
mod ends;
mod engine;
mod error;
mod known;
mod pairs;
mod prices;
mod progress;
mod recorded;
mod results;
mod spread;
mod strand;
mod tally;
mod warming;
mod window;

pub use asked::{Asked, asked};
pub use engine::{Engine, Keep, Keeping, Logs, Part, Sink};
pub use error::RunError;
pub use progress::Progress;
pub use recorded::recorded;
pub use results::{end, head};
pub use tally::Tally;
pub use warming::states_before;

#[cfg(test)]
mod tests;
