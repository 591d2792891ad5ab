//! What each driver's commit metadata says, for an operator, and the metadata of an operator's reset.

use std::ops::RangeInclusive;

use crate::kafka::Committed;
use crate::kafka::commit_meta::{self, MetadataError};
use crate::{Refusal, StartPolicy, batch, call, fold};

/// Whose metadata it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Driver {
    /// The fold driver.
    Fold,
    /// The call driver.
    Call,
    /// The batch driver.
    Batch,
}

/// What commit metadata says of a partition besides its offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// Of a fold.
    Fold {
        /// Its owner was at work: if nobody owns the partition, it ended uncleanly.
        running: bool,
        /// How often folding the record at the committed offset has begun, all by itself.
        attempts: u32,
        /// Most records that the next transaction may hold.
        window: u32,
    },
    /// Of calls.
    Call(call::Progress),
    /// Of batches.
    Batch {
        /// First and last offset of the range that may have been inserted, if one is open.
        pending: Option<(i64, i64)>,
        /// Version of the row builder that opened it; 0 when none is open.
        builder: u32,
    },
}

impl Driver {
    /// Reads what was committed at `offset`.
    ///
    /// # Errors
    /// [`MetadataError`]: the driver refuses the partition for the same reason.
    pub fn read(self, incarnation: &str, offset: i64, metadata: Option<&str>) -> Result<Said, MetadataError> {
        match self {
            Self::Fold => fold::said(incarnation, metadata),
            Self::Call => {
                let text = metadata.ok_or(MetadataError::Foreign)?;
                call::Progress::open(incarnation, offset, text).map(Said::Call)
            }
            Self::Batch => batch::said(incarnation, metadata, offset),
        }
    }

    /// Judges as the driver does when the partition is assigned to it, save for what only its own process knows: whether it has
    /// the row builder of a pending range. `log` is the partition's log from its start to its end. `None`: nothing is committed.
    ///
    /// # Errors
    /// [`Refusal`]: why the driver would not read the partition.
    pub fn judge(
        self,
        incarnation: &str,
        policy: StartPolicy,
        committed: &Committed,
        log: &RangeInclusive<i64>,
    ) -> Result<Option<Said>, Refusal> {
        let read = |next, metadata: Option<&str>| Ok(self.read(incarnation, next, metadata)?);
        Ok(policy.start(committed, log, read)?.left())
    }

    /// Metadata of a partition of which nothing above `offset` is done, running or pending: the empty map.
    ///
    /// # Errors
    /// [`MetadataError::Illegal`] when the incarnation cannot be part of metadata.
    pub fn empty(self, incarnation: &str, offset: i64) -> Result<String, MetadataError> {
        match self {
            Self::Fold => fold::empty(incarnation),
            Self::Call => call::Progress::fresh(offset).seal(incarnation),
            Self::Batch => batch::empty(incarnation),
        }
    }
}

/// The incarnation that metadata was written for, if it is whole and ours, whichever driver wrote it.
pub fn written_for(metadata: &str) -> Option<&str> {
    commit_meta::incarnation(metadata)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_driver_reads_its_own_empty_metadata_as_nothing_done_and_no_other_drivers() {
        for driver in [Driver::Fold, Driver::Call, Driver::Batch] {
            let text = driver.empty("inc", 7).unwrap();
            assert_eq!(written_for(&text), Some("inc"));
            let said = driver.read("inc", 7, Some(&text)).unwrap();
            match said {
                Said::Fold { running, attempts, .. } => assert!(!running && attempts == 0),
                Said::Call(progress) => assert_eq!(progress, call::Progress::fresh(7)),
                Said::Batch { pending, .. } => assert_eq!(pending, None),
            }
            for other in [Driver::Fold, Driver::Call, Driver::Batch].into_iter().filter(|o| *o != driver) {
                assert_eq!(other.read("inc", 7, Some(&text)), Err(MetadataError::Foreign));
            }
            assert_eq!(driver.read("new", 7, Some(&text)), Err(MetadataError::Incarnation));
            assert_eq!(driver.read("inc", 7, None), Err(MetadataError::Foreign));
        }
        assert_eq!(written_for("kafka-consumer-groups"), None);
    }
}
