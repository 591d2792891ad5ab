//! Every metric of this crate.

/// One metric: what it is called, what it counts, which labels it carries.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Full name, `huiyin_<step>_<noun>_<unit>`.
    pub name: &'static str,
    /// What it says, with its unit.
    pub meaning: &'static str,
    /// Names of its labels; their values are closed.
    pub labels: &'static [&'static str],
}

/// Every metric that this crate writes.
pub fn all() -> impl Iterator<Item = &'static Metric> {
    [crate::fold::metrics::METRICS, crate::call::metrics::METRICS, crate::batch::metrics::METRICS]
        .into_iter()
        .flatten()
}
