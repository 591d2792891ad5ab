//! Where a partition starts that nobody has committed an offset for.

/// The explicit choice for a partition without a committed offset; with one, it is always continued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StartPolicy {
    /// At the oldest record that is still there.
    Earliest,
    /// After the newest record.
    Latest,
    /// Not at all: an operator sets the offset. For deployments that have run before, where a missing commit
    /// means that it expired.
    Refuse,
}
