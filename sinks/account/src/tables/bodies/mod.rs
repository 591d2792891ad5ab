//! `bodies`: texts of messages and answers, their personal data masked. Off by default: whoever switches it on keeps what people say.

use clickhouse::Row;
use pipeline::Refused;
use safety::personal::starred;
use schemas::Millis;
use schemas::answered::{Answered, Outcome};
use schemas::event::{Event, Message};
use schemas::text::Text;
use serde::Serialize;
use uuid::Uuid;

use super::{AT, Counts, Definition, Migration, Table};
use crate::fact::{Fact, Unread};
use crate::pseudonym::Pseudonyms;
use crate::source::Source;
use crate::value::timestamp;

/// Kinds of events that have texts.
const SAID: [&str; 3] = ["message", "missed", "answered"];
/// What is kept of a text, in bytes.
const LONGEST: usize = 16 * 1_024;

pub(super) struct Bodies;

impl Table for Bodies {
    const DEFINITION: &'static Definition = &Definition {
        name: "bodies",
        row: "the text of one message or answer, personal data masked; only with `bodies = true`",
        retention_days: 7,
        moment: AT,
        migrations: &[Migration {
            number: 18,
            name: "0018_bodies",
            template: include_str!("0018_bodies.sql"),
        }],
        counts: Some(Counts { label: "role", ordinal: "0" }),
    };
    const SINCE: u8 = 6;
    const KEEPS_TEXT: bool = true;

    type Row<'a> = BodyRow;
    type Rows<'a> = Option<BodyRow>;

    fn takes(unread: Unread<'_>) -> bool {
        SAID.iter().any(|kind| unread.may_be_event(kind))
    }

    fn of<'a>(fact: &'a Fact<'a>, source: Source<'a>, names: &Pseudonyms) -> Result<Self::Rows<'a>, Refused> {
        let Fact::Event(event) = fact else { return Ok(None) };
        let Some(body) = Body::of(event) else { return Ok(None) };
        Ok(Some(BodyRow {
            app: event.conversation().map(|conversation| conversation.app().to_string()).unwrap_or_default(),
            at: timestamp(body.at)?,
            message: body.message,
            turn: body.turn,
            conversation: event.conversation().map(|it| names.of_conversation(it)).unwrap_or_default(),
            role: body.role,
            text: masked(body.text),
            characters: u32::try_from(body.text.chars().count()).unwrap_or(u32::MAX),
            source_topic: source.topic.to_owned(),
            source_partition: source.partition,
            source_offset: source.offset,
            builder: source.builder,
        }))
    }
}

/// One text; the columns are described in the table's definition.
#[derive(Debug, Clone, PartialEq, Eq, Row, Serialize)]
pub(crate) struct BodyRow {
    app: String,
    at: i64,
    message: String,
    #[serde(with = "clickhouse::serde::uuid::option")]
    turn: Option<Uuid>,
    conversation: String,
    role: &'static str,
    text: String,
    characters: u32,
    source_topic: String,
    source_partition: i32,
    source_offset: i64,
    builder: u8,
}

/// A text that can be read, and whose it is.
struct Body<'a> {
    at: Millis,
    message: String,
    turn: Option<Uuid>,
    role: &'static str,
    text: &'a str,
}

impl<'a> Body<'a> {
    fn of(event: &'a Event) -> Option<Self> {
        match event {
            Event::Message(message) | Event::Missed(message) => Self::of_message(message),
            Event::Answered(end) => Self::of_answer(end),
            _ => None,
        }
    }

    fn of_message(message: &'a Message) -> Option<Self> {
        let text = message.text.as_ref().and_then(Text::plain)?;
        Some(Self {
            at: message.received_at,
            message: message.id.to_string(),
            turn: None,
            role: "user",
            text,
        })
    }

    fn of_answer(end: &'a Answered) -> Option<Self> {
        let Outcome::Done { text, .. } = &end.outcome else { return None };
        Some(Self {
            at: end.ended_at,
            message: end.message.to_string(),
            turn: Some(end.turn.uuid()),
            role: "assistant",
            text: text.plain()?,
        })
    }
}

/// The beginning of a text, asterisks in the place of personal data. What the cut leaves of a datum at the end is masked with it, since
/// the whole text is looked through.
fn masked(text: &str) -> String {
    let mut text = starred(text).into_owned();
    text.truncate(text.floor_char_boundary(LONGEST));
    text
}

#[cfg(test)]
mod tests;
