//! Every metric of this crate.

use metrics::counter;
use pipeline::metrics::Metric;

/// Roles that were started again.
const RESTARTS: &str = "huiyin_run_role_restarts_total";

/// Every metric of this crate.
pub(crate) const METRICS: &[Metric] = &[Metric {
    name: RESTARTS,
    meaning: "roles that ended by themselves and were started again",
    labels: &["role"],
}];

/// A role ended by itself and is started again.
pub(crate) fn restarted(role: &'static str) {
    counter!(RESTARTS, "role" => role).increment(1);
}
