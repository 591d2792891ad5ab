//! Why a partition is not read on: going on would lose rows or store them twice.

/// What an operator has to look at. The partition stays paused until it is assigned again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The commit metadata is not ours, is damaged, or belongs to another incarnation of the topics.
    #[error("refuse partition: commit metadata cannot be trusted ({0})")]
    Metadata(&'static str),
    /// This version of the process does not have the row builder that opened the pending range.
    #[error(
        "refuse partition: pending range was opened by row builder {0}, which this version does not have"
    )]
    Builder(u32),
    /// Records of the pending range are no longer in the log.
    #[error("refuse partition: records {first}-{last} of the pending range are no longer in the log")]
    Gone {
        /// First offset of the range.
        first: i64,
        /// Last offset of the range.
        last: i64,
    },
    /// Read again, the pending range gave other rows than before: the store could not tell them apart.
    #[error("refuse partition: pending range {first}-{last} gives other rows than when it was opened")]
    Differs {
        /// First offset of the range.
        first: i64,
        /// Last offset of the range.
        last: i64,
    },
    /// The log does not reach to the committed offset any more: records were deleted before they were stored.
    #[error("refuse partition: committed offset {0} is no longer within the log")]
    OutsideLog(i64),
    /// Nothing is committed, and the start policy asks for an operator.
    #[error("refuse partition: no committed offset")]
    NoOffset,
    /// A record that this version cannot read but a newer one may.
    #[error("refuse partition: record at {offset} cannot be read by this version ({reason})")]
    Unreadable {
        /// Its offset.
        offset: i64,
        /// The sink's reason.
        reason: &'static str,
    },
}

impl Refusal {
    /// A closed label for logs and gauges.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Metadata(label) => label,
            Self::Builder(_) => "unknown_builder",
            Self::Gone { .. } => "pending_gone",
            Self::Differs { .. } => "pending_differs",
            Self::OutsideLog(_) => "outside_log",
            Self::NoOffset => "no_offset",
            Self::Unreadable { .. } => "record_unreadable",
        }
    }
}
