//! Why a partition is not read on: going on would lose records, or do again what is done.

use std::ops::RangeInclusive;

use crate::kafka::commit_meta::MetadataError;

/// What an operator has to look at. The partition stays paused until it is assigned again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing is committed, and the start policy asks for an operator.
    #[error("no offset is committed")]
    NoCommit,
    /// The commit metadata is not ours, is damaged, or belongs to another incarnation of the topics.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// The log does not have the next record any more, or not yet: records were deleted before they were read.
    #[error("offset {next} is not within {start}..={end}, where the log can be read")]
    OutOfRange {
        /// Offset of the next record.
        next: i64,
        /// Start of the log.
        start: i64,
        /// End of the log.
        end: i64,
    },
    /// A record that this version cannot read but a newer one may.
    #[error("the record at {offset} cannot be read by this version: {reason}")]
    Unreadable {
        /// Its offset.
        offset: i64,
        /// The step's reason, a closed label.
        reason: &'static str,
    },
    /// This version of the process does not have the row builder that opened the pending range.
    #[error("the pending range was opened by row builder {0}, which this version does not have")]
    Builder(u32),
    /// Records of the pending range are no longer in the log.
    #[error("records of the pending range {first}-{last} are not in the log")]
    Gone {
        /// First offset of the range.
        first: i64,
        /// Last offset of the range.
        last: i64,
    },
    /// Read again, the pending range gave other rows than before: the store could not tell them apart.
    #[error("the pending range {first}-{last} gives other rows than when it was opened")]
    Differs {
        /// First offset of the range.
        first: i64,
        /// Last offset of the range.
        last: i64,
    },
}

impl Refusal {
    /// A closed label for logs, metrics and health.
    pub fn label(&self) -> &'static str {
        match self {
            Self::NoCommit => "no_commit",
            Self::Metadata(error) => error.label(),
            Self::OutOfRange { .. } => "out_of_range",
            Self::Unreadable { reason, .. } => reason,
            Self::Builder(_) => "unknown_builder",
            Self::Gone { .. } => "pending_gone",
            Self::Differs { .. } => "pending_differs",
        }
    }

    /// Checks that reading may go on at `next` in a log of these offsets.
    ///
    /// # Errors
    /// [`Self::OutOfRange`] when it may not.
    pub(crate) fn unless_within(log: &RangeInclusive<i64>, next: i64) -> Result<(), Self> {
        let (start, end) = (*log.start(), *log.end());
        if log.contains(&next) { Ok(()) } else { Err(Self::OutOfRange { next, start, end }) }
    }
}
