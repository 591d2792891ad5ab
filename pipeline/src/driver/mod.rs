//! What the rest of the process sees of a driver, the same for all three: how it is, and a handle to end it.

mod board;
mod handle;
mod health;
mod pulse;

pub(crate) use board::{Board, Ending};
pub use handle::{Control, Handle};
pub use health::{Health, Status};
pub(crate) use pulse::Pulse;
