//! Partitions, and the client's lists of them.

use std::sync::Arc;

use rdkafka::{Offset, TopicPartitionList};

use super::Error;

/// One partition of one topic.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Partition {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition's number.
    pub index: i32,
}

pub(super) fn from_list(list: &TopicPartitionList) -> Vec<Partition> {
    let elements = list.elements();
    elements.iter().map(|e| Partition { topic: e.topic().into(), index: e.partition() }).collect()
}

pub(super) fn to_list(partitions: &[Partition]) -> TopicPartitionList {
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for partition in partitions {
        list.add_partition(&partition.topic, partition.index);
    }
    list
}

pub(super) fn offsets_list(positions: &[(Partition, i64)]) -> Result<TopicPartitionList, Error> {
    let mut list = TopicPartitionList::with_capacity(positions.len());
    for (partition, offset) in positions {
        list.add_partition_offset(&partition.topic, partition.index, Offset::Offset(*offset))
            .map_err(Error::request("position", partition.index))?;
    }
    Ok(list)
}
