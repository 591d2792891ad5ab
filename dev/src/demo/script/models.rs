//! Providers of three families behind one answer: who fails, who answers, and what is paid.

use super::trouble::{outcome, tell};
use crate::demo::stage::{Stage, expect, expect_part, note};
use anyhow::{Context, Result};
use dev::rig::easemob::{BOT, To};
use schemas::answered::{Answered, UsageSource};
use serde_json::json;

const HELP_DESK: To<'_> = To::User(BOT);

pub(super) fn three_families(stage: &mut Stage) -> Result<()> {
    stage.model.fail("fax", 2, "overloaded")?;
    let answered = asked(stage, "karl", "Where is the fax?", "Where is the fax?")?;
    let providers: Vec<&str> = answered.attempts.iter().map(|attempt| attempt.provider.as_str()).collect();
    expect("families that were asked", vec!["openai", "claude", "local"], providers)?;
    let ends: Vec<_> = answered.attempts.iter().map(|attempt| attempt.error.as_deref()).collect();
    expect("how the attempts ended", vec![Some("overloaded"), Some("overloaded"), None], ends)
}

pub(super) fn cut(stage: &mut Stage) -> Result<()> {
    stage.model.fail("暖气", 1, "cut_stream")?;
    let answered = asked(stage, "lena", "暖气不热怎么办", "物业电话")?;
    let [cut, whole] = answered.attempts.as_slice() else {
        anyhow::bail!("expected two attempts, saw {}", answered.attempts.len())
    };
    expect(
        "how the attempts ended",
        (Some("protocol"), None),
        (cut.error.as_deref(), whole.error.as_deref()),
    )?;
    let usage = cut.usage.as_ref().context("nothing is recorded of the stream that was cut")?;
    expect("where its tokens are from", UsageSource::Estimated, usage.source)?;
    let calls = stage.model.about("暖气")?;
    let billed = calls.iter().find(|call| call.model == "acme-large").context("it was not called")?;
    let theirs = (billed.prompt_tokens, billed.completion_tokens);
    expect("tokens that are recorded and billed", theirs, (usage.input, usage.output))?;
    note("nothing of the half answer was sent; its tokens are on the record as on the invoice");
    Ok(())
}

pub(super) fn no_money(stage: &mut Stage) -> Result<()> {
    stage.model.plan(Some("acme-large"), 2, &json!({ "kind": "insufficient_quota" }))?;
    for person in ["olga", "paul"] {
        let answered = asked(stage, person, "Where is the printer?", "Where is the printer?")?;
        let first = answered.attempts.first().context("nobody was asked")?;
        let end = (first.target.as_str(), first.error.as_deref(), first.status);
        expect("the first attempt", ("large", Some("quota_exhausted"), Some(429)), end)?;
    }
    let answered = asked(stage, "rita", "Where is the printer?", "Where is the printer?")?;
    let targets: Vec<&str> = answered.attempts.iter().map(|attempt| attempt.target.as_str()).collect();
    expect("targets that were asked", vec!["second"], targets)?;
    note("a second conversation met the same: until a person acts, large is asked no more");
    Ok(())
}

/// Asks, waits for the one answer, and tells the attempts.
fn asked(stage: &Stage, person: &str, question: &str, part: &str) -> Result<Answered> {
    let said = stage.say(person, HELP_DESK, question)?;
    let answer = stage.answer(person, HELP_DESK, &said)?;
    expect_part("the answer", part, &answer)?;
    let answered = outcome(stage, &said.sent.msg_id)?;
    tell(&answered);
    expect("answers", 1, stage.answers(person, HELP_DESK, &said)?.len())?;
    Ok(answered)
}
