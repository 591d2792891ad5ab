//! Where an assigned partition starts: at the offset that is committed for it, or where the policy says.

use std::ops::RangeInclusive;

use crate::Refusal;
use crate::kafka::Committed;

/// The explicit choice for a partition without a committed offset; with one, it is always continued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
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

/// Where an assigned partition starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start<M> {
    /// Where the policy says: no offset is committed.
    Fresh(i64),
    /// At the committed offset, with what the last owner left in the commit metadata.
    Committed(i64, M),
}

impl<M> Start<M> {
    /// Offset of the first record to read.
    pub(crate) fn next(&self) -> i64 {
        let (Self::Fresh(next) | Self::Committed(next, _)) = self;
        *next
    }

    /// What the last owner left, if there was one.
    pub(crate) fn left(self) -> Option<M> {
        match self {
            Self::Fresh(_) => None,
            Self::Committed(_, left) => Some(left),
        }
    }
}

impl StartPolicy {
    /// Decides where a partition starts. `log` has every offset at which reading may go on, from the start of the log
    /// to its end. `read` reads the metadata of a committed offset.
    ///
    /// # Errors
    /// [`Refusal`] when going on would lose records or do again what is done.
    pub(crate) fn start<M>(
        self,
        committed: &Committed,
        log: &RangeInclusive<i64>,
        read: impl FnOnce(i64, Option<&str>) -> Result<M, Refusal>,
    ) -> Result<Start<M>, Refusal> {
        match (committed.next, self) {
            (Some(next), _) => {
                let left = read(next, committed.metadata.as_deref())?;
                Refusal::unless_within(log, next)?;
                Ok(Start::Committed(next, left))
            }
            (None, Self::Earliest) => Ok(Start::Fresh(*log.start())),
            (None, Self::Latest) => Ok(Start::Fresh(*log.end())),
            (None, Self::Refuse) => Err(Refusal::NoCommit),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::Partition;
    use crate::kafka::commit_meta::MetadataError;

    fn start(policy: StartPolicy, next: Option<i64>, metadata: &str) -> Result<Start<String>, Refusal> {
        let partition = Partition { topic: "events".into(), index: 0 };
        let committed = Committed { partition, next, metadata: Some(metadata.to_owned()) };
        policy.start(&committed, &(3..=9), |next, metadata| match metadata {
            Some("foreign") | None => Err(MetadataError::Foreign.into()),
            Some(left) => Ok(format!("{left} at {next}")),
        })
    }

    #[test]
    fn a_partition_without_a_commit_starts_as_the_policy_says() {
        assert_eq!(start(StartPolicy::Earliest, None, ""), Ok(Start::Fresh(3)));
        assert_eq!(start(StartPolicy::Latest, None, ""), Ok(Start::Fresh(9)));
        assert_eq!(start(StartPolicy::Refuse, None, ""), Err(Refusal::NoCommit));
    }

    #[test]
    fn a_commit_is_continued_when_its_metadata_can_be_read_and_the_log_has_its_offset() {
        let start = |next, metadata| start(StartPolicy::Refuse, Some(next), metadata);
        assert_eq!(start(3, "left"), Ok(Start::Committed(3, "left at 3".to_owned())));
        assert_eq!(start(9, "left"), Ok(Start::Committed(9, "left at 9".to_owned())));
        for next in [2, 10] {
            assert_eq!(start(next, "left"), Err(Refusal::OutOfRange { next, start: 3, end: 9 }));
        }
        assert_eq!(start(5, "foreign"), Err(Refusal::Metadata(MetadataError::Foreign)));
        assert_eq!(start(5, "foreign").unwrap_err().label(), "metadata_foreign");
    }
}
