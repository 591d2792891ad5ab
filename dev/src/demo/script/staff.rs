//! A member of staff speaks in a group where the bot talks.

use crate::demo::stage::{Stage, expect, expect_part, note};
use anyhow::Result;
use dev::rig::easemob::To;
use schemas::decision::Ruling;

/// A group of its own: whoever takes over there silences the bot nowhere else.
const GROUP: To<'_> = To::Group("184524748161026");
/// Who is staff, by the configuration.
const ANNA: &str = "agent_anna";

pub(super) fn took_over(stage: &mut Stage) -> Result<()> {
    stage.model.hold("badge")?;
    let asked = stage.say("xena", GROUP, "@helpdesk my badge does not open the door")?;
    stage.thinking("badge")?;
    note("the model thinks");
    stage.say(ANNA, GROUP, "xena, I am on my way.")?;
    let told = stage.answer("xena", GROUP, &asked)?;
    expect("what xena is told", "客服正在接入。", told.as_str())?;
    stage.model.release("badge")?;
    note("the call is cut; whoever waited is told that a person takes over");
    let silent = stage.say("xena", GROUP, "@helpdesk how long does it take?")?;
    expect("what was decided", Ruling::TakenOver, stage.decided(&silent)?.ruling)?;
    let back = stage.say(ANNA, GROUP, "/bot")?;
    stage.decided(&back)?;
    expect("answers while a person has the conversation", 0, stage.answers("xena", GROUP, &silent)?.len())?;
    note("the bot was silent until she handed the group back");
    let again = stage.say("xena", GROUP, "@helpdesk who came?")?;
    let answer = stage.answer("xena", GROUP, &again)?;
    expect_part("the answer", "who came?", &answer)?;
    expect("what the bot has of the talk", false, answer.contains("This is the first thing"))
}
