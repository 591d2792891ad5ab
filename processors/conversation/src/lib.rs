//! The conversation line: `decide`, a pure fold of conversations, as the fold driver runs it.
//!
//! [`Deployment`] names the topics and the brokers, [`Bundles`] fetches what the fold reads, [`Conversations`] is the fold itself with its
//! records as bytes, and [`refold`] folds the log again and compares. Whoever runs, explains or replays conversations uses this one adapter.

mod bundles;
mod deployment;
mod fold;
pub mod metrics;
mod refold;

pub use bundles::{Bundles, BundlesError, Ready, WriteError, apply};
pub use deployment::{Deployment, Settings};
pub use fold::{Control, Conversations};
pub use refold::{RefoldError, Report, refold};
