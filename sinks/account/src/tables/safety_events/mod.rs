//! `safety_events`: one row per finding of a judgement. No row has a word of any text.

mod judgement;

use std::sync::LazyLock;

use clickhouse::Row;
use memchr::memmem::Finder;
use pipeline::Refused;
use schemas::findings::{Finding, Findings};
use schemas::ids::EventId;
use schemas::topic::Topic;
use serde::Serialize;
use uuid::Uuid;

use super::{AT, Counts, Definition, Migration, Table};
use crate::fact::{Fact, Unread};
use crate::pseudonym::Pseudonyms;
use crate::source::Source;
use crate::value::{count, timestamp};
use judgement::Judgement;

/// Kinds of events whose verdicts no other record told before.
const JUDGED: [&str; 3] = ["message", "edit", "answered"];
/// How findings stand in a record's JSON where there are any: a text would have its quotes escaped.
static MARK: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(br#""findings":{""#));

pub(super) struct SafetyEvents;

impl Table for SafetyEvents {
    const DEFINITION: &'static Definition = &Definition {
        name: "safety_events",
        row: "one finding of the filter, without text",
        retention_days: 180,
        moment: AT,
        migrations: &[Migration {
            number: 9,
            name: "0009_safety_events",
            template: include_str!("0009_safety_events.sql"),
        }],
        counts: Some(Counts { label: "place", ordinal: "toInt32(number)" }),
    };
    const SINCE: u8 = 5;

    type Row<'a> = SafetyEventRow<'a>;
    type Rows<'a> = Vec<SafetyEventRow<'a>>;

    /// Most records have no findings, and messages are many and large: those without are not decoded.
    fn takes(unread: Unread<'_>) -> bool {
        let is_judged =
            unread.topic == Topic::Decisions || JUDGED.iter().any(|kind| unread.may_be_event(kind));
        is_judged && unread.mentions(&MARK)
    }

    fn of<'a>(fact: &'a Fact<'a>, source: Source<'a>, names: &Pseudonyms) -> Result<Self::Rows<'a>, Refused> {
        let judged = match fact {
            Fact::Event(event) => Judgement::of_event(event, names),
            Fact::Answered(end, who) => Judgement::of_answer(end, who),
            Fact::Decision(decision, who) => Judgement::of_decision(decision, who),
            Fact::Delivery(..) | Fact::Ledger(_) | Fact::Correction(_) => None,
        };
        let Some(judged) = judged else { return Ok(Vec::new()) };
        let list = judged.findings.list.iter().enumerate();
        list.map(|found| SafetyEventRow::of(&judged, found, source)).collect()
    }
}

/// One finding; the columns are described in the table's definition.
#[derive(Debug, Row, Serialize)]
pub(crate) struct SafetyEventRow<'a> {
    app: &'a str,
    at: i64,
    #[serde(with = "clickhouse::serde::uuid")]
    id: Uuid,
    place: &'static str,
    direction: &'static str,
    message: &'a str,
    #[serde(with = "clickhouse::serde::uuid::option")]
    turn: Option<Uuid>,
    chat_kind: &'static str,
    conversation: String,
    sender: String,
    number: u16,
    left_off: u32,
    rule: &'a str,
    category: &'a str,
    severity: u8,
    action: &'static str,
    shadow: bool,
    views: &'a [String],
    text: u16,
    spans: &'a [(u32, u32)],
    places: u32,
    dictionary: &'a str,
    source_topic: &'a str,
    source_partition: i32,
    source_offset: i64,
    builder: u8,
}

impl<'a> SafetyEventRow<'a> {
    fn of(
        judged: &Judgement<'a>,
        (number, found): (usize, &'a Finding),
        source: Source<'a>,
    ) -> Result<Self, Refused> {
        let Judgement { findings, place, app, chat_kind, .. } = *judged;
        let Findings { direction, dictionary, left_off, .. } = findings;
        Ok(Self {
            app,
            at: timestamp(judged.at)?,
            id: EventId::derive(&format!("{}:{}", judged.id, place.label()), number).uuid(),
            place: place.label(),
            direction: direction.label(),
            message: judged.message,
            turn: judged.turn.map(|turn| turn.uuid()),
            chat_kind,
            conversation: judged.conversation.clone(),
            sender: judged.sender.clone(),
            number: count(number),
            left_off: *left_off,
            rule: &found.rule,
            category: &found.category,
            severity: found.severity,
            action: found.action.label(),
            shadow: found.shadow,
            views: &found.views,
            text: found.text,
            spans: &found.spans,
            places: found.places(),
            dictionary: dictionary.as_deref().unwrap_or(judged.dictionary),
            source_topic: source.topic,
            source_partition: source.partition,
            source_offset: source.offset,
            builder: source.builder,
        })
    }
}

#[cfg(test)]
mod tests;
