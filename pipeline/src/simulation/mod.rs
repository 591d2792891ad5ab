//! The drivers' cores on a model of Kafka, under seeded schedules of everything that goes wrong.
//!
//! The cores, and the pure parts of the shells, are those of production. What stands in for a shell is a program of
//! the same steps, written as futures that are polled by hand: every await is a place where the process may stand
//! still, be overtaken, or die. A schedule is a function of its seed, so a failing one can be played again.
//!
//! | part | stands for |
//! |---|---|
//! | [`Broker`] | logs, transactions, groups |
//! | `client`, `producer` | the client library |
//! | [`World`] | processes, time, and faults |
//! | [`Trial`] | seeds, and how one is played again |
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests fail loudly"
)]

mod broker;
mod client;
mod feeder;
mod group;
mod producer;
mod random;
mod sim;
mod trial;
mod world;

pub use broker::{Broker, Violation, Watch};
pub(crate) use client::{Client, Polled};
pub use feeder::{feeder, offline, stamp};
pub(crate) use group::Membership;
pub(crate) use producer::Producer;
pub use random::Random;
pub use sim::{Crew, Local, Process, Sim};
pub use trial::{Failure, Trial};
pub use world::{Faults, World};

/// The incarnation of every model deployment.
pub const INCARNATION: &str = "inc";
