//! Every metric of this crate.

use std::time::Duration;

use common::Metric;
use metrics::{counter, gauge};
use schemas::decision::Decision;

/// Roles that were started again.
const RESTARTS: &str = "huiyin_run_role_restarts_total";

/// Seconds for which Kafka has been out of reach.
const KAFKA_AWAY: &str = "huiyin_run_kafka_away_seconds";

/// What the applied bundle names and the process does not know.
const UNKNOWN_NAMES: &str = "huiyin_run_unknown_names_count";

/// Entries of the ledger by kind.
const LEDGER_ENTRIES: &str = "huiyin_decide_ledger_entries_total";

/// Decisions by what came of the input.
const DECISIONS: &str = "huiyin_decide_decisions_total";

/// Bounds that were met.
const BOUNDS: &str = "huiyin_decide_bounds_total";

/// Every metric of this crate.
pub(crate) const METRICS: &[Metric] = &[
    Metric::counter(RESTARTS, "roles that ended by themselves and were started again", &["role"]),
    Metric::gauge(KAFKA_AWAY, "seconds for which no broker could be reached from here, 0 while one can", &[]),
    Metric::gauge(
        UNKNOWN_NAMES,
        "targets (call) and apps (deliver) that the applied bundle names and this process's file does not have",
        &["role"],
    ),
    Metric::counter(
        LEDGER_ENTRIES,
        "ledger entries by kind as decided; a transaction that is put back and folded again counts again",
        &["kind"],
    ),
    Metric::counter(
        DECISIONS,
        "decisions by what came of the input; a transaction that is put back and folded again counts again",
        &["ruling"],
    ),
    Metric::counter(
        BOUNDS,
        "bounds that a message, an answer or a history met, by the reason that its decision gives; see docs/bounds.md",
        &["bound"],
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

/// Decide made an entry of the ledger.
pub(crate) fn ledger_entry(kind: &'static str) {
    counter!(LEDGER_ENTRIES, "kind" => kind).increment(1);
}

/// Decide made a decision.
pub(crate) fn decision(decision: &Decision) {
    counter!(DECISIONS, "ruling" => decision.ruling.label()).increment(1);
    for bound in decide::BOUNDS.iter().filter(|bound| decision.reasons.iter().any(|reason| reason == *bound))
    {
        counter!(BOUNDS, "bound" => *bound).increment(1);
    }
}

/// A role ended by itself and is started again.
pub(crate) fn restarted(role: &'static str) {
    counter!(RESTARTS, "role" => role).increment(1);
}
