//! `ledger`: one row per fact of money, corrections included, so that the sum is what holds.

use clickhouse::Row;
use pipeline::Refused;
use schemas::correction::Correction;
use schemas::ledger::LedgerEntry;
use schemas::topic::Topic;
use serde::Serialize;
use uuid::Uuid;

use super::{AT, Counts, Definition, Migration, Table};
use crate::fact::{Fact, Unread};
use crate::pseudonym::Pseudonyms;
use crate::source::Source;
use crate::value::{amount, timestamp};

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

    type Row = LedgerRow;
    type Rows = Option<LedgerRow>;

    fn takes(unread: Unread<'_>) -> bool {
        unread.topic == Topic::Ledger
    }

    fn of(fact: &Fact, source: Source<'_>, names: &Pseudonyms) -> Result<Self::Rows, Refused> {
        match fact {
            Fact::Ledger(entry) => LedgerRow::of(entry, source, names).map(Some),
            Fact::Correction(correction) => LedgerRow::of_correction(correction, source).map(Some),
            _ => Ok(None),
        }
    }
}

/// One fact of money; the columns are described in the table's definition.
#[derive(Debug, Clone, PartialEq, Eq, Row, Serialize)]
pub(crate) struct LedgerRow {
    app: String,
    at: i64,
    #[serde(with = "clickhouse::serde::uuid")]
    id: Uuid,
    kind: &'static str,
    user: String,
    #[serde(with = "clickhouse::serde::uuid")]
    turn: Uuid,
    #[serde(with = "clickhouse::serde::uuid")]
    request: Uuid,
    message: String,
    /// In 10⁻¹², as the column counts.
    amount: Option<i128>,
    currency: String,
    tokens: u64,
    reason: String,
    correction: String,
    price_before: String,
    price: String,
    operator: String,
    source_topic: String,
    source_partition: i32,
    source_offset: i64,
    builder: u8,
}

impl LedgerRow {
    fn of(entry: &LedgerEntry, source: Source<'_>, names: &Pseudonyms) -> Result<Self, Refused> {
        let money = entry.amount.as_ref();
        Ok(Self {
            app: entry.app.to_string(),
            at: timestamp(entry.at)?,
            id: entry.id.uuid(),
            kind: entry.kind.label(),
            user: names.of_user(&entry.app, &entry.user),
            turn: entry.turn.uuid(),
            request: entry.request.uuid(),
            message: entry.message.to_string(),
            amount: money.and_then(amount),
            currency: money.map(|money| money.currency.clone()).unwrap_or_default(),
            tokens: entry.tokens,
            reason: entry.reason.clone(),
            correction: String::new(),
            price_before: String::new(),
            price: String::new(),
            operator: String::new(),
            source_topic: source.topic.to_owned(),
            source_partition: source.partition,
            source_offset: source.offset,
            builder: source.builder,
        })
    }

    fn of_correction(correction: &Correction, source: Source<'_>) -> Result<Self, Refused> {
        let Correction { call, amount: money, .. } = correction;
        let pico = amount(money).ok_or(Refused::DeadLetter { reason: "cost_out_of_range" })?;
        Ok(Self {
            app: correction.app.to_string(),
            at: timestamp(correction.at)?,
            id: correction.id.uuid(),
            kind: Correction::KIND,
            user: call.user.clone(),
            turn: call.turn.uuid(),
            request: call.request.uuid(),
            message: call.message.to_string(),
            amount: Some(pico),
            currency: money.currency.clone(),
            tokens: 0,
            reason: correction.reason.clone(),
            correction: correction.run.clone(),
            price_before: correction.price_before.clone().unwrap_or_default(),
            price: correction.price.clone().unwrap_or_default(),
            operator: correction.by.clone(),
            source_topic: source.topic.to_owned(),
            source_partition: source.partition,
            source_offset: source.offset,
            builder: source.builder,
        })
    }
}

#[cfg(test)]
mod tests;
