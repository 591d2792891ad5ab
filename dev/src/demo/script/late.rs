//! An answer is found wrong after a person has read it.

use super::talk::is_about;
use crate::demo::stage::{Stage, WITHIN, expect, expect_part, note, show};
use anyhow::{Context, Result};
use dev::rig::easemob::{APP, BOT, To};
use schemas::decision::Ruling;
use schemas::delivery::{Delivery, DeliveryResult};
use serde_json::json;

const HELP_DESK: To<'_> = To::User(BOT);

pub(super) fn taken_back(stage: &mut Stage) -> Result<()> {
    let said = stage.say("tess", HELP_DESK, "What does a second badge cost?")?;
    let answer = stage.answer("tess", HELP_DESK, &said)?;
    let of_turn = stage
        .decision("on the answer", |d| is_about(d, &said.sent.msg_id) && d.ruling == Ruling::Answered)?;
    let turn = of_turn.turn.context("the decision names no turn")?;
    let sends = stage.easemob.sends()?;
    let is_it = |send: &&dev::rig::easemob::RestSend| send.turn() == Some(turn.to_string().as_str());
    let reply_id = sends.iter().find(is_it).and_then(|send| send.reply_id());
    let reply_id = reply_id.context("the answer that was sent has no mark")?;
    let conversation = format!("{APP}/chat/{BOT}/tess");
    let finding =
        json!({ "id": "audit-1", "conversation": conversation, "reply_id": reply_id, "category": "price" });
    let told = stage.moderation.tell(&finding)?;
    note(&format!("a moderation system finds a wrong price in it and says so, signed: {told}"));
    expect("what it was told", r#"{"accepted":true}"#, told.as_str())?;
    let decision = stage.decision("on the finding", |d| d.input == "finding" && d.turn == Some(turn))?;
    expect("why", "price, retracted, history_removed", decision.reasons.join(", ").as_str())?;
    note(&format!("the decision says: {}", decision.reasons.join(", ")));
    stage.patience.until("the answer to leave the chat", WITHIN, || {
        let answers = stage.answers("tess", HELP_DESK, &said)?;
        Ok((!answers.is_empty() && answers.iter().all(|answer| answer.recalled)).then_some(()))
    })?;
    show(BOT, "tess", &answer, "recalled at Easemob: nobody sees it any more");
    let end = stage.patience.until("the end of the recall", WITHIN, || {
        let ends = stage.topics.all::<Delivery>()?.into_iter();
        Ok(ends.filter(|end| end.turn == turn).find(|end| end.result.is_retraction()))
    })?;
    expect("how the recall ended", DeliveryResult::Retracted, end.result)?;
    let again = stage.say("tess", HELP_DESK, "What did you just say?")?;
    let answer = stage.answer("tess", HELP_DESK, &again)?;
    expect_part("the model's memory of it", "This is the first thing you tell me.", &answer)
}
