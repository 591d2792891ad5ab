//! What a message does to the conversation that it comes into.

use super::talk::is_about;
use crate::demo::stage::{Stage, expect, expect_part, note};
use anyhow::Result;
use dev::rig::easemob::{BOT, To};
use schemas::decision::{Decision, Ruling};

const HELP_DESK: To<'_> = To::User(BOT);

pub(super) fn interrupted(stage: &mut Stage) -> Result<()> {
    stage.model.hold("projector")?;
    let first = stage.say("vera", HELP_DESK, "Book the projector for Monday.")?;
    stage.thinking("projector")?;
    note("the model thinks");
    let second = stage.say("vera", HELP_DESK, "No, for Tuesday, please.")?;
    let decision = stage.decided(&second)?;
    expect("what was decided", Ruling::Waits, decision.ruling)?;
    expect("why", vec!["interrupts".to_owned()], decision.reasons)?;
    let is_end = |d: &Decision| d.input == "answered" && is_about(d, &first.sent.msg_id);
    let end = stage.decision("on the call that was cut", is_end)?;
    expect("how it ended", vec!["cancelled".to_owned()], end.reasons)?;
    note("the call is cut, and both messages are asked together");
    stage.model.release("projector")?;
    let answer = stage.answer("vera", HELP_DESK, &first)?;
    expect_part("the answer", "Book the projector for Monday.", &answer)?;
    expect_part("the answer", "No, for Tuesday, please.", &answer)?;
    expect("answers", 1, stage.answers("vera", HELP_DESK, &first)?.len())
}

pub(super) fn begun_anew(stage: &mut Stage) -> Result<()> {
    let said = stage.say("wendy", HELP_DESK, "My bicycle is red.")?;
    stage.answer("wendy", HELP_DESK, &said)?;
    let command = stage.say("wendy", HELP_DESK, "/new")?;
    stage.answer("wendy", HELP_DESK, &command)?;
    let said = stage.say("wendy", HELP_DESK, "What colour is my bicycle?")?;
    let answer = stage.answer("wendy", HELP_DESK, &said)?;
    expect_part("what the model remembers", "This is the first thing you tell me.", &answer)?;
    expect("calls about the command", 0, stage.model.about("/new")?.len())?;
    note("no model was asked about /new, and the model was not shown what was said before it");
    Ok(())
}
