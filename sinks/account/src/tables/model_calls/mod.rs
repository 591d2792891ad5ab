//! `model_calls`: one row per attempt, and one per correction of what an attempt cost.

mod correction;

use clickhouse::Row;
use pipeline::Refused;
use schemas::answered::UsageSource;
use schemas::request::RequestKind;
use serde::Serialize;
use uuid::Uuid;

use super::{AT, Counts, Definition, Migration, Table, WHOLE};
use crate::fact::{Fact, Unread};
use crate::pseudonym::{Pseudonyms, Who};
use crate::source::Source;
use crate::value::{Marked, amount, count, timestamp};
use crate::view::{Answered, Attempt};

/// Of `Decimal(18, 12)`, which builder 1 wrote: a call that cost a million had no row.
const LARGEST_PICO_1: u128 = 10u128.pow(18) - 1;

/// The builder that first wrote the time to the first token.
const FIRST_TOKEN: u8 = 3;
/// The builder that first wrote which key it was.
const KEY: u8 = 4;

/// The builder that first wrote the reviews of answers.
const REVIEW: u8 = 5;

pub(super) struct ModelCalls;

impl Table for ModelCalls {
    const DEFINITION: &'static Definition = &Definition {
        name: "model_calls",
        row: "one attempt: a call of one target for one request; or a correction of what one cost",
        retention_days: 400,
        moment: AT,
        migrations: &[
            Migration { number: 2, name: "0002_model_calls", template: include_str!("0002_model_calls.sql") },
            Migration { number: 4, name: "0004_wide_cost", template: include_str!("0004_wide_cost.sql") },
            Migration { number: 5, name: "0005_billing", template: include_str!("0005_billing.sql") },
            Migration { number: 6, name: "0006_first_token", template: include_str!("0006_first_token.sql") },
            Migration {
                number: 7,
                name: "0007_cache_writes",
                template: include_str!("0007_cache_writes.sql"),
            },
            Migration { number: 8, name: "0008_key", template: include_str!("0008_key.sql") },
            Migration { number: 11, name: "0011_call_route", template: include_str!("0011_call_route.sql") },
        ],
        // Attempts at the model and at the review of its answer are numbered each by themselves.
        counts: Some(Counts {
            label: "outcome",
            ordinal: "if(kind = 'review', -toInt32(attempt), toInt32(attempt))",
        }),
    };
    const SINCE: u8 = 1;

    type Row<'a> = ModelCallRow<'a>;
    type Rows<'a> = Vec<ModelCallRow<'a>>;

    fn takes(unread: Unread<'_>) -> bool {
        unread.may_be_event("answered") || unread.is_correction()
    }

    fn of<'a>(fact: &'a Fact<'a>, source: Source<'a>, _: &Pseudonyms) -> Result<Self::Rows<'a>, Refused> {
        match fact {
            Fact::Answered(end, who) => {
                let own = end.attempts.iter().map(|attempt| ModelCallRow::of(end, attempt, who, source));
                let review = end.review.iter().filter(|_| source.builder >= REVIEW);
                let review = review.flat_map(|review| {
                    let attempts = count(review.attempts.len());
                    review.attempts.iter().map(move |attempt| {
                        // Under the request of the answer, and of a kind of their own.
                        let kind = RequestKind::Review.label();
                        Ok(ModelCallRow { kind, attempts, ..ModelCallRow::of(end, attempt, who, source)? })
                    })
                });
                own.chain(review).collect()
            }
            Fact::Correction(correction) if source.builder >= WHOLE => {
                correction::row(correction, source).map(|row| vec![row])
            }
            _ => Ok(Vec::new()),
        }
    }
}

/// One attempt; the columns are described in the table's definition.
#[derive(Debug, Row, Serialize)]
pub(crate) struct ModelCallRow<'a> {
    app: &'a str,
    at: i64,
    #[serde(with = "clickhouse::serde::uuid")]
    request: Uuid,
    kind: &'static str,
    #[serde(with = "clickhouse::serde::uuid")]
    turn: Uuid,
    message: &'a str,
    chat_kind: &'static str,
    conversation: &'a str,
    attempt: u16,
    attempts: u16,
    target: &'a str,
    key_number: Option<u16>,
    provider: &'a str,
    model: &'a str,
    model_answered: &'a str,
    region: &'a str,
    error: &'a str,
    code: &'a str,
    status: Option<u16>,
    duration_ms: u32,
    time_to_first_token_ms: Option<u32>,
    tokens_input: Option<u64>,
    tokens_cached: Option<u64>,
    tokens_cache_write_5m: Option<u64>,
    tokens_cache_write_1h: Option<u64>,
    tokens_output: Option<u64>,
    tokens_reasoning: Option<u64>,
    usage_source: &'static str,
    usage_contradicts: bool,
    /// In 10⁻¹², as the column counts.
    cost: Option<i128>,
    billing: &'static str,
    currency: &'a str,
    price: &'a str,
    provider_request: &'a str,
    finish: &'a str,
    rerun: bool,
    outcome: &'static str,
    outcome_reason: &'a str,
    calls: u8,
    correction: &'a str,
    user: &'a str,
    tier: &'a str,
    rule: &'a str,
    class: &'a str,
    arms: Vec<String>,
    queue_ms: Option<i64>,
    detail: &'a str,
    source_topic: &'a str,
    source_partition: i32,
    source_offset: i64,
    builder: u8,
}

