//! The result of a part, and how it is written into `deliveries`.

use std::sync::Arc;

use pipeline::call::Done;
use pipeline::{Outgoing, Record};
use schemas::Millis;
use schemas::answer::Answer;
use schemas::conversation::Lane;
use schemas::delivery::{Delivery, DeliveryResult};
use schemas::ids::{AnswerId, EventId, MessageId, TurnId, UserId};
use schemas::retract::Retract;
use schemas::wire;

use crate::metrics;
use crate::work::{Work, is_retract};

/// Where results go.
#[derive(Debug, Clone)]
pub struct Output {
    /// The deployment's topic `deliveries`.
    pub topic: Arc<str>,
    /// Who writes, such as `/huiyin/demo/deliver`.
    pub source: String,
}

/// The part that a result is about.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    /// Of the result.
    id: EventId,
    pub(crate) answer: AnswerId,
    turn: TurnId,
    lane: Lane,
    bot: UserId,
    message: MessageId,
    part: u16,
    parts: u16,
    decided_at: Millis,
}

/// How a part ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) result: DeliveryResult,
    pub(crate) characters: u32,
    pub(crate) attempts: u16,
    pub(crate) rerun: bool,
    pub(crate) started_at: Millis,
    pub(crate) ended_at: Millis,
}

impl From<&Answer> for Subject {
    fn from(answer: &Answer) -> Self {
        Self {
            id: EventId::derive(&answer.id.to_string(), 0),
            answer: answer.id,
            turn: answer.turn,
            lane: answer.lane.clone(),
            bot: answer.bot.clone(),
            message: answer.message.clone(),
            part: answer.part,
            parts: answer.parts,
            decided_at: answer.decided_at,
        }
    }
}

impl From<&Retract> for Subject {
    fn from(retract: &Retract) -> Self {
        Self {
            id: EventId::derive(&retract.id.to_string(), 0),
            answer: retract.answer,
            turn: retract.turn,
            lane: retract.lane.clone(),
            bot: retract.bot.clone(),
            message: retract.message.clone(),
            part: retract.part,
            parts: retract.parts,
            decided_at: retract.decided_at,
        }
    }
}

impl Subject {
    /// From the value, or from headers and key when the value cannot be read.
    pub(crate) fn of(record: &Record) -> Option<Self> {
        match Work::read(record) {
            Ok(Work::Part(answer)) => Some(Self::from(&answer)),
            Ok(Work::Retract(retract)) => Some(Self::from(&retract)),
            // Only the value of a retract names its part.
            Err(_) if is_retract(record) => None,
            Err(_) => Self::of_headers(record),
        }
    }

    /// The headers do not say which part it is, and only the key of a 1:1 conversation names the bot.
    fn of_headers(record: &Record) -> Option<Self> {
        let text = |name: &str| record.header(name).and_then(|bytes| std::str::from_utf8(bytes).ok());
        let lane: Lane = std::str::from_utf8(record.key.as_deref()?).ok()?.parse().ok()?;
        let answer = AnswerId::parse(text(wire::ID)?).ok()?;
        Some(Self {
            id: EventId::derive(&answer.to_string(), 0),
            answer,
            turn: TurnId::parse(text(wire::TURN)?).ok()?,
            bot: lane.conversation.bot()?.clone(),
            lane,
            message: MessageId::new(text(wire::MESSAGE)?).ok()?,
            part: 1,
            parts: 1,
            decided_at: record.timestamp,
        })
    }
}

impl Output {
    /// The one record that ends the part, on the partition that it came from.
    pub(crate) fn write(&self, record: &Record, subject: Subject, ended: Ended) -> Done {
        let delivery = Delivery {
            id: subject.id,
            answer: subject.answer,
            turn: subject.turn,
            lane: subject.lane,
            bot: subject.bot,
            message: subject.message,
            part: subject.part,
            parts: subject.parts,
            characters: ended.characters,
            result: ended.result,
            attempts: ended.attempts,
            rerun: ended.rerun,
            decided_at: subject.decided_at,
            started_at: ended.started_at,
            // The wall clock may have been set back meanwhile.
            ended_at: ended.ended_at.max(ended.started_at),
        };
        match wire::encode(&delivery, &self.source) {
            Ok(encoded) => Done {
                outputs: vec![Outgoing {
                    topic: Arc::clone(&self.topic),
                    partition: record.partition,
                    key: encoded.key,
                    headers: encoded.headers,
                    value: Some(encoded.value),
                }],
            },
            Err(error) => unwritten(record, &error.to_string()),
        }
    }
}

/// Nothing can be written; the dead letter, if there is one, is the only trace.
pub(crate) fn unwritten(record: &Record, why: &str) -> Done {
    tracing::error!(partition = record.partition, offset = record.offset, why, "part ends without a result");
    metrics::unwritten();
    Done::default()
}
