//! `requests`: one row per request that ended, with attempts or without, and one per turn whose request vanished.

use clickhouse::Row;
use pipeline::Refused;
use schemas::answered::{Answered, Outcome};
use schemas::decision::{Decision, Ruling};
use schemas::event::Event;
use schemas::topic::Topic;
use serde::Serialize;
use uuid::Uuid;

use super::model_calls::reason;
use super::{AT, Counts, Definition, Migration, Table};
use crate::fact::{Fact, Unread};
use crate::pseudonym::Pseudonyms;
use crate::source::Source;
use crate::value::{Marked, count, timestamp};

/// How the ruling of a turn that was given up stands in a record's JSON.
const LOST: &[u8] = br#""ruling":"lost""#;

pub(super) struct Requests;

impl Table for Requests {
    const DEFINITION: &'static Definition = &Definition {
        name: "requests",
        row: "one request that ended, with attempts or without; or a turn whose request vanished",
        retention_days: 400,
        moment: AT,
        migrations: &[Migration {
            number: 13,
            name: "0013_requests",
            template: include_str!("0013_requests.sql"),
        }],
        counts: Some(Counts { label: "outcome", ordinal: "0" }),
    };
    const SINCE: u8 = 6;

    type Row = RequestRow;
    type Rows = Option<RequestRow>;

    fn takes(unread: Unread<'_>) -> bool {
        unread.may_be_event("answered") || (unread.topic == Topic::Decisions && unread.mentions(LOST))
    }

    fn of(fact: &Fact, source: Source<'_>, names: &Pseudonyms) -> Result<Self::Rows, Refused> {
        match fact {
            Fact::Event(Event::Answered(end)) => RequestRow::of(end, source, names).map(Some),
            Fact::Decision(lost) if lost.ruling == Ruling::Lost => {
                RequestRow::of_lost(lost, source, names).map(Some)
            }
            _ => Ok(None),
        }
    }
}

/// One request; the columns are described in the table's definition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize)]
pub(crate) struct RequestRow {
    app: String,
    at: i64,
    #[serde(with = "clickhouse::serde::uuid::option")]
    request: Option<Uuid>,
    kind: &'static str,
    #[serde(with = "clickhouse::serde::uuid::option")]
    turn: Option<Uuid>,
    message: String,
    chat_kind: &'static str,
    conversation: String,
    user: String,
    outcome: &'static str,
    reason: String,
    level: &'static str,
    attempts: u16,
    target: String,
    truncated: bool,
    rerun: bool,
    tier: String,
    rule: String,
    class: String,
    arms: Vec<String>,
    waiting_ms: Option<i64>,
    pacing_ms: Option<i64>,
    first_token_ms: Option<i64>,
    model_ms: Option<u32>,
    took_ms: Option<i64>,
    source_topic: String,
    source_partition: i32,
    source_offset: i64,
    builder: u8,
}

impl RequestRow {
    fn of(end: &Answered, source: Source<'_>, names: &Pseudonyms) -> Result<Self, Refused> {
        let conversation = &end.lane.conversation;
        let (level, target, truncated) = match &end.outcome {
            Outcome::Done { target, truncated, .. } => ("", target.to_string(), *truncated),
            Outcome::Reviewed { level, reviewer, .. } => (level.label(), reviewer.to_string(), false),
            _ => ("", String::new(), false),
        };
        let (first, last) = (end.attempts.first(), end.attempts.last());
        let marked = Marked::of(end.route.as_deref());
        let since = |at: i64| end.decided_at.map(|decided| at - decided);
        let token = last.and_then(|last| Some(last.started_at + i64::from(last.time_to_first_token_ms?)));
        Ok(Self {
            app: conversation.app().to_string(),
            at: timestamp(end.ended_at)?,
            request: Some(end.request.uuid()),
            kind: end.kind.label(),
            turn: Some(end.turn.uuid()),
            message: end.message.to_string(),
            chat_kind: conversation.kind().label(),
            conversation: names.of_conversation(conversation),
            user: end.user.as_ref().map(|user| names.of_user(conversation.app(), user)).unwrap_or_default(),
            outcome: end.outcome.label(),
            reason: reason(&end.outcome).to_owned(),
            level,
            attempts: count(end.attempts.len()),
            target,
            truncated,
            rerun: end.rerun,
            tier: String::new(),
            rule: marked.rule,
            class: marked.class,
            arms: marked.arms,
            waiting_ms: since(end.started_at),
            pacing_ms: first.map(|first| first.started_at - end.started_at),
            first_token_ms: token.and_then(since),
            model_ms: last.map(|last| last.duration_ms),
            took_ms: since(end.ended_at),
            source_topic: source.topic.to_owned(),
            source_partition: source.partition,
            source_offset: source.offset,
            builder: source.builder,
        })
    }

    /// Of a turn that was given up: what its request came to is not known.
    fn of_lost(lost: &Decision, source: Source<'_>, names: &Pseudonyms) -> Result<Self, Refused> {
        let conversation = &lost.conversation;
        Ok(Self {
            app: conversation.app().to_string(),
            at: timestamp(lost.at)?,
            request: lost.request.map(|request| request.uuid()),
            turn: lost.turn.map(|turn| turn.uuid()),
            message: lost.message.as_ref().map(ToString::to_string).unwrap_or_default(),
            chat_kind: conversation.kind().label(),
            conversation: names.of_conversation(conversation),
            user: lost
                .sender
                .as_ref()
                .map(|user| names.of_user(conversation.app(), user))
                .unwrap_or_default(),
            outcome: lost.ruling.label(),
            reason: lost.reasons.first().cloned().unwrap_or_default(),
            source_topic: source.topic.to_owned(),
            source_partition: source.partition,
            source_offset: source.offset,
            builder: source.builder,
            ..Self::default()
        })
    }
}

#[cfg(test)]
mod tests;
