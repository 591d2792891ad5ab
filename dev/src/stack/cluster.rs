//! Which broker leads what. Leaders of partitions are asked of a broker with the raw request of `metadata`; the leader of the
//! controllers is read from their own notes.

use super::metadata::{About, ask};
use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// What a broker knows of its cluster.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Cluster {
    /// Numbers of the live brokers.
    pub brokers: Vec<i32>,
    /// Partitions of every topic, internal ones included.
    pub topics: BTreeMap<String, Vec<Partition>>,
}

/// One partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Its number.
    pub index: i32,
    /// Number of the broker that leads it; -1 when none does.
    pub leader: i32,
    /// Numbers of the brokers that have a replica.
    pub replicas: Vec<i32>,
    /// Replicas that are in sync.
    pub in_sync: Vec<i32>,
}

impl Cluster {
    /// Asks the broker at `address`.
    ///
    /// # Errors
    /// When it does not answer, or not as Kafka does.
    pub fn ask(address: &str) -> Result<Self> {
        read(&ask(address, About::Topics)?)
    }

    /// The broker that leads most partitions of a topic.
    pub fn leader_of_most(&self, topic: &str) -> Option<i32> {
        let mut led = BTreeMap::new();
        self.topics.get(topic)?.iter().for_each(|partition| *led.entry(partition.leader).or_insert(0) += 1);
        led.into_iter().max_by_key(|(_, count)| *count).map(|(broker, _)| broker)
    }

    /// The broker that leads one partition.
    pub fn leader(&self, topic: &str, index: i32) -> Option<i32> {
        let partitions = self.topics.get(topic)?;
        Some(partitions.iter().find(|partition| partition.index == index)?.leader)
    }

    /// Partitions that lack a replica in sync.
    pub fn lagging(&self) -> usize {
        let lags = |partition: &&Partition| partition.in_sync.len() < partition.replicas.len();
        self.topics.values().flatten().filter(lags).count()
    }
}

/// The partition of the internal topic of `partitions` that coordinates a group or a transactional id, as brokers
/// compute it.
pub fn coordinator(id: &str, partitions: usize) -> Option<i32> {
    let hash = id.encode_utf16().fold(0i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)));
    let partitions = i32::try_from(partitions).ok()?;
    (hash & i32::MAX).checked_rem(partitions)
}

/// The leader in the newest note of the controllers in these directories.
pub(super) fn controller(nodes: impl Iterator<Item = PathBuf>) -> Option<i32> {
    let notes = nodes.filter_map(|dir| {
        let note = fs::read_to_string(dir.join("data/__cluster_metadata-0/quorum-state")).ok()?;
        let note: serde_json::Value = serde_json::from_str(&note).ok()?;
        Some((note["leaderEpoch"].as_i64()?, i32::try_from(note["leaderId"].as_i64()?).ok()?))
    });
    notes.filter(|(_, leader)| *leader >= 0).max().map(|(_, leader)| leader)
}

/// Correlation id, throttle time, brokers, cluster id, controller id, topics: version 4 of the answer.
fn read(answer: &[u8]) -> Result<Cluster> {
    let mut words = Words(answer);
    words.skip(8)?;
    let mut cluster = Cluster::default();
    for _ in 0..words.count()? {
        cluster.brokers.push(words.int()?);
        words.text()?;
        words.int()?;
        words.text()?;
    }
    words.text()?;
    words.int()?;
    for _ in 0..words.count()? {
        words.skip(2)?;
        let name = words.text()?;
        words.skip(1)?;
        let mut partitions = Vec::new();
        for _ in 0..words.count()? {
            words.skip(2)?;
            let (index, leader) = (words.int()?, words.int()?);
            let (replicas, in_sync) = (words.ints()?, words.ints()?);
            partitions.push(Partition { index, leader, replicas, in_sync });
        }
        cluster.topics.insert(name, partitions);
    }
    Ok(cluster)
}

struct Words<'a>(&'a [u8]);

impl Words<'_> {
    fn take(&mut self, bytes: usize) -> Result<&[u8]> {
        let (taken, left) = self.0.split_at_checked(bytes).context("the answer is too short")?;
        self.0 = left;
        Ok(taken)
    }

    fn skip(&mut self, bytes: usize) -> Result<()> {
        self.take(bytes).map(drop)
    }

    fn int(&mut self) -> Result<i32> {
        Ok(i32::from_be_bytes(self.take(4)?.try_into()?))
    }

    fn count(&mut self) -> Result<i32> {
        let count = self.int()?;
        ensure!((0..1_000_000).contains(&count), "the answer claims a list of {count}");
        Ok(count)
    }

    fn ints(&mut self) -> Result<Vec<i32>> {
        (0..self.count()?).map(|_| self.int()).collect()
    }

    fn text(&mut self) -> Result<String> {
        match i16::from_be_bytes(self.take(2)?.try_into()?) {
            -1 => Ok(String::new()),
            length if length >= 0 => {
                Ok(String::from_utf8_lossy(self.take(usize::try_from(length)?)?).into_owned())
            }
            length => bail!("the answer claims a text of {length} bytes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Vec<u8> {
        [&u16::to_be_bytes(u16::try_from(text.len()).unwrap())[..], text.as_bytes()].concat()
    }

    fn ints(ints: &[i32]) -> Vec<u8> {
        ints.iter().flat_map(|int| int.to_be_bytes()).collect()
    }

    #[test]
    fn leaders_and_replicas_in_sync_are_read_from_the_answer() {
        let broker = |id: i32| [ints(&[id]), text("h"), ints(&[9092]), vec![0xff, 0xff]].concat();
        let partition = [&[0, 0][..], &ints(&[0, 2, 2, 1, 2, 1, 2])].concat();
        let topics = [&ints(&[1])[..], &[0, 0], &text("t"), &[0], &ints(&[1]), &partition].concat();
        let head = [ints(&[7, 0, 2]), broker(1), broker(2), vec![0xff, 0xff], ints(&[1])].concat();
        let cluster = read(&[head, topics].concat()).unwrap();
        assert_eq!(cluster.brokers, [1, 2]);
        assert_eq!(
            (cluster.leader_of_most("t"), cluster.leader("t", 0), cluster.lagging()),
            (Some(2), Some(2), 1)
        );
        assert!(read(&ints(&[7, 0, 9])).is_err());
    }

    #[test]
    fn the_coordinator_of_a_name_is_found_as_brokers_find_it() {
        // "hello".hashCode() in Java is 99162322; that of "polygenelubricants" is the smallest integer.
        assert_eq!(coordinator("hello", 8), Some(99_162_322 % 8));
        assert_eq!(coordinator("polygenelubricants", 8), Some(0));
    }
}
