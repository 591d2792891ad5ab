//! HTTP to others, and WebSockets that begin as HTTP: client, deadline, retry, pacing, breaker; knows no vendor and no Kafka.
//!
//! A caller teaches this crate one thing, how to read a reply ([`Classify`]), and gets the rest: a [`Client`]
//! that makes one attempt, a [`Target`] that remembers how its endpoint is doing, a [`Chain`] that runs a
//! request along targets under one deadline, and a [`Pace`] that keeps within a limit, configured or learned.
//!
//! Decisions are taken by pure cores that get the time passed in ([`plan::Plan`], [`breaker::Breaker`],
//! [`budget::Budget`], [`limiter::Limiter`], [`turns::Turns`]); the async parts only sleep, send and lock.

pub mod breaker;
pub mod budget;
pub mod chain;
pub mod class;
pub mod client;
pub mod config;
mod connection;
mod cooldown;
mod encoding;
pub mod failure;
mod health;
mod incoming;
pub mod limiter;
mod mask;
pub mod metrics;
pub mod origin;
pub mod outlook;
pub mod pace;
pub mod plan;
pub mod reply;
pub mod request;
pub mod retry;
pub mod retry_after;
pub mod target;
mod tls;
mod transport;
pub mod turns;
#[cfg(test)]
mod vendor;
mod websocket;

pub use chain::{Attempt, Chain, Ending, Link, OUTRUN, Ran, Signals, Slot};
pub use class::Class;
pub use client::{BuildError, Client};
pub use config::{ChainConfig, ClientConfig, HealthConfig};
pub use failure::Failure;
pub use incoming::{Incoming, Timeouts};
pub use limiter::{Counted, Excess, Limits, Pauses, Ticket, Tokens, Told};
pub use metrics::PaceNames;
pub use origin::Origin;
pub use outlook::{Outlook, Prospect, Refusal};
pub use pace::{Claim, Load, Pace, PaceError, Turn};
pub use plan::Stop;
pub use reply::{Classify, Reply};
pub use request::Request;
pub use reqwest::{Method, StatusCode, Url, header::HeaderMap};
pub use target::{Permit, Target};
pub use tls::install_tls_provider;
pub use turns::Weight;

/// Randomness for the waits of one caller.
#[must_use]
pub fn random() -> fastrand::Rng {
    fastrand::Rng::new()
}
