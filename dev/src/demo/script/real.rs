//! A conversation with a real model. What it says is its own affair; that it says it, how fast, and what is recorded of it is told.

use super::talk::is_about;
use super::trouble::{outcome, tell};
use crate::demo::stage::{Stage, WITHIN, expect, note};
use anyhow::{Context, Result, ensure};
use dev::rig::easemob::{BOT, To};
use dev::rig::meter::Meter;
use schemas::answered::{Answered, Outcome, UsageSource};
use schemas::decision::{Decision, Ruling};
use std::time::{Duration, Instant};

const HELP_DESK: To<'_> = To::User(BOT);
/// How soon a cut call ends.
const SOON: Duration = Duration::from_secs(2);

pub(super) fn conversation(stage: &mut Stage) -> Result<()> {
    for question in
        ["Hello! Who are you?", "Name three things that are blue.", "And what did I ask you first?"]
    {
        let said = stage.say("carol", HELP_DESK, question)?;
        stage.answer("carol", HELP_DESK, &said)?;
        let answered = outcome(stage, &said.sent.msg_id)?;
        tell(&answered);
        let attempt = answered.attempts.last().context("nobody was asked")?;
        ensure!(attempt.time_to_first_token_ms.is_some(), "the answer did not come as a stream");
        let usage = attempt.usage.as_ref().context("no tokens are recorded")?;
        expect("where its tokens are from", UsageSource::Provider, usage.source)?;
        ensure!(usage.input > 0 && usage.output > 0, "expected tokens, saw {usage:?}");
        let speaking = attempt.duration_ms.saturating_sub(attempt.time_to_first_token_ms.unwrap_or_default());
        let rate = usage.output as f64 * 1e3 / f64::from(speaking.max(1));
        note(&format!("{rate:.0} tokens/s, {} of the prompt from the model's cache", usage.cached));
    }
    Ok(())
}

pub(super) fn recalled(stage: &mut Stage) -> Result<()> {
    let said = stage.say("ivan", HELP_DESK, "Tell me a very long story about a dragon and a surprise.")?;
    stage.patience.until("the call to run", WITHIN, || {
        let metrics = stage.line.metrics();
        Ok((Meter::read(&metrics).running_calls() > 0).then_some(()))
    })?;
    note("the model speaks");
    stage.easemob.recall(&said.sent.msg_id)?;
    let recalled = Instant::now();
    note("ivan takes the message back");
    let is_recall = |d: &Decision| d.input == "recall" && is_about(d, &said.sent.msg_id);
    let recall = stage.decision("on the recall", is_recall)?;
    expect("what was decided on the recall", Ruling::Cancelled, recall.ruling)?;
    let is_outcome = |d: &Decision| d.input == "answered" && is_about(d, &said.sent.msg_id);
    stage.decision("on the end of the call", is_outcome)?;
    let took = recalled.elapsed();
    let answered = outcome(stage, &said.sent.msg_id)?;
    tell(&answered);
    note(&how(&answered, took));
    expect("answers", 0, stage.answers("ivan", HELP_DESK, &said)?.len())
}

/// What became of a call that nobody needs any more.
fn how(answered: &Answered, took: Duration) -> String {
    let label = answered.outcome.label();
    match &answered.outcome {
        Outcome::Cancelled if took < SOON => {
            format!("the call was cut {} ms after the recall: {label}", took.as_millis())
        }
        _ => format!("the call ended {} ms after the recall: {label}; nothing is sent", took.as_millis()),
    }
}
