//! `raw_usage`: what providers said of attempts, in their own words: for prices that are applied again, and for invoices.

use clickhouse::Row;
use pipeline::Refused;
use schemas::answered::{Answered, Attempt};
use schemas::event::Event;
use schemas::request::RequestKind;
use serde::Serialize;
use uuid::Uuid;

use super::{AT, Counts, Definition, Migration, Table};
use crate::fact::{Fact, Unread};
use crate::pseudonym::Pseudonyms;
use crate::source::Source;
use crate::value::timestamp;

pub(super) struct RawUsage;

impl Table for RawUsage {
    const DEFINITION: &'static Definition = &Definition {
        name: "raw_usage",
        row: "what a provider said of one attempt: its usage as it came, and its ids",
        retention_days: 400,
        moment: AT,
        migrations: &[Migration {
            number: 16,
            name: "0016_raw_usage",
            template: include_str!("0016_raw_usage.sql"),
        }],
        // Numbered as in `model_calls`.
        counts: Some(Counts {
            label: "provider",
            ordinal: "if(kind = 'review', -toInt32(attempt), toInt32(attempt))",
        }),
    };
    const SINCE: u8 = 6;

    type Row = RawUsageRow;
    type Rows = Vec<RawUsageRow>;

    fn takes(unread: Unread<'_>) -> bool {
        unread.may_be_event("answered")
    }

    fn of(fact: &Fact, source: Source<'_>, _: &Pseudonyms) -> Result<Self::Rows, Refused> {
        let Fact::Event(Event::Answered(end)) = fact else { return Ok(Vec::new()) };
        let own = end.attempts.iter().map(|attempt| (end.kind, attempt));
        let review = end.review.iter().flat_map(|review| &review.attempts);
        let all = own.chain(review.map(|attempt| (RequestKind::Review, attempt)));
        let told =
            all.filter(|(_, attempt)| attempt.raw_usage.is_some() || attempt.provider_request.is_some());
        told.map(|(kind, attempt)| RawUsageRow::of(end, kind, attempt, source)).collect()
    }
}

/// One attempt; the columns are described in the table's definition.
#[derive(Debug, Clone, PartialEq, Eq, Row, Serialize)]
pub(crate) struct RawUsageRow {
    app: String,
    at: i64,
    #[serde(with = "clickhouse::serde::uuid")]
    request: Uuid,
    kind: &'static str,
    attempt: u16,
    target: String,
    key_number: Option<u16>,
    provider: String,
    region: String,
    model: String,
    model_answered: String,
    provider_request: String,
    usage: String,
    source_topic: String,
    source_partition: i32,
    source_offset: i64,
    builder: u8,
}

impl RawUsageRow {
    fn of(end: &Answered, kind: RequestKind, a: &Attempt, source: Source<'_>) -> Result<Self, Refused> {
        Ok(Self {
            app: end.lane.conversation.app().to_string(),
            at: timestamp(a.started_at)?,
            request: end.request.uuid(),
            kind: kind.label(),
            attempt: a.number,
            target: a.target.to_string(),
            key_number: a.key,
            provider: a.provider.clone(),
            region: a.region.clone(),
            model: a.model.clone(),
            model_answered: a.model_answered.clone().unwrap_or_default(),
            provider_request: a.provider_request.clone().unwrap_or_default(),
            usage: a.raw_usage.clone().unwrap_or_default(),
            source_topic: source.topic.to_owned(),
            source_partition: source.partition,
            source_offset: source.offset,
            builder: source.builder,
        })
    }
}

#[cfg(test)]
mod tests;
