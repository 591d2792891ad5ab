//! A dead letter, and how the topic of dead letters is read.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use pipeline::kafka::{Group, Partition, Read, Reader};
use pipeline::{
    ATTEMPTS_HEADER, OFFSET_HEADER, PARTITION_HEADER, REASON_HEADER, REQUEUED_HEADER, Record, STEP_HEADER,
    TIMESTAMP_HEADER, TOPIC_HEADER,
};
use schemas::topic::Topic;
use schemas::wire;

use crate::config::Config;
use crate::timestamp::Timestamp;

/// Reading fails when no record came for this long.
const SILENCE: Duration = Duration::from_secs(30);

/// The place of a dead letter in its topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(super) partition: i32,
    pub(super) offset: i64,
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (partition, offset) = text.split_once(':')?;
            let (partition, offset) = (partition.parse().ok()?, offset.parse().ok()?);
            (partition >= 0 && offset >= 0).then_some(Self { partition, offset })
        };
        read().ok_or_else(|| format!("{text:?} is not partition:offset"))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.partition, self.offset)
    }
}

/// The record that was given up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Source {
    pub(super) topic: String,
    pub(super) partition: i32,
    pub(super) offset: i64,
    /// When it was appended, in milliseconds since the epoch.
    pub(super) timestamp: i64,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}@{}", self.topic, self.partition, self.offset)
    }
}

/// A dead letter, as its headers describe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DeadLetter {
    pub(super) record: Record,
    pub(super) place: Place,
    pub(super) source: Source,
    /// The step that gave the record up.
    pub(super) step: String,
    pub(super) reason: String,
    pub(super) attempts: u32,
    /// Key, value and headers.
    pub(super) bytes: usize,
}

impl DeadLetter {
    /// Reads the headers; `None` when they do not describe a dead letter.
    fn read(record: Record) -> Option<Self> {
        let text = |name: &str| record.header(name).map(|value| String::from_utf8_lossy(value).into_owned());
        let source = Source {
            topic: text(TOPIC_HEADER)?,
            partition: text(PARTITION_HEADER)?.parse().ok()?,
            offset: text(OFFSET_HEADER)?.parse().ok()?,
            timestamp: text(TIMESTAMP_HEADER)?.parse().ok()?,
        };
        let place = Place { partition: record.partition, offset: record.offset };
        let attempts = text(ATTEMPTS_HEADER)?.parse().ok()?;
        let (step, reason, bytes) = (text(STEP_HEADER)?, text(REASON_HEADER)?, record.size());
        Some(Self { place, source, step, reason, attempts, bytes, record })
    }

    /// The kind within its topic, if its writer said.
    pub(super) fn kind(&self) -> String {
        self.record
            .header(wire::KIND)
            .map(|kind| String::from_utf8_lossy(kind).into_owned())
            .unwrap_or_default()
    }

    /// The place of the earlier dead letter, if this record was requeued from it and given up again.
    pub(super) fn earlier(&self) -> Option<String> {
        self.record.header(REQUEUED_HEADER).map(|place| String::from_utf8_lossy(place).into_owned())
    }
}

/// How often a dead letter was requeued, and when it last was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Requeued {
    pub(super) times: u32,
    /// Milliseconds since the epoch.
    pub(super) last: i64,
}

/// What was found in the topic of dead letters.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) letters: Vec<DeadLetter>,
    pub(super) requeued: BTreeMap<Place, Requeued>,
    /// Number of records that are neither dead letters nor marks of requeued ones.
    pub(super) foreign: usize,
}

impl Found {
    fn take(&mut self, record: Record, keep: &impl Fn(&mut DeadLetter) -> bool) {
        if record.header(TOPIC_HEADER).is_none()
            && let Some(place) = mark(&record)
        {
            let requeued =
                self.requeued.entry(place).or_insert(Requeued { times: 0, last: record.timestamp });
            requeued.times += 1;
            requeued.last = requeued.last.max(record.timestamp);
            return;
        }
        match DeadLetter::read(record) {
            Some(mut letter) => {
                if keep(&mut letter) {
                    self.letters.push(letter);
                }
            }
            None => self.foreign += 1,
        }
    }
}

/// The place of the dead letter that a mark reports as requeued.
fn mark(record: &Record) -> Option<Place> {
    std::str::from_utf8(record.header(REQUEUED_HEADER)?).ok()?.parse().ok()
}

/// Reads the topic from `since` on, partition by partition. Keeps the dead letters for which `keep` is true, oldest first.
pub(super) fn read(
    config: &Config,
    since: Option<Timestamp>,
    keep: impl Fn(&mut DeadLetter) -> bool,
) -> anyhow::Result<Found> {
    let topic = config.topics.of(Topic::DeadLetters);
    let mut reader = Reader::open(&config.kafka, &topic).context("connect")?;
    for (partition, from) in starts(config, &topic, since)? {
        reader.add(partition, from).context("read dead letters")?;
    }
    let mut found = Found::default();
    let mut heard = Instant::now();
    while !reader.is_done() {
        match reader.poll(Duration::from_millis(100)).context("read dead letters")? {
            Read::Record(record) => found.take(record, &keep),
            Read::End(_) => {}
            Read::Nothing if heard.elapsed() > SILENCE => bail!("read dead letters: nothing comes"),
            Read::Nothing => continue,
        }
        heard = Instant::now();
    }
    found.letters.sort_by_key(|letter| (letter.record.timestamp, letter.place));
    Ok(found)
}

/// The offset from which each partition is read. A partition without a record since then is left out.
fn starts(config: &Config, topic: &str, since: Option<Timestamp>) -> anyhow::Result<Vec<(i32, i64)>> {
    let all = 0..config.partitions;
    let Some(Timestamp(since)) = since else { return Ok(all.map(|partition| (partition, 0)).collect()) };
    let partitions: Vec<Partition> = all.map(|index| Partition { topic: topic.into(), index }).collect();
    let group = Group::open(&config.kafka, "huiyin.reader").context("connect")?;
    let found = group.at_time(&partitions, since).context("find the offsets of that time")?;
    Ok(found.into_iter().filter_map(|(partition, at)| Some((partition.index, at?))).collect())
}

/// Reads one dead letter.
pub(super) fn one(config: &Config, place: Place) -> anyhow::Result<DeadLetter> {
    let topic = config.topics.of(Topic::DeadLetters);
    let missing = || format!("there is no dead letter at {place}");
    if place.partition >= config.partitions {
        bail!(missing());
    }
    let mut reader = Reader::open(&config.kafka, &topic).context("connect")?;
    reader.add(place.partition, place.offset).context("read dead letter")?;
    let until = Instant::now() + SILENCE;
    while !reader.is_done() && Instant::now() < until {
        if let Read::Record(record) = reader.poll(Duration::from_millis(100)).context("read dead letter")? {
            return (record.offset == place.offset)
                .then(|| DeadLetter::read(record))
                .flatten()
                .with_context(missing);
        }
    }
    bail!(missing())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_partition_and_an_offset() {
        assert_eq!("3:17".parse(), Ok(Place { partition: 3, offset: 17 }));
        for wrong in ["3", "3:", ":1", "-1:0", "1:-1", "a:b", "1:2:3"] {
            assert!(wrong.parse::<Place>().is_err(), "{wrong}");
        }
    }
}
