//! A metric as it is documented.

/// How the values of a metric are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A number that only grows.
    Counter,
    /// A number that goes up and down.
    Gauge,
    /// How often values of each size were seen.
    Histogram,
}

impl Kind {
    /// The word for it in documents.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// One metric: what it is called, what it says, which labels it carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Full name, `huiyin_<step>_<noun>_<unit>`.
    pub name: &'static str,
    /// How its values are kept.
    pub kind: Kind,
    /// What it counts or measures, with its unit.
    pub meaning: &'static str,
    /// Names of its labels; their values are closed.
    pub labels: &'static [&'static str],
}

impl Metric {
    /// A number that only grows; its name ends in `_total`.
    pub const fn counter(name: &'static str, meaning: &'static str, labels: &'static [&'static str]) -> Self {
        Self { name, kind: Kind::Counter, meaning, labels }
    }

    /// A number that goes up and down.
    pub const fn gauge(name: &'static str, meaning: &'static str, labels: &'static [&'static str]) -> Self {
        Self { name, kind: Kind::Gauge, meaning, labels }
    }

    /// How often values of each size were seen.
    pub const fn histogram(
        name: &'static str,
        meaning: &'static str,
        labels: &'static [&'static str],
    ) -> Self {
        Self { name, kind: Kind::Histogram, meaning, labels }
    }
}
