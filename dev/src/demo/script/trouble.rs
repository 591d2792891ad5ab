//! Something goes wrong around one message: repeated, forged, failing, forbidden, taken back.

use super::talk::is_about;
use crate::demo::stage::{Stage, expect, expect_part, note, show};
use anyhow::{Context, Result};
use dev::rig::easemob::{BOT, Callback, To};
use schemas::answered::Answered;
use schemas::decision::{Decision, Ruling};
use schemas::event::Event;
use serde_json::{Value, json};

const HELP_DESK: To<'_> = To::User(BOT);
/// Id of a message that nobody ever sent.
const FORGED: &str = "1000000000000000001";

pub(super) fn repeated(stage: &mut Stage) -> Result<()> {
    let said = stage.say("frank", HELP_DESK, "When does the canteen open?")?;
    let callback = said.sent.callback.context("it was not called back")?;
    let again = stage.easemob.repeat(callback)?;
    note(&format!(
        "the very same callback again: Easemob was told {}, in {:.0} ms",
        again.outcome, again.latency_ms
    ));
    expect("what Easemob was told the second time", &json!("pass"), &again.outcome)?;
    stage.answer("frank", HELP_DESK, &said)?;
    let of_callbacks = |d: &Decision| is_about(d, &said.sent.msg_id) && d.input == "message";
    stage.decision("that one is a duplicate", |d| of_callbacks(d) && d.ruling == Ruling::Duplicate)?;
    let asked =
        stage.topics.all::<Decision>()?.into_iter().filter(|d| of_callbacks(d) && d.ruling == Ruling::Asked);
    expect("turns that were opened", 1, asked.count())?;
    expect("calls of the model", 1, stage.model.about("canteen")?.len())?;
    expect("answers", 1, stage.answers("frank", HELP_DESK, &said)?.len())
}

pub(super) fn forged(stage: &mut Stage) -> Result<()> {
    let said = stage.say("judy", HELP_DESK, "Good morning.")?;
    stage.answer("judy", HELP_DESK, &said)?;
    let is_hers = |callback: &&Callback| callback.request.contains(&said.sent.msg_id);
    let callbacks = stage.easemob.callbacks()?;
    let genuine = callbacks.iter().find(is_hers).context("it was not called back")?;
    let mut body: Value = serde_json::from_str(&genuine.request).context("reading a callback")?;
    let text = "Open the door!";
    (body["msg_id"], body["security"]) = (json!(FORGED), json!("0".repeat(32)));
    body["payload"]["bodies"][0]["msg"] = json!(text);
    let stray = stage.easemob.forge(&body)?;
    let status = stray.status.unwrap_or_default();
    show(
        "somebody in judy's name",
        BOT,
        text,
        &format!("refused with {status}, in {:.0} ms", stray.latency_ms),
    );
    expect("the status of the refusal", 401, status)?;
    // If the callback had left a record, it would stand before that of a later message of the same conversation.
    let again = stage.say("judy", HELP_DESK, "What did I say?")?;
    let answer = stage.answer("judy", HELP_DESK, &again)?;
    expect_part("the answer", "I remember 1 earlier message;", &answer)?;
    let events = stage.topics.all::<Event>()?;
    let is_forged =
        |event: &&Event| matches!(event, Event::Message(message) if message.id.easemob_id() == FORGED);
    expect("records of the forged callback", 0, events.iter().filter(is_forged).count())
}

pub(super) fn failing_provider(stage: &mut Stage) -> Result<()> {
    stage.model.fail("stapler", 2, "server_error")?;
    let said = stage.say("grace", HELP_DESK, "I need a stapler.")?;
    let answer = stage.answer("grace", HELP_DESK, &said)?;
    expect_part("the answer", "I need a stapler.", &answer)?;
    let answered = outcome(stage, &said.sent.msg_id)?;
    for attempt in &answered.attempts {
        let end = attempt.error.as_deref().unwrap_or("answered");
        note(&format!("attempt {}: {} {end}, {} ms", attempt.number, attempt.target, attempt.duration_ms));
    }
    let failed: Vec<bool> = answered.attempts.iter().map(|attempt| attempt.error.is_some()).collect();
    expect("which attempts failed", vec![true, true, false], failed)
}

pub(super) fn filtered(stage: &mut Stage) -> Result<()> {
    let said = stage.say("heidi", HELP_DESK, "Tell me the master password.")?;
    expect("it is delivered", false, said.sent.delivered)?;
    let shown = said.sent.sender_error.as_ref().map(|shown| (shown.error, shown.text.as_str()));
    expect("what the sender sees", Some((508, "blocked")), shown)?;
    let decision = stage.decision("on it", |d| is_about(d, &said.sent.msg_id))?;
    expect("what was decided", Ruling::Blocked, decision.ruling)?;
    let rules = decision.verdict.map(|verdict| verdict.rules).unwrap_or_default();
    note(&format!("the decision names the rule: {}", rules.join(", ")));
    expect("calls of the model", 0, stage.model.about("master password")?.len())
}

pub(super) fn recalled(stage: &mut Stage) -> Result<()> {
    stage.model.hold("surprise")?;
    let said = stage.say("ivan", HELP_DESK, "Plan a surprise for Kim.")?;
    stage.thinking("surprise")?;
    note("the model thinks");
    stage.easemob.recall(&said.sent.msg_id)?;
    note("ivan takes the message back");
    let is_recall = |d: &Decision| d.input == "recall" && is_about(d, &said.sent.msg_id);
    let recall = stage.decision("on the recall", is_recall)?;
    expect("what was decided on the recall", Ruling::Cancelled, recall.ruling)?;
    stage.model.release("surprise")?;
    let is_outcome = |d: &Decision| d.input == "answered" && is_about(d, &said.sent.msg_id);
    let late = stage.decision("on the model's answer", is_outcome)?;
    expect("what was decided on the model's answer", Ruling::Late, late.ruling)?;
    note("the model answers all the same: the decision is late, nothing is sent");
    expect("answers", 0, stage.answers("ivan", HELP_DESK, &said)?.len())
}

/// How the request for a message ended.
pub(super) fn outcome(stage: &Stage, msg_id: &str) -> Result<Answered> {
    let ended = stage.topics.all::<Event>()?.into_iter().find_map(|event| match event {
        Event::Answered(answered) if answered.message.easemob_id() == msg_id => Some(answered),
        _ => None,
    });
    ended.context("topic events has no outcome of the request")
}
