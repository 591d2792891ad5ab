//! The deliver step: one part of an answer in, one send to Easemob, one result into `deliveries`.
//!
//! In reading order: what is configured ([`RawDeliver`], [`validate`], [`Settings`]) and the step itself ([`Step`]), which the call
//! driver runs. It has a client per app (`client`), which keeps the app's token, pace and health, and sends parts (`send`) by
//! Easemob's REST calls (`rest`); `reply` says what Easemob's replies mean. Retry, breaker and pacing are `outbound`'s.

mod client;
mod config;
mod message;
pub mod metrics;
mod outcome;
mod quota;
mod reply;
mod rest;
mod send;
mod settings;
mod step;
mod token;

pub use config::{RawDeliver, RawDeliverApp};
pub use outcome::Output;
pub use settings::{Settings, validate};
pub use step::Step;
