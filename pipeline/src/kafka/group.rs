//! A step's consumer group, looked at and set from outside, while none of its members runs.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

use rdkafka::client::ClientContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};

use super::ends::ends;
use super::log::Logged;
use super::partition::to_list;
use super::{Committed, Config, Error, Partition};

/// How long one request to the brokers may take; reading offsets waits for transactions that are open on them.
const REQUEST: Duration = Duration::from_secs(20);
/// Wait before a coordinator that is moving is asked again.
const AGAIN: Duration = Duration::from_millis(100);

/// Where a partition stands after a transaction: the next offset to read, and what else its next owner must know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitOffset {
    /// Partition of the input.
    pub partition: Partition,
    /// The next offset to read: last processed + 1.
    pub next: i64,
    /// At most 4,095 ASCII characters; see [`super::commit_meta`].
    pub metadata: String,
}

/// One member of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its id, which the broker gave it.
    pub id: String,
    /// Where it runs.
    pub host: String,
}

/// A group as an operator sees it. It is never joined.
pub struct Group {
    client: BaseConsumer<Logged>,
    id: String,
}

impl Group {
    /// Opens the group of that name, such as [`super::Instance::group_id`] gives it.
    ///
    /// # Errors
    /// [`Error::Client`].
    pub fn open(config: &Config, id: &str) -> Result<Self, Error> {
        let client = config.outsider(id).create_with_context(Logged).map_err(Error::client("group"))?;
        Ok(Self { client, id: id.to_owned() })
    }

    /// Who is a member now. A static member that ended without leaving is one until its session is over.
    ///
    /// # Errors
    /// [`Error::Request`] when the brokers do not tell.
    pub fn members(&self) -> Result<Vec<Member>, Error> {
        let groups = self
            .client
            .fetch_group_list(Some(&self.id), REQUEST)
            .map_err(Error::request("describe group", &self.id))?;
        let of_ours = groups.groups().iter().filter(|group| group.name() == self.id);
        let members = of_ours.flat_map(|group| group.members());
        Ok(members.map(|m| Member { id: m.id().to_owned(), host: m.client_host().to_owned() }).collect())
    }

    /// What is committed for these partitions. Waits for transactions that are still open on them.
    ///
    /// # Errors
    /// [`Error::Request`] when the brokers do not tell.
    pub fn committed(&self, partitions: &[Partition]) -> Result<Vec<Committed>, Error> {
        let failed = Error::request("read committed offsets", &self.id);
        committed(&self.client, partitions, REQUEST, failed)
    }

    /// Start of each partition's log and its last stable offset, before which every record is committed or aborted; in
    /// the order of `partitions`, and asked for all of them together.
    ///
    /// # Errors
    /// [`Error::Request`] when the brokers do not answer for each of them within twice `timeout`.
    pub fn bounds(&self, partitions: &[Partition], timeout: Duration) -> Result<Vec<(i64, i64)>, Error> {
        ends(&self.client, partitions, timeout)
    }

    /// Offset of the first record of each partition that was appended at `millis` since the epoch or later; `None`
    /// where there is none.
    ///
    /// # Errors
    /// [`Error::Request`] when the brokers do not tell.
    pub fn at_time(
        &self,
        partitions: &[Partition],
        millis: i64,
    ) -> Result<Vec<(Partition, Option<i64>)>, Error> {
        let failed = || Error::request("ask offsets of a time", &self.id);
        let mut list = to_list(partitions);
        list.set_all_offsets(Offset::Offset(millis)).map_err(failed())?;
        let found = self.client.offsets_for_times(list, REQUEST).map_err(failed())?;
        let mut all = Vec::with_capacity(partitions.len());
        for element in found.elements() {
            element.error().map_err(failed())?;
            let offset = if let Offset::Offset(at) = element.offset() { Some(at) } else { None };
            all.push((Partition { topic: element.topic().into(), index: element.partition() }, offset));
        }
        Ok(all)
    }

    /// Commits from outside, which brokers refuse while the group has members.
    ///
    /// # Errors
    /// [`Error::Request`] when any of the offsets was refused or the outcome is unknown; others may be committed.
    pub fn commit(&self, offsets: &[CommitOffset]) -> Result<(), Error> {
        let list = offsets_with_metadata(offsets).map_err(Error::request("commit", &self.id))?;
        self.client.commit(&list, CommitMode::Sync).map_err(Error::request("commit", &self.id))
    }
}

/// Offsets with their metadata as the client takes them.
pub(super) fn offsets_with_metadata(offsets: &[CommitOffset]) -> Result<TopicPartitionList, KafkaError> {
    let mut list = TopicPartitionList::with_capacity(offsets.len());
    for CommitOffset { partition, next, metadata } in offsets {
        let mut element = list.add_partition(&partition.topic, partition.index);
        element.set_offset(Offset::Offset(*next))?;
        element.set_metadata(metadata);
    }
    Ok(list)
}

/// Whether the group's coordinator is being found.
fn is_moving(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::CoordinatorLoadInProgress
                | RDKafkaErrorCode::CoordinatorNotAvailable
                | RDKafkaErrorCode::NotCoordinator
        )
    )
}

/// What the client's group committed for these partitions. A coordinator that has just started or is moving is asked again within
/// `timeout`.
pub(super) fn committed<C: ClientContext + ConsumerContext>(
    client: &BaseConsumer<C>,
    partitions: &[Partition],
    timeout: Duration,
    failed: impl FnOnce(KafkaError) -> Error,
) -> Result<Vec<Committed>, Error> {
    if partitions.is_empty() {
        return Ok(Vec::new());
    }
    let until = Instant::now() + timeout;
    let list = loop {
        match client.committed_offsets(to_list(partitions), until.saturating_duration_since(Instant::now())) {
            Err(error) if is_moving(&error) && Instant::now() < until => thread::sleep(AGAIN),
            told => break told.map_err(failed)?,
        }
    };
    let mut all = Vec::with_capacity(partitions.len());
    for element in list.elements() {
        element.error().map_err(Error::request("read committed offset", element.partition()))?;
        let next = match element.offset() {
            Offset::Offset(next) => Some(next),
            Offset::Beginning | Offset::End | Offset::Stored | Offset::Invalid | Offset::OffsetTail(_) => {
                None
            }
        };
        // The client's getter panics on metadata that is not text, which any other tool may have written.
        let metadata = catch_unwind(AssertUnwindSafe(|| element.metadata().to_owned())).ok();
        let partition = Partition { topic: element.topic().into(), index: element.partition() };
        all.push(Committed { partition, next, metadata });
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_coordinators_that_move_are_waited_for() {
        for (code, moving) in [
            (RDKafkaErrorCode::NotCoordinator, true),
            (RDKafkaErrorCode::CoordinatorLoadInProgress, true),
            (RDKafkaErrorCode::GroupAuthorizationFailed, false),
            (RDKafkaErrorCode::FencedInstanceId, false),
        ] {
            assert_eq!(is_moving(&KafkaError::OffsetFetch(code)), moving, "{code}");
        }
    }
}
