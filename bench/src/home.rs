//! The directory of a benchmark's run.

use anyhow::Result;
use dev::rig::home::Home;
use dev::rig::net::Net;
use dev::stack::Borrowed;

/// A new run; what earlier ones left is removed.
///
/// # Errors
/// When another benchmark runs, or its directory, Kafka or ClickHouse refuse.
pub(crate) fn new(stack: &Borrowed, net: &Net) -> Result<Home> {
    Home::new("bench", "bench/configuration", stack, net)
}
