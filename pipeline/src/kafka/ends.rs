//! Where logs begin and end, asked for many partitions together: one after the other would be a round trip each.

use std::collections::HashMap;
use std::thread;
use std::time::{Duration, Instant};

use rdkafka::Offset;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::partition::to_list;
use super::{Error, Partition};

/// Wait before brokers whose leaders are moving are asked again.
const AGAIN: Duration = Duration::from_millis(100);

/// Start and end of each log, in the order of `partitions`; the client's isolation decides what the end is.
///
/// # Errors
/// [`Error::Request`] when the brokers do not answer for every partition, each side within `timeout`.
pub(super) fn ends<C: ConsumerContext>(
    client: &BaseConsumer<C>,
    partitions: &[Partition],
    timeout: Duration,
) -> Result<Vec<(i64, i64)>, Error> {
    if partitions.is_empty() {
        return Ok(Vec::new());
    }
    let lows = offsets(client, partitions, Offset::Beginning, timeout)?;
    let highs = offsets(client, partitions, Offset::End, timeout)?;
    let of = |partition: &Partition| {
        let ends = lows.get(partition).copied().zip(highs.get(partition).copied());
        ends.ok_or_else(|| Error::Unexpected(format!("no end of {}/{}", partition.topic, partition.index)))
    };
    partitions.iter().map(of).collect()
}

/// One side of each log. A broker that has just come back does not know its leader epochs for a moment, and is asked again
/// within `timeout`.
///
/// # Errors
/// As [`ends`].
pub(super) fn offsets<C: ConsumerContext>(
    client: &BaseConsumer<C>,
    partitions: &[Partition],
    side: Offset,
    timeout: Duration,
) -> Result<HashMap<Partition, i64>, Error> {
    let until = Instant::now() + timeout;
    loop {
        match ask(client, partitions, side, timeout) {
            Err(Error::Request { source, .. }) if is_moving(&source) && Instant::now() < until => {
                thread::sleep(AGAIN);
            }
            answer => return answer,
        }
    }
}

/// Whether a partition's leader is being found.
fn is_moving(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::FencedLeaderEpoch
                | RDKafkaErrorCode::LeaderNotAvailable
                | RDKafkaErrorCode::NotLeaderForPartition
                | RDKafkaErrorCode::UnknownLeaderEpoch
        )
    )
}

/// The protocol asks for the side of a log as for the offset of a time.
fn ask<C: ConsumerContext>(
    client: &BaseConsumer<C>,
    partitions: &[Partition],
    side: Offset,
    timeout: Duration,
) -> Result<HashMap<Partition, i64>, Error> {
    let failed = || Error::request("ask for the ends of logs", partitions.len());
    let mut list = to_list(partitions);
    list.set_all_offsets(side).map_err(failed())?;
    let found = client.offsets_for_times(list, timeout).map_err(failed())?;
    let mut all = HashMap::with_capacity(partitions.len());
    for element in found.elements() {
        element.error().map_err(failed())?;
        if let Offset::Offset(offset) = element.offset() {
            all.insert(Partition { topic: element.topic().into(), index: element.partition() }, offset);
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_leaders_that_move_are_waited_for() {
        for (code, moving) in [
            (RDKafkaErrorCode::UnknownLeaderEpoch, true),
            (RDKafkaErrorCode::NotLeaderForPartition, true),
            (RDKafkaErrorCode::UnknownTopicOrPartition, false),
            (RDKafkaErrorCode::TopicAuthorizationFailed, false),
        ] {
            assert_eq!(is_moving(&KafkaError::OffsetFetch(code)), moving, "{code}");
        }
    }
}
