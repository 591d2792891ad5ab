//! A member of a step's group. Its owner pulls records and rebalances alike, and completes each rebalance itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::Offset;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _, ConsumerGroupMetadata};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::convert::TopicNames;
use super::ends::offsets;
use super::group::{self, offsets_with_metadata};
use super::partition::{offsets_list, to_list};
use super::rebalance::{Notes, Rebalance};
use super::{CommitOffset, Config, Error, Instance, Partition, convert};
use crate::Record;

/// Membership and generation at one moment: what a plan is committed under.
#[derive(Clone)]
pub struct GroupMetadata {
    read: Arc<ConsumerGroupMetadata>,
    #[cfg(feature = "bench")]
    pub(super) member: std::sync::Weak<BaseConsumer<Notes>>,
}

impl GroupMetadata {
    pub(crate) fn inner(&self) -> &ConsumerGroupMetadata {
        &self.read
    }
}

/// What the group knows of a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The partition.
    pub partition: Partition,
    /// The next offset to read; `None` when nothing was ever committed or the commit expired.
    pub next: Option<i64>,
    /// The metadata committed with it; `None` when it is not even text.
    pub metadata: Option<String>,
}

/// What one poll brought.
#[derive(Debug)]
pub enum Polled {
    /// A record of an assigned partition.
    Record(Record),
    /// These partitions are ours once [`Consumer::assign`] is called, which must happen before the next poll.
    Assigned(Vec<Partition>),
    /// These partitions go to others once [`Consumer::unassign`] is called, which must happen before the next poll.
    Revoked(Vec<Partition>),
    /// These partitions went to others already: commit nothing for them, then [`Consumer::unassign`].
    Lost(Vec<Partition>),
    /// Some assigned partition's position is not in its log any more.
    OutOfRange,
    /// A passing trouble; the client goes on by itself.
    Trouble(Error),
    /// The client is of no use any more, for example because a twin took the member's identity.
    Fatal(Error),
    /// Nothing came in time.
    Nothing,
}

/// A static member of the step's group under the cooperative protocol. Every call blocks at most its bound.
pub struct Consumer {
    client: Arc<BaseConsumer<Notes>>,
    names: TopicNames,
    identity: String,
    ended: Vec<i32>,
}

impl Consumer {
    /// Joins the group of `instance` for `topics`.
    ///
    /// # Errors
    /// [`Error::Client`] or [`Error::Request`].
    pub fn join(config: &Config, instance: &Instance, topics: &[&str]) -> Result<Self, Error> {
        let client: BaseConsumer<Notes> = config
            .consumer(instance)
            .create_with_context(Notes::default())
            .map_err(Error::client("consumer"))?;
        client.subscribe(topics).map_err(Error::request("subscribe", topics.join(",")))?;
        Ok(Self {
            client: Arc::new(client),
            names: TopicNames::default(),
            identity: instance.group_instance_id(),
            ended: Vec::new(),
        })
    }

    /// Waits up to `timeout` for the next thing. Must be called at least every few seconds.
    pub fn poll(&mut self, timeout: Duration) -> Polled {
        // Rebalances come first: otherwise the whole group would wait until a backlog of records is read.
        if let Some(noted) = self.noted() {
            return noted;
        }
        let mut timeout = timeout;
        loop {
            match self.client.poll(timeout) {
                Some(Ok(message)) => return Polled::Record(convert::record(&message, &mut self.names)),
                Some(Err(KafkaError::PartitionEOF(index))) => {
                    if !self.ended.contains(&index) {
                        self.ended.push(index);
                    }
                    timeout = Duration::ZERO;
                }
                Some(Err(error)) => return self.trouble(error),
                None => return self.noted().unwrap_or(Polled::Nothing),
            }
        }
    }

    fn noted(&self) -> Option<Polled> {
        Some(match self.client.context().next()? {
            Rebalance::Assign(partitions) => Polled::Assigned(partitions),
            Rebalance::Revoke(partitions) => Polled::Revoked(partitions),
            Rebalance::Lose(partitions) => Polled::Lost(partitions),
        })
    }

