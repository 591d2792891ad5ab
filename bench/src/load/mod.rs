//! Load that the benchmarks make, and what they read off their own clock: as cheap as it can be, since it shares the
//! cores with what is measured.

mod callbacks;
mod connection;
mod latencies;
mod marker;
mod pace;
mod pool;

pub(super) use callbacks::{Callbacks, INTERCEPTED};
pub(super) use connection::Connection;
pub(super) use latencies::Latencies;
pub(super) use marker::number_after;
pub(super) use pace::Schedule;
pub(super) use pool::{Numbered, Pool, closed};
