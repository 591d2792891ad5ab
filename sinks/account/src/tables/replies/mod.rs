//! `replies`: one row per part of an answer that was sent, or could not be, and one per part that was to be taken back.

use clickhouse::Row;
use pipeline::Refused;
use schemas::delivery::{Delivery, DeliveryResult};
use schemas::topic::Topic;
use serde::Serialize;
use uuid::Uuid;

use super::{AT, Counts, Definition, Migration, Table, WHOLE};
use crate::fact::{Fact, Unread};
use crate::pseudonym::Pseudonyms;
use crate::source::Source;
use crate::value::timestamp;

pub(super) struct Replies;

impl Table for Replies {
    const DEFINITION: &'static Definition = &Definition {
        name: "replies",
        row: "one part of an answer that was sent, or could not be; or its retraction",
        retention_days: 400,
        moment: AT,
        migrations: &[
            Migration { number: 3, name: "0003_replies", template: include_str!("0003_replies.sql") },
            Migration { number: 12, name: "0012_reply_user", template: include_str!("0012_reply_user.sql") },
        ],
        counts: Some(Counts { label: "result", ordinal: "0" }),
    };
    const SINCE: u8 = 1;

    type Row = ReplyRow;
    type Rows = Option<ReplyRow>;

    fn takes(unread: Unread<'_>) -> bool {
        unread.topic == Topic::Deliveries
    }

    fn of(fact: &Fact, source: Source<'_>, names: &Pseudonyms) -> Result<Self::Rows, Refused> {
        match fact {
            Fact::Delivery(delivery) => ReplyRow::of(delivery, source, names).map(Some),
            _ => Ok(None),
        }
    }
}

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
    user: String,
    source_topic: String,
    source_partition: i32,
    source_offset: i64,
    builder: u8,
}

impl ReplyRow {
    fn of(delivery: &Delivery, source: Source<'_>, names: &Pseudonyms) -> Result<Self, Refused> {
        let conversation = &delivery.lane.conversation;
        let easemob_id = match &delivery.result {
            DeliveryResult::Sent { easemob_id } => easemob_id.as_str(),
            _ => "",
        };
        let reason = delivery.result.reason().unwrap_or_default();
        let user = delivery.lane.sender.as_ref().or(conversation.user());
        let user = user.filter(|_| source.builder >= WHOLE);
        Ok(Self {
            app: conversation.app().to_string(),
            at: timestamp(delivery.ended_at)?,
            answer: delivery.answer.uuid(),
            turn: delivery.turn.uuid(),
            message: delivery.message.to_string(),
            chat_kind: conversation.kind().label(),
            conversation: names.of_conversation(conversation),
            bot: delivery.bot.to_string(),
            part: delivery.part,
            parts: delivery.parts,
            characters: delivery.characters,
            result: delivery.result.label(),
            reason: reason.to_owned(),
            easemob_id: easemob_id.to_owned(),
            attempts: delivery.attempts,
            rerun: delivery.rerun,
            decided_at: timestamp(delivery.decided_at)?,
            started_at: timestamp(delivery.started_at)?,
            delivery_ms: delivery.ended_at - delivery.decided_at,
            user: user.map(|user| names.of_user(conversation.app(), user)).unwrap_or_default(),
            source_topic: source.topic.to_owned(),
            source_partition: source.partition,
            source_offset: source.offset,
            builder: source.builder,
        })
    }
}

#[cfg(test)]
mod tests;
