//! The conversation line: `decide`, a pure fold of conversations, as the fold driver runs it.
//!
//! [`Deployment`] names the topics and the brokers, [`Bundles`] fetches what the fold reads, [`Conversations`] is the fold itself with its
//! records as bytes. [`Replay`] folds a partition without a broker, by the same core as the running line; [`refold`] compares a log with it, and
//! a [`Rehearsal`] is a log in memory. Whoever runs, explains, tests or replays conversations uses this one adapter.

mod bundles;
mod deployment;
mod fold;
mod look;
pub mod metrics;
mod refold;
mod rehearsal;
mod replay;
mod tap;
mod written;

pub use bundles::{Bundles, BundlesError, Ready, WriteError, apply, apply_on};
pub use deployment::{Deployment, Settings};
pub use fold::{Control, Conversations, VERSION};
pub use look::{LookError, Looked, look};
pub use refold::{RefoldError, Report, crashed, refold};
pub use rehearsal::{Rehearsal, RehearsalError};
pub use replay::{Replay, States};
pub use tap::{Folded, Tap};
pub use written::{Unread, output};
