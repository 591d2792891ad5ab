//! The call driver: slow work per record, thousands in flight, one committed outcome each, order per lane.
//!
//! Four owners share nothing: the poller thread has the consumer, the core (pure) has ledgers, lanes and budgets,
//! async workers run the calls, the committer thread has the transactional producer.
//!
//! No app and no target stops the others. Of the running calls each has at most its share, and its further records wait
//! out of the way. Of the records held, what comes when little room is left and an app or a target already has its part
//! ends at once as crowded: it cannot be left in the log without leaving there what others wrote behind it. A share that
//! is alone is no exception, for nobody knows who comes next; [`Overload::Wait`] is for deployments where nobody can, and
//! [`Overload::among`] tells which those are.

mod core;
mod handler;
mod limits;
pub mod metrics;
mod progress;
mod shell;

pub use self::core::{PartitionStatus, Status};
pub use handler::{Admission, Done, Handler, Job, Share};
pub use limits::{Limits, Overload, RawLimits};
pub use progress::{History, Mark, Progress, Ran};
#[cfg(any(test, feature = "simulation"))]
pub use shell::simulation;
pub use shell::{CallConfig, CallDriver, Handle, Health};
