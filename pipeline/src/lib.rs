//! How records travel: the runtime on Kafka, generic in its payload.
//!
//! There are three drivers. Each is a pure core (input → actions, time passed in) inside a thin shell that owns the client
//! handles and the threads; nothing else in the project touches Kafka. Others see all three by one face, [`driver`], and all start
//! a partition by one rule, [`StartPolicy`].
//!
//! | driver | for | promise |
//! |---|---|---|
//! | [`fold`] | state per key, µs per record | outputs, state and offsets in one transaction |
//! | [`call`] | slow work per record, thousands in flight | one committed outcome per record, order per lane |
//! | [`batch`] | blocks into a store that deduplicates by token | every row once |

pub mod batch;
pub mod call;
mod clock;
mod dead_letter;
pub mod driver;
pub mod fold;
#[cfg(test)]
mod gauges;
pub mod kafka;
pub mod metrics;
#[cfg(not(any(test, feature = "simulation")))]
mod mutation;
#[cfg(any(test, feature = "simulation"))]
pub mod mutation;
pub mod offsets;
mod record;
mod refusal;
#[cfg(any(test, feature = "simulation"))]
pub mod simulation;
mod start;
mod stop;

pub use clock::{Clock, WallClock};
pub use dead_letter::{
    ATTEMPTS_HEADER, GivenUp, OFFSET_HEADER, PARTITION_HEADER, REASON_HEADER, REQUEUED_HEADER, STEP_HEADER,
    TIMESTAMP_HEADER, TOPIC_HEADER, dead_letter, requeued,
};
pub use record::{Header, Headers, Outgoing, Record, Refused};
pub use refusal::Refusal;
pub use start::StartPolicy;
pub use stop::Stop;
