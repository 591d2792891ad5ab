//! Folds `events` again from the first offset, with fresh state, and compares every decision byte by byte.

use std::sync::Arc;
use std::time::Duration;

use catalogue::HashKeys;
use pipeline::kafka::{NameError, Partition};
use pipeline::{Outgoing, Record, fold, kafka};
use schemas::line::Line;
use schemas::topic::Topic;
use schemas::wire;
use serde::Serialize;

use crate::{Bundles, Conversations, Deployment, Replay, Settings};

/// Longest time in which a partition is read.
pub(crate) const BOUND: Duration = Duration::from_secs(600);
/// Differences that are described; the rest is only counted.
const DESCRIBED: usize = 10;

/// What came of folding again.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Partitions that were folded.
    pub partitions: i32,
    /// Records of `events` that were folded.
    pub records: u64,
    /// Decisions that were compared.
    pub compared: u64,
    /// Decisions that differ, are missing, or are there without a cause.
    pub differ: u64,
    /// Partitions whose first records are gone: their states cannot be had, so they start cold.
    pub cold: Vec<i32>,
    /// The first differences.
    pub differences: Vec<String>,
}

impl Report {
    /// Every partition was folded from its first record, and every decision is the same.
    pub fn ok(&self) -> bool {
        self.differ == 0 && self.cold.is_empty()
    }

    /// The report as one line, and one for each described difference.
    pub fn to_text(&self) -> String {
        let mut text = format!(
            "refold: {} partitions, {} records, {} decisions compared, {} differ\n",
            self.partitions, self.records, self.compared, self.differ
        );
        if !self.cold.is_empty() {
            text.push_str(&format!("cold: partitions {:?} have lost their first records\n", self.cold));
        }
        for difference in &self.differences {
            text.push_str(difference);
            text.push('\n');
        }
        text
    }

    fn compare(&mut self, partition: i32, stored: &[Record], folded: &[Outgoing]) {
        for index in 0..stored.len().max(folded.len()) {
            self.compared += 1;
            let what = match (stored.get(index), folded.get(index)) {
                (Some(stored), Some(folded)) if same(stored, folded) => continue,
                (Some(stored), Some(_)) => format!("decision at offset {} differs", stored.offset),
                (Some(stored), None) => {
                    format!("decision at offset {} has no cause in events", stored.offset)
                }
                (None, _) => format!("decision {index} is missing in the topic"),
            };
            self.differ += 1;
            if self.differences.len() < DESCRIBED {
                self.differences.push(format!("partition {partition}: {what}"));
            }
        }
    }
}

/// Whether a decision is the same to the byte, whatever version of the program decided.
fn same(stored: &Record, folded: &Outgoing) -> bool {
    let of_stored = stored.headers.iter().filter(|(name, _)| *name != wire::VERSION);
    let of_folded = folded.headers.iter().map(|(name, value)| (name.as_ref(), value.as_slice()));
    stored.value == folded.value && stored.key == folded.key && of_stored.eq(of_folded)
}

/// A log that cannot be folded again.
#[derive(Debug, thiserror::Error)]
pub enum RefoldError {
    /// The deployment's name cannot be used.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The ends of the log are not told.
    #[error("ask watermarks")]
    Watermarks(#[source] kafka::Error),
    /// A partition cannot be read.
    #[error("read {topic}/{partition}")]
    Read {
        /// Its topic.
        topic: String,
        /// Its number.
        partition: i32,
        /// What Kafka says.
        #[source]
        source: kafka::Error,
    },
    /// The fold stops at a record.
    #[error(transparent)]
    Fold(#[from] fold::RefoldError),
}

impl RefoldError {
    /// A closed label for counters.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Name(_) => "name",
            Self::Watermarks(_) => "watermarks",
            Self::Read { .. } => "read",
            Self::Fold(_) => "fold",
        }
    }
}

