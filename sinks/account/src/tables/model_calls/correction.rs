//! The row of a correction: as that of the attempt, with what its cost changes by, and nothing that was counted or measured.

use pipeline::Refused;
use schemas::correction::{CorrectedCall, Correction};

use super::ModelCallRow;
use crate::source::Source;
use crate::value::{Marked, amount, timestamp};

pub(super) fn row<'a>(correction: &'a Correction, source: Source<'a>) -> Result<ModelCallRow<'a>, Refused> {
    let Correction { call, app, run, amount: money, price, reason, .. } = correction;
    let CorrectedCall { request, kind, attempt, turn, message, conversation, user, tier, .. } = call;
    // A correction that the column cannot hold would be lost from the sum.
    let cost = amount(money.pico).ok_or(Refused::DeadLetter { reason: "cost_out_of_range" })?;
    let marked = Marked::of_corrected(call.route.as_ref());
    Ok(ModelCallRow {
        app: app.as_str(),
        at: timestamp(call.started_at)?,
        request: request.uuid(),
        kind: kind.label(),
        turn: turn.uuid(),
        message: message.as_str(),
        chat_kind: call.chat_kind.label(),
        conversation,
        attempt: *attempt,
        attempts: 0,
        target: call.target.as_str(),
        key_number: None,
        provider: &call.provider,
        model: &call.model,
        model_answered: "",
        region: &call.region,
        error: "",
        code: "",
        status: None,
        duration_ms: 0,
        time_to_first_token_ms: None,
        tokens_input: None,
        tokens_cached: None,
        tokens_cache_write_5m: None,
        tokens_cache_write_1h: None,
        tokens_output: None,
        tokens_reasoning: None,
        usage_source: "",
        usage_contradicts: false,
        cost: Some(cost),
        billing: "correction",
        currency: &money.currency,
        price: price.as_deref().unwrap_or_default(),
        provider_request: "",
        finish: "",
        rerun: false,
        outcome: "",
        outcome_reason: reason,
        calls: 0,
        correction: run,
        user,
        tier,
        rule: marked.rule,
        class: marked.class,
        arms: marked.arms,
        queue_ms: None,
        detail: "",
        source_topic: source.topic,
        source_partition: source.partition,
        source_offset: source.offset,
        builder: source.builder,
    })
}
