//! The call driver: slow work per record, thousands in flight, one committed outcome each, order per lane.
//!
//! Four owners share nothing: the poller thread has the consumer, the core (pure) has ledgers, lanes and budgets,
//! async workers run the calls, the committer thread has the transactional producer.

mod core;
mod handler;
mod limits;
pub mod metrics;
mod progress;
mod shell;

pub use self::core::{PartitionStatus, Status};
pub use handler::{Admission, Done, Handler, Job, Share};
pub use limits::{Limits, LimitsError, RawLimits};
pub use progress::{Mark, Progress};
pub use shell::{CallConfig, CallDriver, Handle, Health, Stop};