    /// Partitions whose end was reached since the last call, for members of one topic; a record read later takes that
    /// back.
    pub fn take_ended(&mut self) -> Vec<i32> {
        std::mem::take(&mut self.ended)
    }

    fn trouble(&self, error: KafkaError) -> Polled {
        match error {
            KafkaError::MessageConsumptionFatal(_) => {
                Polled::Fatal(Error::Fenced { identity: self.identity.clone(), reason: error.to_string() })
            }
            KafkaError::MessageConsumption(
                RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange,
            ) => Polled::OutOfRange,
            other => Polled::Trouble(Error::request("poll", &self.identity)(other)),
        }
    }

    /// Completes an assignment: each partition starts at its explicit offset. All partitions of the assignment must be
    /// named; those that are not to be read are paused afterwards.
    ///
    /// # Errors
    /// [`Error::Request`] when the client refuses.
    pub fn assign(&self, starts: &[(Partition, i64)]) -> Result<(), Error> {
        let list = offsets_list(starts)?;
        self.client.incremental_assign(&list).map_err(Error::request("assign", &self.identity))
    }

    /// Completes an assignment as [`Self::assign`] does, with every partition paused.
    ///
    /// # Errors
    /// [`Error::Request`] when the client refuses.
    pub fn assign_paused(&self, starts: &[(Partition, i64)]) -> Result<(), Error> {
        self.assign(starts)?;
        let list = offsets_list(starts)?;
        self.client.pause(&list).map_err(Error::request("pause", &self.identity))
    }

    /// Completes a revocation.
    ///
    /// # Errors
    /// [`Error::Request`] when the client refuses.
    pub fn unassign(&self, partitions: &[Partition]) -> Result<(), Error> {
        self.client
            .incremental_unassign(&to_list(partitions))
            .or_else(|_| self.client.unassign())
            .map_err(Error::request("unassign", &self.identity))
    }

    /// Stops reading these partitions and forgets what was prefetched of them. Polling goes on.
    ///
    /// # Errors
    /// [`Error::Request`] when the client refuses.
    pub fn pause(&self, partitions: &[Partition]) -> Result<(), Error> {
        self.client.pause(&to_list(partitions)).map_err(Error::request("pause", &self.identity))
    }

    /// Reads these partitions again.
    ///
    /// # Errors
    /// [`Error::Request`] when the client refuses.
    pub fn resume(&self, partitions: &[Partition]) -> Result<(), Error> {
        self.client.resume(&to_list(partitions)).map_err(Error::request("resume", &self.identity))
    }

    /// Goes on at these offsets; nothing read before is delivered any more.
    ///
    /// # Errors
    /// [`Error::Request`] when the client refuses or does not answer within `timeout`, [`Error::Fenced`] when a twin
    /// took the member's identity.
    pub fn seek(&self, positions: &[(Partition, i64)], timeout: Duration) -> Result<(), Error> {
        let list = offsets_list(positions)?;
        let sought = self.client.seek_partitions(list, timeout);
        let done = sought.and_then(|done| done.elements().iter().try_for_each(|element| element.error()));
        let Err(error) = done else { return Ok(()) };
        // A partition whose fetcher is just starting or stopping cannot be sought, but it can be assigned anew.
        tracing::debug!(%error, "seek refused; assigning anew");
        let partitions: Vec<Partition> = positions.iter().map(|(partition, _)| partition.clone()).collect();
        let list = offsets_list(positions)?;
        self.client
            .incremental_unassign(&to_list(&partitions))
            .and_then(|()| self.client.incremental_assign(&list))
            .map_err(|error| self.failed("seek", error))
    }

    fn failed(&self, request: &'static str, error: KafkaError) -> Error {
        match self.client.client().fatal_error() {
            Some((_, reason)) => Error::Fenced { identity: self.identity.clone(), reason },
            None => Error::request(request, &self.identity)(error),
        }
    }

    /// What the group committed for these partitions. Waits for transactions that are still open on them.
    ///
    /// # Errors
    /// [`Error::Request`] when the brokers do not answer within `timeout`.
    pub fn committed(&self, partitions: &[Partition], timeout: Duration) -> Result<Vec<Committed>, Error> {
        group::committed(&self.client, partitions, timeout, |error| {
            self.failed("read committed offsets", error)
        })
    }

