//! The call driver: slow work per record, thousands in flight, one committed outcome each, order per lane.
//!
//! Four owners share nothing: the poller thread has the consumer, the core (pure) has ledgers, lanes and budgets,
//! async workers run the calls, the committer thread has the transactional producer.

mod handler;

pub use handler::{Admission, Done, Handler, Job, Share};
