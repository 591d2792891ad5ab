//! `messages`: one row per message that was decided on.

use clickhouse::Row;
use pipeline::{Record, Refused};
use schemas::ids::TargetName;
use schemas::topic::Topic;
use schemas::wire;
use serde::Serialize;
use uuid::Uuid;

use super::{AT, Counts, Definition, Migration, Table, WHOLE};
use crate::fact::{Fact, Unread};
use crate::pseudonym::{Pseudonyms, Who};
use crate::source::Source;
use crate::value::{arms, foreign_timestamp, timestamp};
use crate::view::{Decision, Id, Str};

/// Kinds of input that are messages.
const INPUTS: [&str; 2] = ["message", "missed"];
/// Length of a decision's id.
const ID: usize = 36;

pub(super) struct Messages;

impl Table for Messages {
    const DEFINITION: &'static Definition = &Definition {
        name: "messages",
        row: "one message that was decided on",
        retention_days: 400,
        moment: AT,
        migrations: &[
            Migration { number: 1, name: "0001_messages", template: include_str!("0001_messages.sql") },
            Migration { number: 10, name: "0010_route", template: include_str!("0010_route.sql") },
        ],
        counts: Some(Counts { label: "ruling", ordinal: "0" }),
    };
    const SINCE: u8 = 1;

    type Row<'a> = MessageRow<'a>;
    type Rows<'a> = Option<MessageRow<'a>>;

    fn takes(unread: Unread<'_>) -> bool {
        unread.topic == Topic::Decisions && !is_of_other_input(unread.record)
    }

    fn of<'a>(fact: &'a Fact<'a>, source: Source<'a>, _: &Pseudonyms) -> Result<Self::Rows<'a>, Refused> {
        match fact {
            Fact::Decision(decision, who) if is_on_message(decision, source) => {
                MessageRow::of(decision, who, source).map(Some)
            }
            _ => Ok(None),
        }
    }
}

/// One message; the columns are described in the table's definition.
#[derive(Debug, Row, Serialize)]
pub(crate) struct MessageRow<'a> {
    app: &'a str,
    at: i64,
    message: &'a str,
    chat_kind: &'static str,
    conversation: &'a str,
    sender: &'a str,
    input: &'a str,
    kind: &'static str,
    characters: u32,
    ruling: &'static str,
    reasons: &'a [Str<'a>],
    action: &'static str,
    rules: &'a [Str<'a>],
    dictionary: &'a str,
    reply: &'static str,
    #[serde(with = "clickhouse::serde::uuid::option")]
    turn: Option<Uuid>,
    merged: u32,
    route: &'a str,
    bundle: &'a str,
    sent_at: Option<i64>,
    received_at: Option<i64>,
    queue_ms: Option<i64>,
    decide_ms: Option<i64>,
    tier: &'a str,
    class: &'a str,
    score: Option<u16>,
    arms: Vec<String>,
    targets: &'a [Id<'a, TargetName>],
    #[serde(with = "clickhouse::serde::uuid::option")]
    request: Option<Uuid>,
    event_partition: Option<i32>,
    event_offset: Option<i64>,
    source_topic: &'a str,
    source_partition: i32,
    source_offset: i64,
    builder: u8,
}

/// Whether it is the decision on a message. Older versions also made rows of what a message led to with those that waited.
fn is_on_message(decision: &Decision<'_>, source: Source<'_>) -> bool {
    match source.builder {
        ..WHOLE => INPUTS.contains(&&*decision.input),
        _ => decision.is_on_its_message(),
    }
}

/// Whether it is a decision on something else than a message. Decisions on outcomes are as many as those on messages, and need not be
/// decoded for this table: their writer puts the input second. A value that does not begin like that is decoded.
fn is_of_other_input(record: &Record) -> bool {
    let input = || {
        let rest = record.value.as_deref()?.strip_prefix(br#"{"id":""#)?;
        let rest = rest.get(ID..)?.strip_prefix(br#"","input":""#)?;
        rest.split(|byte| *byte == b'"').next()
    };
    let is_known = record.header(wire::SCHEMA).is_none_or(wire::is_known::<schemas::decision::Decision>);
    is_known && input().is_some_and(|input| INPUTS.iter().all(|of_message| of_message.as_bytes() != input))
}

impl<'a> MessageRow<'a> {
    fn of(d: &'a Decision<'a>, who: &'a Who<'a>, source: Source<'a>) -> Result<Self, Refused> {
        let received_at = d.received_at.and_then(foreign_timestamp);
        let (action, rules, dictionary) = (d.verdict.as_ref())
            .map(|verdict| (verdict.action.label(), &*verdict.rules, &*verdict.dictionary))
            .unwrap_or_default();
        let added = Added::of(d, source);
        Ok(Self {
            app: who.app,
            at: timestamp(d.at)?,
            message: d.message.as_deref().unwrap_or_default(),
            chat_kind: who.chat_kind,
            conversation: who.conversation(),
            sender: who.user(),
            input: &d.input,
            kind: d.message_kind.map_or("", |kind| kind.label()),
            characters: d.characters,
            ruling: d.ruling.label(),
            reasons: &d.reasons,
            action,
            rules,
            dictionary,
            reply: d.reply.map_or("", |reply| reply.label()),
            turn: d.turn.map(|turn| turn.uuid()),
            merged: d.merged,
            route: d.route.as_ref().map(|route| &*route.rule).unwrap_or_default(),
            bundle: d.bundle.as_deref().unwrap_or_default(),
            sent_at: d.sent_at.and_then(foreign_timestamp),
            received_at,
            queue_ms: received_at.map(|received| d.at - received),
            decide_ms: added.decide_ms,
            tier: added.tier,
            class: added.class,
            score: added.score,
            arms: added.arms,
            targets: added.targets,
            request: added.request,
            event_partition: added.event_partition,
            event_offset: added.event_offset,
            source_topic: source.topic,
            source_partition: source.partition,
            source_offset: source.offset,
            builder: source.builder,
        })
    }
}

/// What rows have since builder 6.
#[derive(Default)]
struct Added<'a> {
    decide_ms: Option<i64>,
    tier: &'a str,
    class: &'a str,
    score: Option<u16>,
    arms: Vec<String>,
    targets: &'a [Id<'a, TargetName>],
    request: Option<Uuid>,
    event_partition: Option<i32>,
    event_offset: Option<i64>,
}

impl<'a> Added<'a> {
    fn of(d: &'a Decision<'a>, source: Source<'_>) -> Self {
        if source.builder < WHOLE {
            return Self::default();
        }
        let why = d.route.as_ref().and_then(|route| route.why.as_ref());
        let complexity = why.and_then(|why| why.complexity.as_ref());
        let arms_of = |(experiment, arm): (&'a Str<'a>, &'a Str<'a>)| (&**experiment, &**arm);
        Self {
            // The broker's clock at both ends.
            decide_ms: Some(source.appended_at - d.at),
            tier: d.tier.as_ref().map(|tier| &*tier.name).unwrap_or_default(),
            class: complexity.map(|complexity| &*complexity.class).unwrap_or_default(),
            score: complexity.and_then(|complexity| u16::try_from(complexity.score).ok()),
            arms: why.map(|why| arms(why.arms.iter().map(arms_of))).unwrap_or_default(),
            targets: d.route.as_ref().map(|route| &*route.chain).unwrap_or_default(),
            request: d.request.map(|request| request.uuid()),
            event_partition: Some(d.partition),
            event_offset: Some(d.offset),
        }
    }
}

#[cfg(test)]
mod tests;
