//! What happened since the driver started.

/// Counts since the driver started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    /// Events of an epoch, session or plan that is over.
    pub(crate) stale: u64,
    /// Records that finished under a previous owner and were skipped.
    pub(crate) skipped: u64,
    pub(crate) reruns: u64,
    pub(crate) buried: u64,
    pub(crate) shed: u64,
    pub(crate) committed: u64,
    pub(crate) aborted: u64,
}
