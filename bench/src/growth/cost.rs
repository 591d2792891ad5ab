//! What one message cost.

use crate::table::short;
use crate::usage;
use anyhow::Result;
use std::fmt;
use std::time::Duration;

/// The processes of the line.
pub(super) const ROLES: [&str; 5] = ["ingest", "decide", "call", "deliver", "account"];

/// What one message cost in one run. What was not measured is no number.
#[derive(Clone, Debug)]
pub(super) struct Cost {
    /// Milliseconds of processor time of each role's process.
    pub(super) roles: Vec<f64>,
    /// Of the broker.
    pub(super) broker: f64,
    /// Messages per second.
    pub(super) rate: f64,
    /// From callback to the end of the send in milliseconds: the median, and what one of a hundred exceeds.
    pub(super) latency: (f64, f64),
    /// Most megabytes that the line's processes had.
    pub(super) memory: f64,
    /// Milliseconds of processor time of the line per second without load.
    pub(super) idle: f64,
}

impl Cost {
    /// Of the line together.
    pub(super) fn line(&self) -> f64 {
        self.roles.iter().sum()
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let roles: Vec<String> =
            ROLES.iter().zip(&self.roles).map(|(role, ms)| format!("{role} {}", short(*ms))).collect();
        write!(
            f,
            "{} ms ({}), broker {} ms, {} messages/s, p50 {} ms, p99 {} ms, {} MB, idle {} ms/s",
            short(self.line()),
            roles.join(", "),
            short(self.broker),
            short(self.rate),
            short(self.latency.0),
            short(self.latency.1),
            short(self.memory),
            short(self.idle)
        )
    }
}

/// Processor time that each of the processes used so far; one that does not run yet used none.
pub(super) fn used(processes: &[Option<u32>]) -> Result<Vec<Duration>> {
    processes.iter().map(|process| process.map_or(Ok(Duration::ZERO), usage::cpu)).collect()
}
