//! What a shadow counts.

use common::Metric;
use metrics::{counter, gauge};
use schemas::money::Money;

/// Records of production's log by what became of them.
const RECORDS: &str = "huiyin_shadow_records_total";

/// Calls that were not made.
const REFUSED: &str = "huiyin_shadow_refused_calls_total";

/// Money that was spent.
const SPENT: &str = "huiyin_shadow_spent_units";

/// Every metric of shadows.
pub const METRICS: &[Metric] = &[
    Metric::counter(
        RECORDS,
        "records of production's events by what became of them: copied, left_out (no conversation's, or not in the sample), oversize",
        &["result"],
    ),
    Metric::counter(
        REFUSED,
        "calls of a shadow that were not made, by reason: budget (it is spent), unpriced (a target without a price), late (no room in time)",
        &["reason"],
    ),
    Metric::gauge(SPENT, "what the shadow's calls cost so far, in units of the currency", &["currency"]),
];

pub(super) fn copied(result: &'static str) {
    counter!(RECORDS, "result" => result).increment(1);
}

pub(super) fn refused(reason: &'static str) {
    counter!(REFUSED, "reason" => reason).increment(1);
}

pub(super) fn spent(all: &[Money]) {
    for Money { currency, pico } in all {
        gauge!(SPENT, "currency" => currency.clone()).set(*pico as f64 / 1e12);
    }
}
