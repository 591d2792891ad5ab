//! Every metric of this crate.

use std::collections::BTreeMap;

use common::Metric;
use decide::Reason;
use metrics::counter;
use schemas::conditions::TargetConditions;
use schemas::decision::Decision;
use schemas::ids::TargetName;

/// Entries of the ledger by kind.
const LEDGER_ENTRIES: &str = "huiyin_decide_ledger_entries_total";

/// Decisions by what came of the input.
const DECISIONS: &str = "huiyin_decide_decisions_total";

/// Parts that were to be taken back.
const RETRACTS: &str = "huiyin_decide_retracts_total";

/// Bounds that were met.
const BOUNDS: &str = "huiyin_decide_bounds_total";

/// What the guard found in messages.
const FINDINGS: &str = "huiyin_decide_findings_total";

/// Records of call about its targets, by the worst that they tell.
const CONDITIONS: &str = "huiyin_decide_conditions_total";

/// Records of another line that came to the log.
const REPLAY_RECORDS: &str = "huiyin_decide_replay_records_total";

/// Every metric of this crate.
pub const METRICS: &[Metric] = &[
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
        RETRACTS,
        "parts of answers to be taken back, by reason; a transaction that is put back and folded again counts again",
        &["reason"],
    ),
    Metric::counter(
        BOUNDS,
        "bounds that a message, an answer or a history met, by the reason that its decision gives; see docs/bounds.md",
        &["bound"],
    ),
    Metric::counter(
        FINDINGS,
        "findings of the guard in messages, by category of the rule (none where it has none), action, and whether the rule is in shadow: yes, no; at most 32 of one message; a transaction that is put back and folded again counts again",
        &["category", "action", "shadow"],
    ),
    Metric::counter(
        REPLAY_RECORDS,
        "records of a replay in the log of conversations: given up, nothing was decided on them; a transaction that is put back and folded again counts again. In a replay's own line: records of others",
        &[],
    ),
    Metric::counter(
        CONDITIONS,
        "records about targets by the worst state that they tell of any: ok, cooling, open; a transaction that is put back and folded again counts again",
        &["state"],
    ),
];

/// A record of another line was read.
pub(crate) fn foreign() {
    counter!(REPLAY_RECORDS).increment(1);
}

/// Call told of its targets.
pub(crate) fn conditions(targets: &BTreeMap<TargetName, TargetConditions>) {
    let of = |target: &TargetConditions| {
        let apps = target.apps.values().map(|own| own.state);
        apps.chain([target.for_all.state]).max()
    };
    let worst = targets.values().filter_map(of).max().unwrap_or_default();
    counter!(CONDITIONS, "state" => worst.label()).increment(1);
}

/// An entry of the ledger was made.
pub(crate) fn ledger_entry(kind: &'static str) {
    counter!(LEDGER_ENTRIES, "kind" => kind).increment(1);
}

/// A part is taken back.
pub(crate) fn retract(reason: &'static str) {
    counter!(RETRACTS, "reason" => reason).increment(1);
}

/// A decision was made.
pub(crate) fn decision(decision: &Decision) {
    counter!(DECISIONS, "ruling" => decision.ruling.label()).increment(1);
    for bound in Reason::BOUNDS.map(Reason::label) {
        if decision.reasons.iter().any(|reason| reason == bound) {
            counter!(BOUNDS, "bound" => bound).increment(1);
        }
    }
    for [category, action, shadow] in decision.verdict.iter().flat_map(catalogue::findings::labels) {
        counter!(FINDINGS, "category" => category, "action" => action, "shadow" => shadow).increment(1);
    }
}
