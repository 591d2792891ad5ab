//! The deliver step: one part of an answer in, one send to Easemob, one result into `deliveries`.
//!
//! In reading order: what is configured ([`RawDeliver`], [`validate`], [`Settings`]) and the step itself ([`Step`]),
//! which the call driver runs. Inside, a courier per app keeps its token, its pace and its health, and sends; what
//! Easemob's replies mean is in one module. Retry, breaker and pacing are `outbound`'s.

mod config;
mod courier;
mod message;
pub mod metrics;
mod outcome;
mod quota;
mod reply;
mod settings;
mod step;
mod token;

pub use config::{RawDeliver, RawDeliverApp};
pub use outcome::Output;
pub use settings::{Settings, validate};
pub use step::Step;
