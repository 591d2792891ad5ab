//! Every metric of this crate.

use std::time::Duration;

use common::Metric;
use metrics::{counter, gauge};

/// Roles that were started again.
const RESTARTS: &str = "huiyin_run_role_restarts_total";

/// Seconds for which Kafka has been out of reach.
const KAFKA_AWAY: &str = "huiyin_run_kafka_away_seconds";

/// What the applied bundle names and the process does not know.
const UNKNOWN_NAMES: &str = "huiyin_run_unknown_names_count";

/// Every metric of this crate.
pub(crate) const METRICS: &[Metric] = &[
    Metric::counter(RESTARTS, "roles that ended by themselves and were started again", &["role"]),
    Metric::gauge(KAFKA_AWAY, "seconds for which no broker could be reached from here, 0 while one can", &[]),
    Metric::gauge(
        UNKNOWN_NAMES,
        "targets (call) and apps (deliver) that the applied bundle names and this process's file does not have",
        &["role"],
    ),
];

/// A role runs: it has not been started again.
pub(crate) fn started(role: &'static str) {
    counter!(RESTARTS, "role" => role).increment(0);
}

/// Kafka has been out of reach for so long.
pub(crate) fn kafka_away(time: Duration) {
    gauge!(KAFKA_AWAY).set(time.as_secs_f64());
}

/// The bundle in force names so many targets or apps that the role does not know.
pub(crate) fn unknown_names(role: &'static str, count: usize) {
    gauge!(UNKNOWN_NAMES, "role" => role).set(u32::try_from(count).map_or(f64::INFINITY, f64::from));
}

/// A role ended by itself and is started again.
pub(crate) fn restarted(role: &'static str) {
    counter!(RESTARTS, "role" => role).increment(1);
}
