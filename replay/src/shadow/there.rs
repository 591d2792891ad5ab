//! What is in the topics of a replay: its manifest, its journal, its results, and the ids of all records.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use pipeline::Record;
use pipeline::kafka::{self, Config, Partition, scan};
use schemas::answered::Answered;
use schemas::event::Event;
use schemas::ids::RequestId;
use schemas::wire;

use super::words::{WORD, Word};
use super::writer::id_of;
use super::{Kind, Names};
use crate::range::{FORM, Manifest};
use crate::results::{End, Judged, Line, Results, TurnResult};

/// Longest time in which a partition is read.
const BOUND: Duration = Duration::from_secs(600);
/// The kind of the record that holds the manifest.
pub(crate) const MANIFEST: &str = "manifest";

/// Topics of a replay that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ThereError {
    /// The brokers refuse.
    #[error("read {topic}")]
    Kafka {
        /// The topic.
        topic: String,
        /// What they say.
        #[source]
        source: kafka::Error,
    },
    /// A record is none of a replay's, or one of a newer version.
    #[error("read {topic}/{partition}@{offset}: {what}")]
    Record {
        /// The topic.
        topic: String,
        /// Its partition.
        partition: i32,
        /// Its offset.
        offset: i64,
        /// What is wrong with it.
        what: String,
    },
    /// The topics are there and have no manifest.
    #[error("replay {0:?} has no manifest: it was ended before it began")]
    NoManifest(String),
}

impl ThereError {
    /// A closed label for counters.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Kafka { .. } => "kafka",
            Self::Record { .. } => "record",
            Self::NoManifest(_) => "no_manifest",
        }
    }
}

/// How requests ended that were asked of models.
pub type Journal = HashMap<RequestId, Answered>;

/// The manifest of a replay, if it has one.
pub type Manifested = Option<Manifest>;

fn read(
    config: &Config,
    topic: &str,
    partition: i32,
    mut take: impl FnMut(Record) -> Result<(), String>,
) -> Result<(), ThereError> {
    let log = Partition { topic: topic.into(), index: partition };
    let mut failed = None;
    let scanned = scan(config, &log, 0, BOUND, |record| {
        let offset = record.offset;
        if failed.is_none() {
            failed = take(record).err().map(|what| (offset, what));
        }
    });
    scanned.map_err(|source| ThereError::Kafka { topic: topic.to_owned(), source })?;
    match failed {
        None => Ok(()),
        Some((offset, what)) => Err(ThereError::Record { topic: topic.to_owned(), partition, offset, what }),
    }
}

/// Reads the manifest. Blocks.
///
/// # Errors
/// [`ThereError`].
pub fn manifest(config: &Config, names: &Names) -> Result<Manifested, ThereError> {
    let mut found = None;
    read(config, &names.of(Kind::Results), 0, |record| {
        if found.is_none() && record.header(wire::KIND) == Some(MANIFEST.as_bytes()) {
            found = Some(read_manifest(record.value.as_deref().unwrap_or_default())?);
        }
        Ok(())
    })?;
    Ok(found)
}

fn read_manifest(value: &[u8]) -> Result<Manifest, String> {
    // The form comes first: the rest of a newer one may be unreadable.
    let json: serde_json::Value = serde_json::from_slice(value).map_err(|error| error.to_string())?;
    let form = json.get("form").and_then(serde_json::Value::as_u64).unwrap_or(u64::MAX);
    if form > u64::from(FORM) {
        return Err(format!("its manifest has form {form}, and this version reads form {FORM}"));
    }
    serde_json::from_value(json).map_err(|error| error.to_string())
}

/// Ids of all records of one partition, by topic. Blocks.
///
/// # Errors
/// [`ThereError`].
pub fn ids(
    config: &Config,
    names: &Names,
    partition: i32,
) -> Result<HashMap<Kind, HashSet<u128>>, ThereError> {
    let mut all = HashMap::new();
    for kind in Kind::ALL {
        let mut ids = HashSet::new();
        read(config, &names.of(kind), partition, |record| {
            ids.extend(record.header(wire::ID).map(id_of));
            Ok(())
        })?;
        all.insert(kind, ids);
    }
    Ok(all)
}

/// Reads the journal of one partition. Blocks.
///
/// # Errors
/// [`ThereError`].
pub fn journal(config: &Config, names: &Names, partition: i32) -> Result<Journal, ThereError> {
    let mut journal = Journal::new();
    read(config, &names.of(Kind::Outcomes), partition, |record| {
        match wire::decode(|name| record.header(name), record.value.as_deref()) {
            Ok(Event::Answered(answered)) => {
                journal.entry(answered.request).or_insert(answered);
                Ok(())
            }
            Ok(_) => Err("it is no outcome".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    })?;
    Ok(journal)
}

/// Reads the results of a replay. Blocks.
///
/// # Errors
/// [`ThereError`].
pub fn results(config: &Config, names: &Names, partitions: i32) -> Result<Results, ThereError> {
    let topic = names.of(Kind::Results);
    let mut lines = Lines::default();
    for partition in 0..partitions {
        read(config, &topic, partition, |record| lines.take(&record))?;
    }
    lines.results().ok_or_else(|| ThereError::NoManifest(names.name().to_string()))
}

/// Lines of results, in any order of their partitions.
#[derive(Default)]
pub(super) struct Lines {
    head: Option<crate::results::Head>,
    turns: Vec<TurnResult>,
    seen: HashSet<String>,
    /// What the judge said last, by turn.
    words: HashMap<String, Judged>,
    /// The end of the run that ended last: a replay may have been gone on with.
    end: Option<End>,
}

impl Lines {
    pub(super) fn take(&mut self, record: &Record) -> Result<(), String> {
        let value = record.value.as_deref().unwrap_or_default();
        if record.header(wire::KIND) == Some(MANIFEST.as_bytes()) {
            // Its own head may be missing: a launch may have died between the two records.
            self.head.get_or_insert(read_manifest(value)?.head());
            return Ok(());
        }
        if record.header(wire::KIND) == Some(WORD.as_bytes()) {
            let Word { turn, judged } = serde_json::from_slice(value).map_err(|error| error.to_string())?;
            self.words.insert(turn, judged);
            return Ok(());
        }
        match serde_json::from_slice(value) {
            Ok(Line::Head(head)) => drop(self.head.get_or_insert(*head)),
            Ok(Line::Turn(turn)) if self.seen.insert(turn.turn.clone()) => self.turns.push(*turn),
            Ok(Line::Turn(_)) => {}
            Ok(Line::End(end)) => self.end = Some(end),
            Err(error) => return Err(error.to_string()),
        }
        Ok(())
    }

    pub(super) fn results(mut self) -> Option<Results> {
        for turn in &mut self.turns {
            turn.judged = self.words.remove(&turn.turn).or(turn.judged.take());
        }
        Some(Results { head: self.head?, turns: self.turns, end: self.end })
    }
}
