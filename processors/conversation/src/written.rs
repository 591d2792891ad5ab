//! Records of the fold, read back from their bytes.

use decide::Output;
use pipeline::{Outgoing, REASON_HEADER};
use schemas::cancel::Cancel;
use schemas::retract::Retract;
use schemas::topic::{Topic, TopicNames};
use schemas::wire::{self, DecodeError, Record};

/// What the fold wrote, and nobody can go on with.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// Its form is not that of its topic.
    #[error("read what the fold wrote")]
    Decode(#[from] DecodeError),
    /// The input was refused.
    #[error("the line refuses the record: {0}")]
    DeadLetter(String),
    /// The fold writes no such topic.
    #[error("the fold wrote to {0}")]
    Topic(String),
}

/// The record of a topic of this deployment that the fold writes.
///
/// # Errors
/// [`Unread`] when it is none, or a dead letter.
pub fn output(topics: &TopicNames, written: &Outgoing) -> Result<Output, Unread> {
    let is = |topic: Topic| *written.topic == *topics.of(topic);
    let kind = header(written, wire::KIND).unwrap_or_default();
    let is_kind = |kinds: &[&str]| kinds.iter().any(|known| known.as_bytes() == kind);
    Ok(if is(Topic::Decisions) {
        Output::Decision(Box::new(read(written)?))
    } else if is(Topic::Requests) && is_kind(Cancel::KINDS) {
        Output::Cancel(read(written)?)
    } else if is(Topic::Requests) {
        Output::Request(read(written)?)
    } else if is(Topic::Answers) && is_kind(Retract::KINDS) {
        Output::Retract(read(written)?)
    } else if is(Topic::Answers) {
        Output::Answer(read(written)?)
    } else if is(Topic::Ledger) {
        Output::Ledger(read(written)?)
    } else if is(Topic::DeadLetters) {
        let reason = header(written, REASON_HEADER).unwrap_or_default();
        return Err(Unread::DeadLetter(String::from_utf8_lossy(reason).into_owned()));
    } else {
        return Err(Unread::Topic(written.topic.to_string()));
    })
}

fn read<R: Record>(written: &Outgoing) -> Result<R, DecodeError> {
    wire::decode(|name| header(written, name), written.value.as_deref())
}

fn header<'a>(written: &'a Outgoing, name: &str) -> Option<&'a [u8]> {
    written.headers.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_slice())
}
