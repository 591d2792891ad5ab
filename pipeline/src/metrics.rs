//! Every metric of this crate.

use common::Metric;

/// Every metric that this crate writes.
pub fn all() -> impl Iterator<Item = &'static Metric> {
    [crate::fold::metrics::METRICS, crate::call::metrics::METRICS, crate::batch::metrics::METRICS]
        .into_iter()
        .flatten()
}
