//! `messages`: one row per message that was decided on.

use clickhouse::Row;
use pipeline::{Record, Refused};
use schemas::decision::Decision;
use schemas::wire;
use serde::Serialize;
use uuid::Uuid;

use super::{Content, MESSAGES, TABLES};
use crate::insert::Stored;
use crate::pseudonym::Pseudonyms;
use crate::read::{Source, moment, said};

/// Kinds of input that are messages.
const INPUTS: [&str; 2] = ["message", "missed"];
/// Length of a decision's id.
const ID: usize = 36;

/// One message; the columns are described in the table's definition.
#[derive(Debug, Clone, PartialEq, Eq, Row, Serialize)]
pub(crate) struct MessageRow {
    app: String,
    at: i64,
    message: String,
    chat_kind: &'static str,
    conversation: String,
    sender: String,
    input: String,
    kind: &'static str,
    characters: u32,
    ruling: &'static str,
    reasons: Vec<String>,
    action: &'static str,
    rules: Vec<String>,
    dictionary: String,
    reply: &'static str,
    #[serde(with = "clickhouse::serde::uuid::option")]
    turn: Option<Uuid>,
    merged: u32,
    route: String,
    bundle: String,
    sent_at: Option<i64>,
    received_at: Option<i64>,
    queue_ms: Option<i64>,
    source_topic: String,
    source_partition: i32,
    source_offset: i64,
    builder: u8,
}

/// Whether it is a decision on something else than a message, by the field that its writer puts second: the others need not
/// be read, and outcomes are as many as messages. What does not begin like that is read whole.
pub(super) fn is_of_other_input(record: &Record) -> bool {
    let input = || {
        let rest = record.value.as_deref()?.strip_prefix(br#"{"id":""#)?;
        let rest = rest.get(ID..)?.strip_prefix(br#"","input":""#)?;
        rest.split(|byte| *byte == b'"').next()
    };
    let is_known = record.header(wire::SCHEMA).is_none_or(wire::is_known::<Decision>);
    is_known && input().is_some_and(|input| INPUTS.iter().all(|of_message| of_message.as_bytes() != input))
}

impl MessageRow {
    /// The row of a decision; `None` when its input was no message.
    pub(super) fn of(d: Decision, source: Source, names: &Pseudonyms) -> Result<Option<Self>, Refused> {
        if !INPUTS.contains(&d.input.as_str()) {
            return Ok(None);
        }
        let app = d.conversation.app();
        let received_at = d.received_at.and_then(said);
        let (action, rules, dictionary) =
            d.verdict.map(|v| (v.action.label(), v.rules, v.dictionary)).unwrap_or_default();
        Ok(Some(Self {
            at: moment(d.at)?,
            chat_kind: d.conversation.kind().label(),
            conversation: names.of_conversation(&d.conversation),
            sender: d.sender.map(|user| names.of_user(app, &user)).unwrap_or_default(),
            app: app.to_string(),
            message: d.message.map(String::from).unwrap_or_default(),
            input: d.input,
            kind: d.message_kind.map_or("", |kind| kind.label()),
            characters: d.characters,
            ruling: d.ruling.label(),
            reasons: d.reasons,
            action,
            rules,
            dictionary,
            reply: d.reply.map_or("", |reply| reply.label()),
            turn: d.turn.map(|turn| turn.uuid()),
            merged: d.merged,
            route: d.route.map(|route| route.rule).unwrap_or_default(),
            bundle: d.bundle.map(String::from).unwrap_or_default(),
            sent_at: d.sent_at.and_then(said),
            received_at,
            queue_ms: received_at.map(|received| d.at - received),
            source_topic: source.topic,
            source_partition: source.partition,
            source_offset: source.offset,
            builder: source.builder,
        }))
    }
}

impl Stored for MessageRow {
    const TABLE: &'static str = TABLES[MESSAGES];

    fn of(row: &crate::Row) -> Option<&Self> {
        match &row.0 {
            Content::Message(row) => Some(row),
            Content::ModelCall(_) | Content::Reply(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
