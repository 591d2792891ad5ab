//! The fold driver: a deterministic step over keyed state, exactly once.
//!
//! One thread, one consumer, one transactional producer. Outputs, snapshots and offsets of a batch commit in
//! one transaction; an abort or an unknown outcome puts every touched state back before anything is read again.
//!
//! `shard` is the pure core of one partition and `core` of all that are owned; `shell` polls, `settle` commits,
//! `restore` brings states back. [`Refold`] runs the same core over a range without writing anything.

mod config;
mod core;
mod driver;
mod halt;
mod handle;
mod mark;
pub mod metrics;
mod newest;
mod outlived;
mod part;
mod refold;
mod restore;
mod settle;
mod shape;
mod shard;
mod shell;
#[cfg(any(test, feature = "simulation"))]
pub mod simulation;
mod step;
#[cfg(any(test, feature = "broker-tests"))]
pub mod testing;
mod timers;

pub use config::{FoldConfig, FoldLimits};
pub use driver::{DriverError, FoldDriver};
pub use handle::{Handle, Health, Status};
pub(crate) use mark::{empty, said};
pub use refold::{Refold, RefoldError, refold};
pub use step::{Context, Entry, Fold, FoldError, Input, Key, Step};
