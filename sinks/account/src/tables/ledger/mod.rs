//! `ledger`: one row per fact of money, corrections included, so that the sum is what holds.

use std::borrow::Cow;

use clickhouse::Row;
use pipeline::Refused;
use schemas::correction::Correction;
use schemas::topic::Topic;
use serde::Serialize;
use uuid::Uuid;

use super::{AT, Counts, Definition, Migration, Table};
use crate::fact::{Fact, Unread};
use crate::pseudonym::Pseudonyms;
use crate::source::Source;
use crate::value::{amount, timestamp};
use crate::view::LedgerEntry;

pub(super) struct Ledger;

impl Table for Ledger {
    const DEFINITION: &'static Definition = &Definition {
        name: "ledger",
        row: "one fact of money: reserved, settled, released, uncertain, or corrected",
        retention_days: 1_825,
        moment: AT,
        migrations: &[Migration {
            number: 15,
            name: "0015_ledger",
            template: include_str!("0015_ledger.sql"),
        }],
        counts: Some(Counts { label: "kind", ordinal: "0" }),
    };
    const SINCE: u8 = 6;

    type Row<'a> = LedgerRow<'a>;
    type Rows<'a> = Option<LedgerRow<'a>>;

    fn takes(unread: Unread<'_>) -> bool {
        unread.topic == Topic::Ledger
    }

    fn of<'a>(fact: &'a Fact<'a>, source: Source<'a>, names: &Pseudonyms) -> Result<Self::Rows<'a>, Refused> {
        match fact {
            Fact::Ledger(entry) => LedgerRow::of(entry, source, names).map(Some),
            Fact::Correction(correction) => LedgerRow::of_correction(correction, source).map(Some),
            _ => Ok(None),
        }
    }
}

/// One fact of money; the columns are described in the table's definition.
#[derive(Debug, Row, Serialize)]
pub(crate) struct LedgerRow<'a> {
    app: &'a str,
    at: i64,
    #[serde(with = "clickhouse::serde::uuid")]
    id: Uuid,
    kind: &'static str,
    user: Cow<'a, str>,
    #[serde(with = "clickhouse::serde::uuid")]
    turn: Uuid,
    #[serde(with = "clickhouse::serde::uuid")]
    request: Uuid,
    message: &'a str,
    /// In 10⁻¹², as the column counts.
    amount: Option<i128>,
    currency: &'a str,
    tokens: u64,
    reason: &'a str,
    correction: &'a str,
    price_before: &'a str,
    price: &'a str,
    operator: &'a str,
    source_topic: &'a str,
    source_partition: i32,
    source_offset: i64,
    builder: u8,
}

impl<'a> LedgerRow<'a> {
    fn of(entry: &'a LedgerEntry<'a>, source: Source<'a>, names: &Pseudonyms) -> Result<Self, Refused> {
        let money = entry.amount.as_ref();
        Ok(Self {
            app: &entry.app,
            at: timestamp(entry.at)?,
            id: entry.id.uuid(),
            kind: entry.kind.label(),
            user: names.of_spelt_user(&entry.app, &entry.user).to_string().into(),
            turn: entry.turn.uuid(),
            request: entry.request.uuid(),
            message: &entry.message,
            amount: money.and_then(|money| amount(money.pico)),
            currency: money.map(|money| &*money.currency).unwrap_or_default(),
            tokens: entry.tokens,
            reason: &entry.reason,
            correction: "",
            price_before: "",
            price: "",
            operator: "",
            source_topic: source.topic,
            source_partition: source.partition,
            source_offset: source.offset,
            builder: source.builder,
        })
    }

    fn of_correction(correction: &'a Correction, source: Source<'a>) -> Result<Self, Refused> {
        let Correction { call, amount: money, .. } = correction;
        let pico = amount(money.pico).ok_or(Refused::DeadLetter { reason: "cost_out_of_range" })?;
        Ok(Self {
            app: correction.app.as_str(),
            at: timestamp(correction.at)?,
            id: correction.id.uuid(),
            kind: Correction::KIND,
            user: call.user.as_str().into(),
            turn: call.turn.uuid(),
            request: call.request.uuid(),
            message: call.message.as_str(),
            amount: Some(pico),
            currency: &money.currency,
            tokens: 0,
            reason: &correction.reason,
            correction: &correction.run,
            price_before: correction.price_before.as_deref().unwrap_or_default(),
            price: correction.price.as_deref().unwrap_or_default(),
            operator: &correction.by,
            source_topic: source.topic,
            source_partition: source.partition,
            source_offset: source.offset,
            builder: source.builder,
        })
    }
}

#[cfg(test)]
mod tests;
