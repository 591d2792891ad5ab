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
//!
//! A record may cancel an earlier one of its partition, see [`Handler::cancels`]. That is done as soon as it is read, whatever
//! its lane is at: what waits ends without a run, what runs is told to end. The record that cancels is done when the other one
//! is, so after a restart both come again.

mod cancellation;
mod core;
mod handler;
mod limits;
pub mod metrics;
mod place;
mod progress;
mod shell;

pub use self::core::{PartitionStatus, Status};
pub use cancellation::{Cancellation, Canceller, Name};
pub use handler::{Admission, CANCEL_PATIENCE, Decoded, Done, Handler, Job, Share};
pub use limits::{Limits, Overload, RawLimits};
pub use place::{Left, Place};
pub use progress::{History, Mark, Progress, Ran};
#[cfg(any(test, feature = "simulation"))]
pub use shell::simulation;
pub use shell::{CallConfig, CallDriver, Handle, Health};
