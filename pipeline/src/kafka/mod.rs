//! The adapter to librdkafka: configuration, producers, consumers, administration. The only home of `rdkafka`.
//!
//! Everything here blocks, except [`Publisher::publish`]: call it from threads of your own, and drop clients there
//! too, never on an async worker.

mod admin;
mod bootstrap;
mod claim;
pub mod commit_meta;
mod config;
mod consumer;
mod convert;
pub(crate) mod crash;
mod deliveries;
mod ends;
mod error;
mod group;
mod instance;
mod log;
mod owned;
mod partition;
#[cfg(feature = "bench")]
pub mod plain;
mod polled;
mod probe;
mod publisher;
mod reach;
mod reader;
mod rebalance;
mod scan;
mod stamp;
#[cfg(feature = "broker-tests")]
pub mod testing;
mod transactions;

pub use admin::{Admin, Created, Topic};
pub use claim::{Claim, ClaimError};
pub use config::{Config, Property, RawConfig};
pub use consumer::{Committed, Consumer, GroupMetadata, Polled};
pub use error::Error;
pub(crate) use error::with_causes;
pub use group::{CommitOffset, Group, Member};
pub use instance::{Instance, NameError};
pub use partition::Partition;
pub use probe::{ProbeFailure, probe};
pub use publisher::{
    Acknowledgement, DeliveryCount, PublishError, Publisher, PublisherLimits, Unacknowledged,
};
pub use reach::{Reach, Unreachable, reach};
pub use reader::{Next, Read, Reader, watermarks};
pub use scan::{Entry, read_all, scan};
pub use stamp::{INCARNATION_KEY, read_incarnation, stamp};
pub use transactions::{Outcome, TransactionalProducer};