/// Folds every partition again and compares. Blocks. `settings` must be those of the line that wrote the log, and `keys` hold those under
/// which its bundles hash.
///
/// # Errors
/// [`RefoldError`] when a partition cannot be read or folded to its end.
pub fn refold(deployment: &Deployment, settings: &Settings, keys: &HashKeys) -> Result<Report, RefoldError> {
    let bundles = Arc::new(Bundles::new(deployment.kafka.clone(), &deployment.topics, keys.clone()));
    let (events, decisions) = (deployment.topics.of(Topic::Events), deployment.topics.of(Topic::Decisions));
    let mut report = Report::default();
    let partitions: Vec<Partition> =
        (0..deployment.partitions).map(|index| Partition { topic: events.as_str().into(), index }).collect();
    let logs = kafka::watermarks(&deployment.kafka, &partitions).map_err(RefoldError::Watermarks)?;
    for (partition, (low, _)) in (0..deployment.partitions).zip(logs) {
        report.partitions += 1;
        if low > 0 {
            report.cold.push(partition);
            continue;
        }
        let fold = Conversations::new(deployment, Arc::clone(&bundles));
        let mut again = Replay::new(deployment, settings, fold, partition)?;
        again.skip_crashed(crashed(deployment, partition)?);
        let mut folded = Vec::new();
        for record in read(deployment, &events, partition)? {
            report.records += 1;
            let outputs = again.feed(&record)?;
            folded.extend(outputs.into_iter().filter(|output| *output.topic == *decisions));
        }
        let mut stored = read(deployment, &decisions, partition)?;
        // What a replay decided, and somebody copied here, was decided by nobody of this line.
        stored.retain(|record| Line::Real.admit(|name| record.header(name)).is_ok());
        report.compare(partition, &stored, &folded);
    }
    Ok(report)
}

/// Offsets of `events` that the running line gave up because they ended the process three times. Blocks.
///
/// # Errors
/// [`RefoldError`] when the dead letters cannot be read.
pub fn crashed(deployment: &Deployment, partition: i32) -> Result<Vec<i64>, RefoldError> {
    let events = deployment.topics.of(Topic::Events);
    let letters = read(deployment, &deployment.topics.of(Topic::DeadLetters), partition)?;
    let text =
        |record: &Record, name: &str| record.header(name).map(|v| String::from_utf8_lossy(v).into_owned());
    let of_fold = |record: &&Record| {
        text(record, pipeline::REASON_HEADER).is_some_and(|reason| reason == "crashed")
            && text(record, pipeline::TOPIC_HEADER).is_some_and(|topic| topic == events)
    };
    Ok(letters
        .iter()
        .filter(of_fold)
        .filter_map(|r| text(r, pipeline::OFFSET_HEADER)?.parse().ok())
        .collect())
}

fn read(deployment: &Deployment, topic: &str, partition: i32) -> Result<Vec<Record>, RefoldError> {
    let mut records = Vec::new();
    let log = kafka::Partition { topic: topic.into(), index: partition };
    kafka::scan(&deployment.kafka, &log, 0, BOUND, |record| records.push(record))
        .map_err(|source| RefoldError::Read { topic: topic.to_owned(), partition, source })?;
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(value: &str) -> Record {
        Record {
            topic: "decisions".into(),
            partition: 0,
            offset: 7,
            timestamp: 1,
            key: None,
            headers: pipeline::Headers::default(),
            value: Some(value.into()),
        }
    }

    fn folded(value: &str) -> Outgoing {
        Outgoing {
            topic: "decisions".into(),
            partition: 0,
            key: None,
            headers: Vec::new(),
            value: Some(value.into()),
        }
    }

    #[test]
    fn equal_bytes_are_no_difference() {
        let mut report = Report::default();
        report.compare(0, &[stored("a"), stored("b")], &[folded("a"), folded("b")]);
        assert!(report.ok() && report.compared == 2, "{report:?}");
    }

    #[test]
    fn another_byte_a_missing_and_an_uncaused_decision_are_differences() {
        for (there, again) in
            [(vec![stored("a")], vec![folded("b")]), (vec![], vec![folded("a")]), (vec![stored("a")], vec![])]
        {
            let mut report = Report::default();
            report.compare(3, &there, &again);
            assert!(!report.ok() && report.differ == 1 && report.differences.len() == 1, "{report:?}");
        }
    }

    #[test]
    fn a_partition_that_starts_cold_is_not_called_equal() {
        assert!(!Report { cold: vec![2], ..Report::default() }.ok());
    }
}
