//! The call driver: slow work per record, thousands in flight, one committed outcome each, order per lane.
//!
//! Four owners share nothing: the poller thread has the consumer, the core (pure) has ledgers, lanes and budgets,
//! async workers run the calls, the committer thread has the transactional producer.
//!
//! No app and no target stops the others. Each runs at most its share of the calls; its further records wait out of the way.
//! When little room is left for records and an app or a target already has its part, its next record is shed: it ends at
//! once as crowded. Left in the log it would leave everything that others wrote behind it there as well. An app that is
//! alone is treated the same, because nobody knows who comes next. [`Overload::Wait`] is for deployments where nobody can;
//! [`Overload::among`] tells which those are.

mod core;
mod handler;
mod limits;
pub mod metrics;
mod progress;
mod shell;

pub use self::core::{PartitionStatus, Status};
pub use handler::{Admission, Decoded, Done, Handler, Job, Share};
pub use limits::{Limits, Overload, RawLimits};
pub use progress::{History, Mark, Progress, Ran};
#[cfg(any(test, feature = "simulation"))]
pub use shell::simulation;
pub use shell::{CallConfig, CallDriver, Handle, Health};
