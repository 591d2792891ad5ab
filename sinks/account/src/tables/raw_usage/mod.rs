//! `raw_usage`: what providers said of attempts, in their own words: for prices that are applied again, and for invoices.

use clickhouse::Row;
use pipeline::Refused;
use schemas::request::RequestKind;
use serde::Serialize;
use uuid::Uuid;

use super::{AT, Counts, Definition, Migration, Table};
use crate::fact::{Fact, Unread};
use crate::pseudonym::{Pseudonyms, Who};
use crate::source::Source;
use crate::value::timestamp;
use crate::view::{Answered, Attempt};

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

    type Row<'a> = RawUsageRow<'a>;
    type Rows<'a> = Vec<RawUsageRow<'a>>;

    fn takes(unread: Unread<'_>) -> bool {
        unread.may_be_event("answered")
    }

    fn of<'a>(fact: &'a Fact<'a>, source: Source<'a>, _: &Pseudonyms) -> Result<Self::Rows<'a>, Refused> {
        let Fact::Answered(end, who) = fact else { return Ok(Vec::new()) };
        let own = end.attempts.iter().map(|attempt| (end.kind, attempt));
        let review = end.review.iter().flat_map(|review| &review.attempts);
        let all = own.chain(review.map(|attempt| (RequestKind::Review, attempt)));
        let told =
            all.filter(|(_, attempt)| attempt.raw_usage.is_some() || attempt.provider_request.is_some());
        told.map(|(kind, attempt)| RawUsageRow::of(end, (kind, attempt), who, source)).collect()
    }
}

/// One attempt; the columns are described in the table's definition.
#[derive(Debug, Row, Serialize)]
pub(crate) struct RawUsageRow<'a> {
    app: &'a str,
    at: i64,
    #[serde(with = "clickhouse::serde::uuid")]
    request: Uuid,
    kind: &'static str,
    attempt: u16,
    target: &'a str,
    key_number: Option<u16>,
    provider: &'a str,
    region: &'a str,
    model: &'a str,
    model_answered: &'a str,
    provider_request: &'a str,
    usage: &'a str,
    source_topic: &'a str,
    source_partition: i32,
    source_offset: i64,
    builder: u8,
}

impl<'a> RawUsageRow<'a> {
    fn of(
        end: &'a Answered<'a>,
        (kind, a): (RequestKind, &'a Attempt<'a>),
        who: &'a Who<'a>,
        source: Source<'a>,
    ) -> Result<Self, Refused> {
        Ok(Self {
            app: who.app,
            at: timestamp(a.started_at)?,
            request: end.request.uuid(),
            kind: kind.label(),
            attempt: a.number,
            target: &a.target,
            key_number: a.key,
            provider: &a.provider,
            region: &a.region,
            model: &a.model,
            model_answered: a.model_answered.as_deref().unwrap_or_default(),
            provider_request: a.provider_request.as_deref().unwrap_or_default(),
            usage: a.raw_usage.as_deref().unwrap_or_default(),
            source_topic: source.topic,
            source_partition: source.partition,
            source_offset: source.offset,
            builder: source.builder,
        })
    }
}

#[cfg(test)]
mod tests;