    /// Where the log of each partition ends for this member, in the order of `partitions`: its last stable offset.
    ///
    /// # Errors
    /// [`Error::Request`] when the brokers do not answer for every partition within `timeout`.
    pub(crate) fn log_ends(&self, partitions: &[Partition], timeout: Duration) -> Result<Vec<i64>, Error> {
        if partitions.is_empty() {
            return Ok(Vec::new());
        }
        let found = offsets(&self.client, partitions, Offset::End, timeout)?;
        let missing = |p: &Partition| Error::Unexpected(format!("no end of {}/{}", p.topic, p.index));
        partitions.iter().map(|p| found.get(p).copied().ok_or_else(|| missing(p))).collect()
    }

    /// Commits outside transactions and waits for it; at most a session's length when no coordinator answers.
    ///
    /// # Errors
    /// [`Error::Request`] when any of the offsets was refused or the outcome is unknown; others may be committed.
    /// [`Error::PutOut`] when the group has put this member out and its owner has not polled that yet.
    pub fn commit(&self, offsets: &[CommitOffset]) -> Result<(), Error> {
        // The client would send it as from outside the group, which brokers take while the group has no members: it
        // would undo what others committed meanwhile.
        if self.client.assignment_lost() {
            return Err(Error::PutOut { identity: self.identity.clone() });
        }
        let list = offsets_with_metadata(offsets).map_err(Error::request("commit", &self.identity))?;
        self.client.commit(&list, CommitMode::Sync).map_err(Error::request("commit", &self.identity))
    }

    /// The offset after everything delivered, markers of transactions included; `None` while nothing was.
    ///
    /// # Errors
    /// [`Error::Request`] when the client refuses.
    pub fn positions(&self) -> Result<Vec<(Partition, Option<i64>)>, Error> {
        let list = self.client.position().map_err(Error::request("read positions", &self.identity))?;
        let position = |offset| if let Offset::Offset(next) = offset { Some(next) } else { None };
        let elements = list.elements();
        let of = |e: &rdkafka::topic_partition_list::TopicPartitionListElem<'_>| {
            (Partition { topic: e.topic().into(), index: e.partition() }, position(e.offset()))
        };
        Ok(elements.iter().map(of).collect())
    }

    /// The metadata to commit a plan under; read it when the plan is made.
    ///
    /// # Errors
    /// [`Error::Unexpected`] when the client is no group member. [`Error::PutOut`] when the group has put this member out
    /// and its owner has not polled that yet: the client may have no generation then, which brokers do not check.
    pub fn group_metadata(&self) -> Result<GroupMetadata, Error> {
        let metadata = self.client.group_metadata();
        // Asked afterwards: the client's thread, which told the metadata, has noted a loss by then.
        if self.client.assignment_lost() {
            return Err(Error::PutOut { identity: self.identity.clone() });
        }
        let metadata =
            metadata.ok_or_else(|| Error::Unexpected("read group metadata: not a member".into()))?;
        Ok(GroupMetadata {
            read: Arc::new(metadata),
            #[cfg(feature = "bench")]
            member: Arc::downgrade(&self.client),
        })
    }

    /// Ends so that the partitions wait for a restart of this instance: static members do not leave.
    pub fn close(self) {
        drop(self);
    }

    /// Ends for good: the partitions go to the other members at once.
    pub fn leave(self, bound: Duration) {
        self.client.context().close();
        self.client.unsubscribe();
        let until = Instant::now() + bound;
        while Instant::now() < until {
            // Whatever is still delivered belongs to the next owner.
            drop(self.client.poll(Duration::from_millis(20)));
            if self.client.assignment().is_ok_and(|list| list.count() == 0) && !self.client.assignment_lost()
            {
                // The request to leave is sent by the client's own thread right after the last unassign.
                drop(self.client.poll(Duration::from_millis(100)));
                break;
            }
        }
    }
}

/// Closing waits for the last rebalance, which nobody pulls any more.
impl Drop for Consumer {
    fn drop(&mut self) {
        if self.client.context().close() && self.client.unassign().is_err() {
            tracing::debug!("unassign while closing: refused");
        }
    }
}
