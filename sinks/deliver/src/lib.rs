//! The deliver step: one part of an answer in, one send to Easemob, one result into `deliveries`; and a part taken back.
//!
//! In reading order: what is configured ([`RawDeliver`], [`validate`], [`Settings`]) and the step itself ([`Step`]), which the call
//! driver runs. It has a client per app (`client`), which keeps the app's token, pace and health, and sends parts (`send`) by
//! Easemob's REST calls (`rest`); `reply` says what Easemob's replies mean. What is to be taken back (`retract`) is looked up among the
//! results of earlier sends (`results`). Retry, breaker and pacing are `outbound`'s.

mod client;
mod config;
mod message;
pub mod metrics;
mod outcome;
mod quota;
mod recall;
mod reply;
mod rest;
mod results;
mod retract;
mod send;
mod settings;
mod step;
mod token;
mod work;

pub use config::{RawDeliver, RawDeliverApp};
pub use outcome::Output;
pub use results::{KafkaResults, Lookup, LookupError, Results, Wanted};
pub use settings::{Settings, validate};
pub use step::Step;
