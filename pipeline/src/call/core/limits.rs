//! The bounds that the core keeps.

/// A held partition is read again when everything is below this part of its limit: a pause throws away what was
/// prefetched, so it must not flap.
pub(super) const RESUME_PERCENT: usize = 60;

/// Bounds on what is admitted, running and committed at a time.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    /// Calls that run at a time, announced ones included.
    pub(crate) running: usize,
    /// Calls that run at a time per share.
    pub(crate) share: usize,
    /// Records admitted and not committed, in the instance.
    pub(crate) records: usize,
    /// Their bytes, outcomes included, in the instance.
    pub(crate) bytes: usize,
    /// Incomplete records of a partition.
    pub(crate) partition_records: usize,
    /// Bytes admitted and not committed, per partition.
    pub(crate) partition_bytes: usize,
    /// Bytes of a partition's incompletes as encoded in commit metadata.
    pub(crate) map_bytes: usize,
    /// Percent of the held records from which on a share crowds the others, so that its next record may be shed. Without it
    /// everyone waits.
    pub(crate) shed_percent: Option<usize>,
    /// Records of one lane.
    pub(crate) lane: usize,
    /// Outcomes of one transaction.
    pub(crate) plan_outcomes: usize,
    /// Bytes of the outcomes of one transaction.
    pub(crate) plan_bytes: usize,
    /// Suspects run alone for the time of this many trials, then the rest runs in this many groups. With 0 there is no
    /// quarantine.
    pub(crate) quarantine: usize,
    /// How long a trial keeps the next one waiting, in milliseconds.
    pub(crate) patience: u64,
    /// Longest time until an admitted offset is committed although no outcome is, in milliseconds.
    pub(crate) cover: u64,
}
