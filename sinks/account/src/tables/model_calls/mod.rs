//! `model_calls`: one row per attempt.

use clickhouse::Row;
use pipeline::Refused;
use schemas::answered::{Answered, Attempt, Outcome, UsageSource};
use schemas::money::Money;
use serde::Serialize;
use uuid::Uuid;

use super::{Content, MODEL_CALLS, TABLES};
use crate::insert::Stored;
use crate::pseudonym::Pseudonyms;
use crate::read::{Source, count, moment};

/// The digits of `Decimal(38, 12)`, the column's type.
const LARGEST_PICO: u128 = 10u128.pow(38) - 1;
/// Of `Decimal(18, 12)`, which builder 1 wrote: a call that cost a million had no row.
const LARGEST_PICO_1: u128 = 10u128.pow(18) - 1;

/// One attempt; the columns are described in the table's definition.
#[derive(Debug, Clone, PartialEq, Eq, Row, Serialize)]
pub(crate) struct ModelCallRow {
    app: String,
    at: i64,
    #[serde(with = "clickhouse::serde::uuid")]
    request: Uuid,
    kind: &'static str,
    #[serde(with = "clickhouse::serde::uuid")]
    turn: Uuid,
    message: String,
    chat_kind: &'static str,
    conversation: String,
    attempt: u16,
    attempts: u16,
    target: String,
    provider: String,
    model: String,
    model_answered: String,
    region: String,
    error: String,
    code: String,
    status: Option<u16>,
    duration_ms: u32,
    tokens_input: Option<u64>,
    tokens_cached: Option<u64>,
    tokens_output: Option<u64>,
    tokens_reasoning: Option<u64>,
    usage_source: &'static str,
    usage_contradicts: bool,
    /// In 10⁻¹², as the column counts.
    cost: Option<i128>,
    billing: &'static str,
    currency: String,
    price: String,
    provider_request: String,
    finish: String,
    rerun: bool,
    outcome: &'static str,
    outcome_reason: String,
    source_topic: String,
    source_partition: i32,
    source_offset: i64,
    builder: u8,
}

impl ModelCallRow {
    /// The row of one attempt, of so many, of a request that ended.
    pub(super) fn of(
        end: &Answered,
        (a, attempts): (Attempt, usize),
        source: Source,
        names: &Pseudonyms,
    ) -> Result<Self, Refused> {
        let conversation = &end.lane.conversation;
        let usage = a.usage.as_ref();
        let (cost, currency) = match &a.cost {
            Some(money) => (exact(money, source.builder)?, money.currency.clone()),
            None => (None, String::new()),
        };
        let billing = if cost.is_some() { "priced" } else { billing(&a) };
        Ok(Self {
            app: conversation.app().to_string(),
            at: moment(a.started_at)?,
            request: end.request.uuid(),
            kind: end.kind.label(),
            turn: end.turn.uuid(),
            message: end.message.to_string(),
            chat_kind: conversation.kind().label(),
            conversation: names.of_conversation(conversation),
            attempt: a.number,
            attempts: count(attempts),
            target: a.target.into(),
            provider: a.provider,
            model: a.model,
            model_answered: a.model_answered.unwrap_or_default(),
            region: a.region,
            error: a.error.unwrap_or_default(),
            code: a.code.unwrap_or_default(),
            status: a.status,
            duration_ms: a.duration_ms,
            tokens_input: usage.map(|u| u.input),
            tokens_cached: usage.map(|u| u.cached),
            tokens_output: usage.map(|u| u.output),
            tokens_reasoning: usage.map(|u| u.reasoning),
            usage_source: usage.map_or("", |u| label(u.source)),
            usage_contradicts: a.usage_contradicts,
            cost,
            billing,
            currency,
            price: a.price.unwrap_or_default(),
            provider_request: a.provider_request.unwrap_or_default(),
            finish: a.finish.unwrap_or_default(),
            rerun: end.rerun,
            outcome: end.outcome.label(),
            outcome_reason: reason(&end.outcome).to_owned(),
            source_topic: source.topic,
            source_partition: source.partition,
            source_offset: source.offset,
            builder: source.builder,
        })
    }
}

/// The amount, unless the column would cut it without a word. No price and no number of tokens that are taken give such a
/// one; if it came from elsewhere, the row stands with its tokens and its price, and counts as unpriced.
fn exact(cost: &Money, builder: u8) -> Result<Option<i128>, Refused> {
    let size = cost.pico.unsigned_abs();
    match builder {
        1 if size > LARGEST_PICO_1 => Err(Refused::DeadLetter { reason: "cost_out_of_range" }),
        _ => Ok(Some(cost.pico).filter(|_| size <= LARGEST_PICO)),
    }
}

/// What an attempt without a cost may have cost. A target that answered with a success made the call, whatever the reply was
/// like, and one that told tokens counted it: only the price is not known. A call that was sent, and whose end nobody saw, may have
/// been made. What a target refused by its status, and what never reached it, costs nothing.
fn billing(attempt: &Attempt) -> &'static str {
    let was_made = attempt.error.is_none() || attempt.usage.is_some();
    let succeeded = attempt.status.is_some_and(|status| (200..300).contains(&status));
    match (was_made, attempt.may_be_billed) {
        (true, _) => "unpriced",
        (false, true) if succeeded => "unpriced",
        (false, true) => "uncertain",
        (false, false) => "free",
    }
}

fn label(source: UsageSource) -> &'static str {
    match source {
        UsageSource::Provider => "provider",
        UsageSource::Estimated => "estimated",
    }
}

fn reason(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Failed { reason, .. } | Outcome::Dead { reason } => reason,
        Outcome::Done { .. } | Outcome::Expired | Outcome::Cancelled => "",
    }
}

impl Stored for ModelCallRow {
    const TABLE: &'static str = TABLES[MODEL_CALLS];

    fn of(row: &crate::Row) -> Option<&Self> {
        match &row.0 {
            Content::ModelCall(row) => Some(row),
            Content::Message(_) | Content::Reply(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
