//! `requests`: one row per request that ended, with attempts or without, and one per turn whose request vanished.

use std::sync::LazyLock;

use clickhouse::Row;
use memchr::memmem::Finder;
use pipeline::Refused;
use schemas::decision::Ruling;
use schemas::topic::Topic;
use serde::Serialize;
use uuid::Uuid;

use super::{AT, Counts, Definition, Migration, Table};
use crate::fact::{Fact, Unread};
use crate::pseudonym::{Pseudonyms, Who};
use crate::source::Source;
use crate::value::{Marked, count, timestamp};
use crate::view::{Answered, Decision};

/// How the ruling of a turn that was given up stands in a record's JSON.
static LOST: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(br#""ruling":"lost""#));

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

    type Row<'a> = RequestRow<'a>;
    type Rows<'a> = Option<RequestRow<'a>>;

    fn takes(unread: Unread<'_>) -> bool {
        unread.may_be_event("answered") || (unread.topic == Topic::Decisions && unread.mentions(&LOST))
    }

    fn of<'a>(fact: &'a Fact<'a>, source: Source<'a>, _: &Pseudonyms) -> Result<Self::Rows<'a>, Refused> {
        match fact {
            Fact::Answered(end, who) => RequestRow::of(end, who, source).map(Some),
            Fact::Decision(lost, who) if lost.ruling == Ruling::Lost => {
                RequestRow::of_lost(lost, who, source).map(Some)
            }
            _ => Ok(None),
        }
    }
}

/// One request; the columns are described in the table's definition.
#[derive(Debug, Default, Row, Serialize)]
pub(crate) struct RequestRow<'a> {
    app: &'a str,
    at: i64,
    #[serde(with = "clickhouse::serde::uuid::option")]
    request: Option<Uuid>,
    kind: &'static str,
    #[serde(with = "clickhouse::serde::uuid::option")]
    turn: Option<Uuid>,
    message: &'a str,
    chat_kind: &'static str,
    conversation: &'a str,
    user: &'a str,
    outcome: &'static str,
    reason: &'a str,
    level: &'static str,
    attempts: u16,
    target: &'a str,
    truncated: bool,
    rerun: bool,
    tier: &'a str,
    rule: &'a str,
    class: &'a str,
    arms: Vec<String>,
    waiting_ms: Option<i64>,
    pacing_ms: Option<i64>,
    first_token_ms: Option<i64>,
    model_ms: Option<u32>,
    took_ms: Option<i64>,
    source_topic: &'a str,
    source_partition: i32,
    source_offset: i64,
    builder: u8,
}

impl<'a> RequestRow<'a> {
    fn of(end: &'a Answered<'a>, who: &'a Who<'a>, source: Source<'a>) -> Result<Self, Refused> {
        let (first, last) = (end.attempts.first(), end.attempts.last());
        let marked = Marked::of(end.route.as_ref());
        let since = |at: i64| end.decided_at.map(|decided| at - decided);
        let token = last.and_then(|last| Some(last.started_at + i64::from(last.time_to_first_token_ms?)));
        let outcome = &end.outcome;
        Ok(Self {
            app: who.app,
            at: timestamp(end.ended_at)?,
            request: Some(end.request.uuid()),
            kind: end.kind.label(),
            turn: Some(end.turn.uuid()),
            message: &end.message,
            chat_kind: who.chat_kind,
            conversation: who.conversation(),
            user: who.user(),
            outcome: outcome.end.label(),
            reason: outcome.reason(),
            level: outcome.level(),
            attempts: count(end.attempts.len()),
            target: outcome.target(),
            truncated: outcome.is_truncated(),
            rerun: end.rerun,
            tier: end.tier.as_deref().unwrap_or_default(),
            rule: marked.rule,
            class: marked.class,
            arms: marked.arms,
            waiting_ms: since(end.started_at),
            pacing_ms: first.map(|first| first.started_at - end.started_at),
            first_token_ms: token.and_then(since),
            model_ms: last.map(|last| last.duration_ms),
            took_ms: since(end.ended_at),
            source_topic: source.topic,
            source_partition: source.partition,
            source_offset: source.offset,
            builder: source.builder,
        })
    }

    /// Of a turn that was given up: what its request came to is not known.
    fn of_lost(lost: &'a Decision<'a>, who: &'a Who<'a>, source: Source<'a>) -> Result<Self, Refused> {
        Ok(Self {
            app: who.app,
            at: timestamp(lost.at)?,
            request: lost.request.map(|request| request.uuid()),
            turn: lost.turn.map(|turn| turn.uuid()),
            message: lost.message.as_deref().unwrap_or_default(),
            chat_kind: who.chat_kind,
            conversation: who.conversation(),
            user: who.user(),
            tier: lost.tier.as_ref().map(|tier| &*tier.name).unwrap_or_default(),
            outcome: lost.ruling.label(),
            reason: lost.reasons.first().map(|reason| &**reason).unwrap_or_default(),
            source_topic: source.topic,
            source_partition: source.partition,
            source_offset: source.offset,
            builder: source.builder,
            ..Self::default()
        })
    }
}

#[cfg(test)]
mod tests;
