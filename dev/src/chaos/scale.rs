//! How large a run is.

use std::time::Duration;

/// Sizes of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    /// Its name in the report.
    pub(crate) name: &'static str,
    pub(crate) conversations: usize,
    /// The load goes on until at least so many messages were said.
    pub(crate) messages: usize,
    /// Messages a second.
    pub(crate) rate: f64,
    /// Median latency of the slow app's model.
    pub(crate) slow: Duration,
    /// Longest time of one call of it.
    pub(crate) slow_timeout: Duration,
    /// Latency of the steady app's model.
    pub(crate) steady: Duration,
    /// Calls that run at a time in one process.
    pub(crate) max_running: usize,
    /// How long the steady app is watched, normally and while the slow app's provider hangs.
    pub(crate) watch: Duration,
    /// How many times the kills and the ends at a commit's steps are played.
    pub(crate) rounds: usize,
    /// Whether every step is played in every role, or each step in one role only.
    pub(crate) every_step: bool,
    /// How long ClickHouse is away.
    pub(crate) clickhouse_away: Duration,
    /// Faults of a provider, and of Easemob's REST side, in rounds of one of each kind.
    pub(crate) storm: u32,
}

impl Scale {
    /// Fits into eight minutes on two cores.
    pub(crate) const SHORT: Self = Self {
        name: "short",
        conversations: 250,
        messages: 1_500,
        rate: 8.0,
        slow: Duration::from_secs(4),
        slow_timeout: Duration::from_secs(15),
        steady: Duration::from_secs(3),
        max_running: 70,
        watch: Duration::from_secs(20),
        rounds: 1,
        every_step: false,
        clickhouse_away: Duration::from_secs(40),
        storm: 2,
    };
    /// The long run.
    pub(crate) const LONG: Self = Self {
        name: "long",
        conversations: 1_000,
        messages: 10_000,
        rate: 13.0,
        slow: Duration::from_secs(25),
        slow_timeout: Duration::from_secs(60),
        steady: Duration::from_secs(3),
        max_running: 500,
        watch: Duration::from_secs(45),
        rounds: 2,
        every_step: true,
        clickhouse_away: Duration::from_secs(150),
        storm: 8,
    };
}
