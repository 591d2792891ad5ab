//! `replies`: one row per part of an answer that was sent, or could not be.

use clickhouse::Row;
use pipeline::Refused;
use schemas::delivery::{Delivery, DeliveryResult};
use serde::Serialize;
use uuid::Uuid;

use super::{Content, REPLIES, TABLES};
use crate::insert::Stored;
use crate::pseudonym::Pseudonyms;
use crate::read::{Source, moment};

/// One delivery; the columns are described in the table's definition.
#[derive(Debug, Clone, PartialEq, Eq, Row, Serialize)]
pub(crate) struct ReplyRow {
    app: String,
    at: i64,
    #[serde(with = "clickhouse::serde::uuid")]
    answer: Uuid,
    #[serde(with = "clickhouse::serde::uuid")]
    turn: Uuid,
    message: String,
    chat_kind: &'static str,
    conversation: String,
    bot: String,
    part: u16,
    parts: u16,
    characters: u32,
    result: &'static str,
    reason: String,
    easemob_id: String,
    attempts: u16,
    rerun: bool,
    decided_at: i64,
    started_at: i64,
    delivery_ms: i64,
    source_topic: String,
    source_partition: i32,
    source_offset: i64,
    builder: u8,
}

impl ReplyRow {
    /// The row of a delivery.
    pub(super) fn of(delivery: Delivery, source: Source, names: &Pseudonyms) -> Result<Self, Refused> {
        let conversation = &delivery.lane.conversation;
        let result = delivery.result.label();
        let (reason, easemob_id) = match delivery.result {
            DeliveryResult::Sent { easemob_id } => (String::new(), easemob_id),
            DeliveryResult::Undelivered { reason } => (reason, String::new()),
            DeliveryResult::Unknown => (String::new(), String::new()),
        };
        Ok(Self {
            app: conversation.app().to_string(),
            at: moment(delivery.ended_at)?,
            answer: delivery.answer.uuid(),
            turn: delivery.turn.uuid(),
            message: delivery.message.into(),
            chat_kind: conversation.kind().label(),
            conversation: names.of_conversation(conversation),
            bot: delivery.bot.into(),
            part: delivery.part,
            parts: delivery.parts,
            characters: delivery.characters,
            result,
            reason,
            easemob_id,
            attempts: delivery.attempts,
            rerun: delivery.rerun,
            decided_at: moment(delivery.decided_at)?,
            started_at: moment(delivery.started_at)?,
            delivery_ms: delivery.ended_at - delivery.decided_at,
            source_topic: source.topic,
            source_partition: source.partition,
            source_offset: source.offset,
            builder: source.builder,
        })
    }
}

impl Stored for ReplyRow {
    const TABLE: &'static str = TABLES[REPLIES];

    fn of(row: &crate::Row) -> Option<&Self> {
        match &row.0 {
            Content::Reply(row) => Some(row),
            Content::Message(_) | Content::ModelCall(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
