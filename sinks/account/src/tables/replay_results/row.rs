//! The row of a turn.

use clickhouse::Row;
use schemas::Millis;
use schemas::conversation::Conversation;
use schemas::ids::AppKey;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::turn::{ReplayHead, ReplaySide, ReplayTurn};
use crate::pseudonym::Pseudonyms;
use crate::value::{amount, foreign_timestamp};

/// One turn; the columns are described in the table's definition.
#[derive(Debug, Clone, Default, PartialEq, Row, Serialize)]
pub(super) struct ReplayRow {
    name: String,
    manifest: String,
    at: i64,
    range_from: Option<i64>,
    range_to: Option<i64>,
    models: &'static str,
    fork_at: Option<u32>,
    baseline: String,
    candidate: String,
    app: String,
    conversation: String,
    pub(super) turn: String,
    class: String,
    tier: String,
    footing: &'static str,
    cold_start: bool,
    drift: &'static str,
    better: &'static str,
    score: Option<f64>,
    equal: bool,
    baseline_verdict: &'static str,
    baseline_answer_verdict: &'static str,
    baseline_rules: Vec<String>,
    baseline_decision: String,
    baseline_request: String,
    baseline_route: String,
    baseline_target: String,
    baseline_characters: Option<u32>,
    baseline_tokens_input: Option<u64>,
    baseline_tokens_cached: Option<u64>,
    baseline_tokens_output: Option<u64>,
    /// In 10⁻¹², as the column counts.
    baseline_cost: Option<i128>,
    baseline_currency: String,
    baseline_latency_ms: Option<u64>,
    baseline_first_token_ms: Option<u64>,
    baseline_source: &'static str,
    baseline_error: String,
    candidate_verdict: &'static str,
    candidate_answer_verdict: &'static str,
    candidate_rules: Vec<String>,
    candidate_decision: String,
    candidate_request: String,
    candidate_route: String,
    candidate_target: String,
    candidate_characters: Option<u32>,
    candidate_tokens_input: Option<u64>,
    candidate_tokens_cached: Option<u64>,
    candidate_tokens_output: Option<u64>,
    /// In 10⁻¹², as the column counts.
    candidate_cost: Option<i128>,
    candidate_currency: String,
    candidate_latency_ms: Option<u64>,
    candidate_first_token_ms: Option<u64>,
    candidate_source: &'static str,
    candidate_error: String,
    pub(super) content: String,
}

impl ReplayRow {
    /// The row of a turn that is stored now.
    pub(super) fn of(head: &ReplayHead, turn: &ReplayTurn, names: &Pseudonyms, now: Millis) -> Self {
        let row = Self {
            name: head.name.clone(),
            manifest: head.manifest.clone(),
            range_from: head.from.and_then(foreign_timestamp),
            range_to: head.to.and_then(foreign_timestamp),
            models: head.models,
            fork_at: head.fork_at,
            baseline: head.baseline.clone(),
            candidate: head.candidate.clone(),
            app: turn.app.clone(),
            conversation: pseudonym(turn, names),
            turn: turn.turn.clone(),
            class: turn.class.clone(),
            tier: turn.tier.clone(),
            footing: turn.footing,
            cold_start: turn.cold_start,
            drift: turn.drift,
            better: turn.judged.map(|judged| judged.better).unwrap_or_default(),
            score: turn.judged.map(|judged| judged.score),
            equal: turn.judged.is_some_and(|judged| judged.equal),
            ..Self::default()
        };
        let row = row.with_baseline(&turn.baseline).with_candidate(&turn.candidate);
        // Of everything but the moment, so that a turn which is stored again is known.
        let content = Sha256::digest(format!("{row:?}"));
        Self { at: now, content: base16ct::lower::encode_string(&content), ..row }
    }

    fn with_baseline(self, side: &ReplaySide) -> Self {
        Self {
            baseline_verdict: side.verdict,
            baseline_answer_verdict: side.answer_verdict,
            baseline_rules: side.rules.clone(),
            baseline_decision: side.decision.clone(),
            baseline_request: side.request.clone(),
            baseline_route: side.route.clone(),
            baseline_target: side.target.clone(),
            baseline_characters: side.characters,
            baseline_tokens_input: side.tokens_input,
            baseline_tokens_cached: side.tokens_cached,
            baseline_tokens_output: side.tokens_output,
            baseline_cost: side.cost.as_ref().and_then(|cost| amount(cost.pico)),
            baseline_currency: side.cost.as_ref().map(|cost| cost.currency.clone()).unwrap_or_default(),
            baseline_latency_ms: side.latency_ms,
            baseline_first_token_ms: side.first_token_ms,
            baseline_source: side.source,
            baseline_error: side.error.clone(),
            ..self
        }
    }

    fn with_candidate(self, side: &ReplaySide) -> Self {
        Self {
            candidate_verdict: side.verdict,
            candidate_answer_verdict: side.answer_verdict,
            candidate_rules: side.rules.clone(),
            candidate_decision: side.decision.clone(),
            candidate_request: side.request.clone(),
            candidate_route: side.route.clone(),
            candidate_target: side.target.clone(),
            candidate_characters: side.characters,
            candidate_tokens_input: side.tokens_input,
            candidate_tokens_cached: side.tokens_cached,
            candidate_tokens_output: side.tokens_output,
            candidate_cost: side.cost.as_ref().and_then(|cost| amount(cost.pico)),
            candidate_currency: side.cost.as_ref().map(|cost| cost.currency.clone()).unwrap_or_default(),
            candidate_latency_ms: side.latency_ms,
            candidate_first_token_ms: side.first_token_ms,
            candidate_source: side.source,
            candidate_error: side.error.clone(),
            ..self
        }
    }
}

/// As other tables have it where the results name the conversation by its key; otherwise of what stands for it there.
fn pseudonym(turn: &ReplayTurn, names: &Pseudonyms) -> String {
    match (turn.conversation.parse::<Conversation>(), AppKey::new(&turn.app)) {
        (Ok(conversation), _) => names.of_conversation(&conversation),
        (Err(_), Ok(app)) => names.of_name(&app, &turn.conversation),
        (Err(_), Err(_)) => String::new(),
    }
}
