//! What the line decided on a message of its log, told in full: its partition is folded again up to there.

use std::sync::Arc;

use catalogue::HashKeys;
use decide::Output;
use pipeline::Record;
use pipeline::kafka::{self, Partition};
use schemas::conversation::Conversation;
use schemas::decision::{Decision, Ruling};
use schemas::event::{Event, Message};
use schemas::ids::BundleHash;
use schemas::line::Line;
use schemas::topic::Topic;
use schemas::wire;

use crate::refold::{BOUND, RefoldError, crashed};
use crate::written::output;
use crate::{Bundles, BundlesError, Conversations, Deployment, Ready, Replay, Settings};

/// A message of the log, and what followed from it.
#[derive(Debug)]
pub struct Looked {
    /// The message.
    pub message: Message,
    /// What the line wrote for it: with the record of the message, and if that had to wait, with the one that ended the wait.
    pub outputs: Vec<Output>,
    /// The bundle that held.
    pub bundle: Option<Arc<Ready>>,
    /// The first records of its partition are gone, so that what they left in the conversation is not known.
    pub cold: bool,
}

/// A log that cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// No message has the id.
    #[error("no message {0} is in topic events; it may be older than the topic keeps")]
    Missing(String),
    /// A partition cannot be read or folded.
    #[error(transparent)]
    Refold(#[from] RefoldError),
    /// The bundle that held cannot be had.
    #[error(transparent)]
    Bundle(#[from] BundlesError),
}

impl LookError {
    /// A closed label for counters.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Missing(_) => "missing",
            Self::Refold(error) => error.label(),
            Self::Bundle(error) => error.label(),
        }
    }
}

/// Where a message is in the log.
struct Place {
    partition: i32,
    offset: i64,
    first: i64,
    message: Message,
}

/// Looks for a message by its id, in full or as Easemob has it, and folds its partition up to what was decided on it. Blocks.
///
/// # Errors
/// [`LookError`] when it is not there, or its partition cannot be folded.
pub fn look(
    deployment: &Deployment,
    settings: &Settings,
    keys: &HashKeys,
    id: &str,
) -> Result<Looked, LookError> {
    let Some(place) = find(deployment, id)? else { return Err(LookError::Missing(id.to_owned())) };
    let bundles = Arc::new(Bundles::new(deployment.kafka.clone(), &deployment.topics, keys.clone()));
    let fold = Conversations::new(deployment, Arc::clone(&bundles)).telling_all();
    let replay = Replay::new(deployment, settings, fold, place.partition).map_err(RefoldError::Name)?;
    let mut search = Search { replay, outputs: Vec::new(), stopped: None, is_done: false, place: &place };
    search.replay.skip_crashed(crashed(deployment, place.partition)?);
    scan(deployment, place.partition, place.first, |record| search.take(deployment, &record))?;
    if let Some(error) = search.stopped {
        return Err(RefoldError::Fold(error).into());
    }
    let held = search.outputs.iter().find_map(|output| decision(output)?.bundle.clone());
    let bundle = held.map(|hash: BundleHash| bundles.get(&hash)).transpose()?;
    let (outputs, cold) = (search.outputs, place.first > 0);
    Ok(Looked { message: place.message, outputs, bundle, cold })
}

/// The first record of a message with that id.
fn find(deployment: &Deployment, id: &str) -> Result<Option<Place>, RefoldError> {
    let topic = deployment.topics.of(Topic::Events);
    let partitions: Vec<Partition> =
        (0..deployment.partitions).map(|index| Partition { topic: topic.as_str().into(), index }).collect();
    let logs = kafka::watermarks(&deployment.kafka, &partitions).map_err(RefoldError::Watermarks)?;
    for (partition, (first, _)) in (0..deployment.partitions).zip(logs) {
        let mut found = None;
        scan(deployment, partition, first, |record| {
            // Most records are about other messages: their headers say so.
            let is_it = record.header(wire::ID).is_some_and(|known| is_of(known, id));
            if let Some(message) = Some(&record).filter(|_| is_it && found.is_none()).and_then(message_of) {
                found = Some(Place { partition, offset: record.offset, first, message });
            }
        })?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Whether the id of a record is that of a message with this id.
fn is_of(record: &[u8], id: &str) -> bool {
    let record = String::from_utf8_lossy(record);
    let message = record.strip_suffix(":message").or_else(|| record.strip_suffix(":missed"));
    message.is_some_and(|message| message == id || message.rsplit('/').next() == Some(id))
}

fn message_of(record: &Record) -> Option<Message> {
    Line::Real.admit(|name| record.header(name)).ok()?;
    match wire::decode(|name| record.header(name), record.value.as_deref()) {
        Ok(Event::Message(message) | Event::Missed(message)) => Some(message),
        _ => None,
    }
}

fn scan(
    deployment: &Deployment,
    partition: i32,
    from: i64,
    take: impl FnMut(Record),
) -> Result<(), RefoldError> {
    let topic = deployment.topics.of(Topic::Events);
    let log = Partition { topic: topic.as_str().into(), index: partition };
    kafka::scan(&deployment.kafka, &log, from, BOUND, take).map(drop).map_err(|source| RefoldError::Read {
        topic,
        partition,
        source,
    })
}

/// The fold on its way to what was decided on a message.
struct Search<'a> {
    replay: Replay,
    outputs: Vec<Output>,
    stopped: Option<pipeline::fold::RefoldError>,
    is_done: bool,
    place: &'a Place,
}

impl Search<'_> {
    fn take(&mut self, deployment: &Deployment, record: &Record) {
        if self.is_done || self.stopped.is_some() {
            return;
        }
        let written = match self.replay.feed(record) {
            Ok(written) => written,
            Err(error) => return self.stopped = Some(error),
        };
        if record.offset < self.place.offset {
            return;
        }
        let read = written.iter().filter_map(|written| output(&deployment.topics, written).ok());
        let lane = self.outputs.iter().find_map(|output| decision(output)?.lane.clone());
        let ours = |output: &Output| of(output) == Some(&self.place.message.conversation);
        let written: Vec<Output> = read.collect();
        // Behind its own record it is the next question of its lane that ends the wait.
        let opens = |output: &Output| {
            decision(output).is_some_and(|decision| decision.lane == lane && decision.ruling != Ruling::Waits)
        };
        if record.offset == self.place.offset || written.iter().any(opens) {
            self.outputs.extend(written.into_iter().filter(ours));
            let last = self.outputs.iter().rev().find_map(decision);
            self.is_done = last.is_none_or(|decision| decision.ruling != Ruling::Waits);
        }
    }
}

/// The conversation that a record is about; money is not looked at.
fn of(output: &Output) -> Option<&Conversation> {
    Some(match output {
        Output::Decision(decision) => &decision.conversation,
        Output::Request(request) => &request.lane.conversation,
        Output::Cancel(cancel) => &cancel.lane.conversation,
        Output::Answer(answer) => &answer.lane.conversation,
        Output::Retract(retract) => &retract.lane.conversation,
        Output::Ledger(_) => return None,
    })
}

fn decision(output: &Output) -> Option<&Decision> {
    match output {
        Output::Decision(decision) => Some(decision),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_meant_by_its_whole_id_or_by_easemobs() {
        for (record, id, expected) in [
            ("acme#support/chat/7:message", "acme#support/chat/7", true),
            ("acme#support/chat/7:missed", "7", true),
            ("acme#support/chat/17:message", "7", false),
            ("acme#support/chat/7:recall", "7", false),
            ("config:abc:5", "5", false),
        ] {
            assert_eq!(is_of(record.as_bytes(), id), expected, "{record} {id}");
        }
    }
}
