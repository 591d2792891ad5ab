//! The row of a correction: as that of the attempt, with what its cost changes by, and nothing that was counted or measured.

use pipeline::Refused;
use schemas::correction::{CorrectedCall, Correction};

use super::ModelCallRow;
use crate::source::Source;
use crate::value::{Marked, amount, timestamp};

pub(super) fn row(correction: &Correction, source: Source<'_>) -> Result<ModelCallRow, Refused> {
    let Correction { call, app, run, amount: money, price, reason, .. } = correction;
    let CorrectedCall { request, kind, attempt, turn, message, conversation, user, .. } = call;
    // A correction that the column cannot hold would be lost from the sum.
    let cost = amount(money).ok_or(Refused::DeadLetter { reason: "cost_out_of_range" })?;
    let marked = Marked::of(call.route.as_ref());
    Ok(ModelCallRow {
        app: app.to_string(),
        at: timestamp(call.started_at)?,
        request: request.uuid(),
        kind: kind.label(),
        turn: turn.uuid(),
        message: message.to_string(),
        chat_kind: call.chat_kind.label(),
        conversation: conversation.clone(),
        attempt: *attempt,
        attempts: 0,
        target: call.target.to_string(),
        key_number: None,
        provider: call.provider.clone(),
        model: call.model.clone(),
        model_answered: String::new(),
        region: call.region.clone(),
        error: String::new(),
        code: String::new(),
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
        currency: money.currency.clone(),
        price: price.clone().unwrap_or_default(),
        provider_request: String::new(),
        finish: String::new(),
        rerun: false,
        outcome: "",
        outcome_reason: reason.clone(),
        calls: 0,
        correction: run.clone(),
        user: user.clone(),
        tier: String::new(),
        rule: marked.rule,
        class: marked.class,
        arms: marked.arms,
        queue_ms: None,
        detail: String::new(),
        source_topic: source.topic.to_owned(),
        source_partition: source.partition,
        source_offset: source.offset,
        builder: source.builder,
    })
}