impl<'a> ModelCallRow<'a> {
    /// The row of one attempt of a request that ended.
    fn of(
        end: &'a Answered<'a>,
        a: &'a Attempt<'a>,
        who: &'a Who<'a>,
        source: Source<'a>,
    ) -> Result<Self, Refused> {
        let usage = a.usage.as_ref();
        let written = usage.filter(|_| source.builder >= FIRST_TOKEN);
        let added = Added::of(end, a, who, source);
        let (cost, currency) = match &a.cost {
            Some(money) => (exact(money.pico, source.builder)?, &*money.currency),
            None => (None, ""),
        };
        Ok(Self {
            app: who.app,
            at: timestamp(a.started_at)?,
            request: end.request.uuid(),
            kind: end.kind.label(),
            turn: end.turn.uuid(),
            message: &end.message,
            chat_kind: who.chat_kind,
            conversation: who.conversation(),
            attempt: a.number,
            attempts: count(end.attempts.len()),
            target: &a.target,
            key_number: a.key.filter(|_| source.builder >= KEY),
            provider: &a.provider,
            model: &a.model,
            model_answered: a.model_answered.as_deref().unwrap_or_default(),
            region: &a.region,
            error: a.error.as_deref().unwrap_or_default(),
            code: a.code.as_deref().unwrap_or_default(),
            status: a.status,
            duration_ms: a.duration_ms,
            time_to_first_token_ms: a.time_to_first_token_ms.filter(|_| source.builder >= FIRST_TOKEN),
            tokens_input: usage.map(|u| u.input),
            tokens_cached: usage.map(|u| u.cached),
            tokens_cache_write_5m: written.map(|u| u.input_cache_write_5m),
            tokens_cache_write_1h: written.map(|u| u.input_cache_write_1h),
            tokens_output: usage.map(|u| u.output),
            tokens_reasoning: usage.map(|u| u.reasoning),
            usage_source: usage.map_or("", |u| label(u.source)),
            usage_contradicts: a.usage_contradicts,
            billing: if cost.is_some() { "priced" } else { billing(a) },
            cost,
            currency,
            price: a.price.as_deref().unwrap_or_default(),
            provider_request: a.provider_request.as_deref().unwrap_or_default(),
            finish: a.finish.as_deref().unwrap_or_default(),
            rerun: end.rerun,
            outcome: end.outcome.end.label(),
            outcome_reason: end.outcome.reason(),
            calls: 1,
            correction: "",
            user: added.user,
            tier: added.tier,
            rule: added.marked.rule,
            class: added.marked.class,
            arms: added.marked.arms,
            queue_ms: added.queue_ms,
            detail: added.detail,
            source_topic: source.topic,
            source_partition: source.partition,
            source_offset: source.offset,
            builder: source.builder,
        })
    }
}

/// The amount, unless it is larger than the column holds, which would cut it silently. No price times any number of tokens that we accept
/// is that large. If such an amount comes from elsewhere, the row keeps its tokens and its price, and counts as unpriced.
fn exact(pico: i128, builder: u8) -> Result<Option<i128>, Refused> {
    match builder {
        1 if pico.unsigned_abs() > LARGEST_PICO_1 => Err(Refused::DeadLetter { reason: "cost_out_of_range" }),
        _ => Ok(amount(pico)),
    }
}

/// What an attempt without a known cost may have cost. `unpriced`: the call was made, since the target answered with a success, whatever
/// the reply was like, or told tokens; only the price is not known. `uncertain`: it was sent and nobody saw how it ended, so that it may
/// have been made. `free`: the target refused it by its status, or it never reached the target.
fn billing(attempt: &Attempt<'_>) -> &'static str {
    let was_made = attempt.error.is_none() || attempt.usage.is_some();
    let succeeded = attempt.status.is_some_and(|status| (200..300).contains(&status));
    match (was_made, attempt.may_be_billed) {
        (true, _) => "unpriced",
        (false, true) if succeeded => "unpriced",
        (false, true) => "uncertain",
        (false, false) => "free",
    }
}

/// What rows have since builder 6.
#[derive(Default)]
struct Added<'a> {
    user: &'a str,
    tier: &'a str,
    marked: Marked<'a>,
    queue_ms: Option<i64>,
    detail: &'a str,
}

impl<'a> Added<'a> {
    fn of(end: &'a Answered<'a>, attempt: &'a Attempt<'a>, who: &'a Who<'a>, source: Source<'_>) -> Self {
        if source.builder < WHOLE {
            return Self::default();
        }
        Self {
            user: who.user(),
            tier: end.tier.as_deref().unwrap_or_default(),
            marked: Marked::of(end.route.as_ref()),
            queue_ms: end.decided_at.map(|decided| attempt.started_at - decided),
            detail: attempt.detail.as_deref().unwrap_or_default(),
        }
    }
}

fn label(source: UsageSource) -> &'static str {
    match source {
        UsageSource::Provider => "provider",
        UsageSource::Estimated => "estimated",
    }
}

#[cfg(test)]
mod tests;
