//! `replies`: one row per part of an answer that was sent, or could not be, and one per part that was to be taken back.

use clickhouse::Row;
use pipeline::Refused;
use schemas::topic::Topic;
use serde::Serialize;
use uuid::Uuid;

use super::{AT, Counts, Definition, Migration, Table, WHOLE};
use crate::fact::{Fact, Unread};
use crate::pseudonym::{Pseudonyms, Who};
use crate::source::Source;
use crate::value::timestamp;
use crate::view::Delivery;

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

    type Row<'a> = ReplyRow<'a>;
    type Rows<'a> = Option<ReplyRow<'a>>;

    fn takes(unread: Unread<'_>) -> bool {
        unread.topic == Topic::Deliveries
    }

    fn of<'a>(fact: &'a Fact<'a>, source: Source<'a>, _: &Pseudonyms) -> Result<Self::Rows<'a>, Refused> {
        match fact {
            Fact::Delivery(delivery, who) => ReplyRow::of(delivery, who, source).map(Some),
            _ => Ok(None),
        }
    }
}

/// One delivery; the columns are described in the table's definition.
#[derive(Debug, Row, Serialize)]
pub(crate) struct ReplyRow<'a> {
    app: &'a str,
    at: i64,
    #[serde(with = "clickhouse::serde::uuid")]
    answer: Uuid,
    #[serde(with = "clickhouse::serde::uuid")]
    turn: Uuid,
    message: &'a str,
    chat_kind: &'static str,
    conversation: &'a str,
    bot: &'a str,
    part: u16,
    parts: u16,
    characters: u32,
    result: &'static str,
    reason: &'a str,
    easemob_id: &'a str,
    attempts: u16,
    rerun: bool,
    decided_at: i64,
    started_at: i64,
    delivery_ms: i64,
    user: &'a str,
    source_topic: &'a str,
    source_partition: i32,
    source_offset: i64,
    builder: u8,
}

impl<'a> ReplyRow<'a> {
    fn of(delivery: &'a Delivery<'a>, who: &'a Who<'a>, source: Source<'a>) -> Result<Self, Refused> {
        Ok(Self {
            app: who.app,
            at: timestamp(delivery.ended_at)?,
            answer: delivery.answer.uuid(),
            turn: delivery.turn.uuid(),
            message: &delivery.message,
            chat_kind: who.chat_kind,
            conversation: who.conversation(),
            bot: &delivery.bot,
            part: delivery.part,
            parts: delivery.parts,
            characters: delivery.characters,
            result: delivery.result.label(),
            reason: delivery.result.reason(),
            easemob_id: delivery.result.easemob_id(),
            attempts: delivery.attempts,
            rerun: delivery.rerun,
            decided_at: timestamp(delivery.decided_at)?,
            started_at: timestamp(delivery.started_at)?,
            delivery_ms: delivery.ended_at - delivery.decided_at,
            user: if source.builder < WHOLE { "" } else { who.user() },
            source_topic: source.topic,
            source_partition: source.partition,
            source_offset: source.offset,
            builder: source.builder,
        })
    }
}

#[cfg(test)]
mod tests;
