//! Snapshots: the states of every partition at a time of the log, as topic `states` has entries. A replay that starts from one needs no warm-up.
//!
//! A snapshot is a folder with a file for each partition: a line that says where it stands, then a line for each entry.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use conversation::States;
use pipeline::fold::Fold;
use schemas::Millis;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::work::LaunchError;
use crate::range::Span;
use crate::world::Line;

/// The form that this build writes, and the only one that it reads.
const FORM: u32 = 1;

/// Where a snapshot of a partition stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The form of the file.
    pub form: u32,
    /// The partition.
    pub partition: i32,
    /// The first record that is not folded in.
    pub offset: i64,
    /// The time that was asked for.
    pub at: Millis,
    /// Incarnation of the topics.
    pub incarnation: String,
}

impl Place {
    /// Of a partition, in the form of this build.
    pub fn new(partition: i32, offset: i64, at: Millis, incarnation: &str) -> Self {
        Self { form: FORM, partition, offset, at, incarnation: incarnation.to_owned() }
    }
}

#[derive(Serialize, Deserialize)]
struct Entry {
    key: String,
    value: String,
}

/// The file of a partition.
fn path(folder: &Path, partition: i32) -> PathBuf {
    folder.join(format!("partition-{partition}.jsonl"))
}

fn failed(partition: i32, error: impl std::fmt::Display) -> LaunchError {
    LaunchError::States { partition, what: error.to_string() }
}

/// Writes the states of a partition, which hold what people said, for the owner of the file alone. Gives how many entries they are.
///
/// # Errors
/// [`LaunchError::States`].
pub fn store(folder: &Path, line: &Line, place: &Place, states: &States) -> Result<usize, LaunchError> {
    let partition = place.partition;
    let write = || -> std::io::Result<usize> {
        let mut file = BufWriter::new(common::private::create(&path(folder, partition))?);
        let fold = line.fold();
        let mut conversations: Vec<_> = states.conversations.iter().collect();
        conversations.sort_by_key(|(key, _)| *key);
        let (key, value) = fold.snapshot_control(&states.control);
        let mut entries = vec![(key, Some(value))];
        for (key, state) in conversations {
            entries.extend(fold.snapshot(key, None, Some(state)));
        }
        writeln!(file, "{}", serde_json::to_string(place)?)?;
        let mut written = 0;
        for (key, value) in entries {
            let Some(value) = value else { continue };
            let text = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(std::io::Error::other);
            let entry = Entry { key: text(key)?, value: text(value)? };
            writeln!(file, "{}", serde_json::to_string(&entry)?)?;
            written += 1;
        }
        file.flush()?;
        Ok(written)
    };
    write().map_err(|error| failed(partition, error))
}

/// Where the snapshot of a partition stands.
///
/// # Errors
/// [`LaunchError::States`] when there is none, or one of another form.
pub fn place(folder: &Path, partition: i32) -> Result<Place, LaunchError> {
    let mut lines = lines(folder, partition)?;
    let first =
        lines.next().unwrap_or_else(|| Ok(String::new())).map_err(|error| failed(partition, error))?;
    let place: Place = serde_json::from_str(&first).map_err(|error| failed(partition, error))?;
    if place.form != FORM || place.partition != partition {
        return Err(failed(partition, "it is of another form or partition"));
    }
    Ok(place)
}

/// The states of a partition.
///
/// # Errors
/// [`LaunchError::States`] when they cannot be read.
pub fn restore(folder: &Path, line: &Line, span: Span) -> Result<States, LaunchError> {
    let partition = span.partition;
    let mut entries = Vec::new();
    for text in lines(folder, partition)?.skip(1) {
        let text = text.map_err(|error| failed(partition, error))?;
        let entry: Entry = serde_json::from_str(&text).map_err(|error| failed(partition, error))?;
        entries.push(entry);
    }
    let entries = entries.iter().map(|entry| (entry.key.as_bytes(), entry.value.as_bytes()));
    States::restore(&mut line.fold(), entries).map_err(|error| failed(partition, error))
}

fn lines(folder: &Path, partition: i32) -> Result<std::io::Lines<BufReader<File>>, LaunchError> {
    let file = File::open(path(folder, partition)).map_err(|error| failed(partition, error))?;
    Ok(BufReader::new(file).lines())
}

/// The hash of a whole snapshot, by which a replay knows it again.
///
/// # Errors
/// [`LaunchError::States`] when a partition is missing.
pub fn hash(folder: &Path, partitions: i32) -> Result<String, LaunchError> {
    let mut hash = Sha256::new();
    for partition in 0..partitions {
        hash.update(std::fs::read(path(folder, partition)).map_err(|error| failed(partition, error))?);
    }
    Ok(hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests;
