//! The tables: which record gives which rows.

mod messages;
mod model_calls;
mod replies;

use std::sync::Arc;

use pipeline::{Record, Refused};
use schemas::decision::Decision;
use schemas::delivery::Delivery;
use schemas::event::Event;
use schemas::topic::Topic;
use schemas::wire::{self, Record as _};

pub(crate) use messages::MessageRow;
pub(crate) use model_calls::ModelCallRow;
pub(crate) use replies::ReplyRow;

use crate::pseudonym::Pseudonyms;
use crate::read::{self, Source};

/// Names of the tables, in the order of their indexes.
pub const TABLES: [&str; 3] = ["messages", "model_calls", "replies"];

pub(crate) const MESSAGES: usize = 0;
pub(crate) const MODEL_CALLS: usize = 1;
pub(crate) const REPLIES: usize = 2;

/// Version of this code, as far as it decides what a row holds. 2: an amount of any size is in `cost`.
pub(crate) const BUILDER: u8 = 2;
/// The oldest version that can still be built: ranges that it opened may be pending.
pub(crate) const OLDEST_BUILDER: u8 = 1;

/// One row of one of the tables.
#[derive(Debug, Clone)]
pub struct Row(pub(crate) Content);

/// What a row holds; shared, since the driver copies the rows of each block.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    Message(Arc<MessageRow>),
    ModelCall(Arc<ModelCallRow>),
    Reply(Arc<ReplyRow>),
}

/// Builds the rows of a record of that topic, which `source` names.
pub(crate) fn rows(
    topic: Topic,
    record: &Record,
    source: Source,
    names: &Pseudonyms,
) -> Result<Vec<(usize, Row)>, Refused> {
    match topic {
        Topic::Decisions if messages::is_of_other_input(record) => Ok(Vec::new()),
        Topic::Decisions => {
            let decision: Decision = read::decode(record)?;
            let row = MessageRow::of(decision, source, names)?;
            Ok(row.map(|row| (MESSAGES, Row(Content::Message(Arc::new(row))))).into_iter().collect())
        }
        Topic::Events if gives_nothing(record) => Ok(Vec::new()),
        Topic::Events => match read::decode(record)? {
            Event::Answered(mut answered) => {
                let attempts = std::mem::take(&mut answered.attempts);
                let all = attempts.len();
                (attempts.into_iter())
                    .map(|attempt| ModelCallRow::of(&answered, (attempt, all), source.clone(), names))
                    .map(|row| Ok((MODEL_CALLS, Row(Content::ModelCall(Arc::new(row?))))))
                    .collect()
            }
            _ => Ok(Vec::new()),
        },
        Topic::Deliveries => {
            let delivery: Delivery = read::decode(record)?;
            let row = ReplyRow::of(delivery, source, names)?;
            Ok(vec![(REPLIES, Row(Content::Reply(Arc::new(row))))])
        }
        _ => Err(Refused::Pause { reason: "unexpected_topic" }),
    }
}

/// By its header it is an event of another kind: its value, with the text of a message, need not be read.
fn gives_nothing(record: &Record) -> bool {
    let kind = record.header(wire::KIND).and_then(|bytes| str::from_utf8(bytes).ok());
    kind.is_some_and(|kind| kind != "answered" && Event::KINDS.contains(&kind))
}

#[cfg(test)]
pub(crate) mod tests;
