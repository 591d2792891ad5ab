//! Every metric of this crate.

use metrics::counter;
use pipeline::metrics::Metric;
use schemas::decision::Decision;

/// Roles that were started again.
const RESTARTS: &str = "huiyin_run_role_restarts_total";

/// Entries of the ledger by kind.
const LEDGER_ENTRIES: &str = "huiyin_decide_ledger_entries_total";

/// Decisions by what came of the input.
const DECISIONS: &str = "huiyin_decide_decisions_total";

/// Bounds that were met.
const BOUNDS: &str = "huiyin_decide_bounds_total";

/// Every metric of this crate.
pub(crate) const METRICS: &[Metric] = &[
    Metric {
        name: RESTARTS,
        meaning: "roles that ended by themselves and were started again",
        labels: &["role"],
    },
    Metric {
        name: LEDGER_ENTRIES,
        meaning: "ledger entries by kind as decided; a transaction that is put back and folded again counts again",
        labels: &["kind"],
    },
    Metric {
        name: DECISIONS,
        meaning: "decisions by what came of the input; a transaction that is put back and folded again counts again",
        labels: &["ruling"],
    },
    Metric {
        name: BOUNDS,
        meaning: "bounds that a message, an answer or a history met, by the reason that its decision gives; see docs/bounds.md",
        labels: &["bound"],
    },
];

/// A role runs: it has not been started again.
pub(crate) fn started(role: &'static str) {
    counter!(RESTARTS, "role" => role).increment(0);
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
