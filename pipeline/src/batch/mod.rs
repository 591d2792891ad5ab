//! The batch driver: contiguous offset ranges of one partition, at most one block per table, every row once.
//!
//! A range is made durable in the commit metadata before its insert, so that after a crash exactly the same range
//! is inserted again under the same token and the store drops what it already has.

mod action;
mod active;
mod assigned;
mod backoff;
mod build;
mod config;
mod driver;
mod executor;
mod failure;
mod handle;
mod job;
mod limits;
mod machine;
mod metadata;
pub mod metrics;
mod pending;
mod poller;
mod positions;
mod range;
mod report;
#[cfg(any(test, feature = "simulation"))]
pub mod simulation;
mod sink;
mod split;
mod takeover;
mod tally;
mod tasks;
mod time;

pub use config::BatchConfig;
pub use driver::BatchDriver;
pub use handle::{Handle, Health, Status};
pub use limits::{Limits, RawLimits};
pub(crate) use metadata::{empty, said};
pub use sink::{Block, InsertError, Sink};
pub use tally::Counts;
