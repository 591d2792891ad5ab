//! People and the bot talk, and nothing goes wrong.

use crate::demo::stage::{Stage, expect, expect_part, note};
use anyhow::Result;
use dev::rig::easemob::{BOT, To};
use schemas::decision::Ruling;

const GROUP: To<'_> = To::Group("184524748161025");
const HELP_DESK: To<'_> = To::User(BOT);

pub(super) fn between_people(stage: &mut Stage) -> Result<()> {
    let said = stage.say("alice", To::User("bob"), "Lunch at noon?")?;
    expect("who decided on it", "verdict", said.sent.decided_by.as_str())?;
    expect("it is delivered", true, said.sent.delivered)?;
    let inbox = stage.easemob.inbox(To::User("bob"))?;
    expect(
        "texts that bob received",
        vec![Some("Lunch at noon?".to_owned())],
        inbox.into_iter().map(|m| m.text).collect(),
    )?;
    let decision = stage.decision("on it", |d| is_about(d, &said.sent.msg_id) && d.input == "message")?;
    expect("what was decided", Ruling::Passed, decision.ruling)
}

pub(super) fn remembered(stage: &mut Stage) -> Result<()> {
    let first = stage.say("carol", HELP_DESK, "My locker is number 42.")?;
    let answer = stage.answer("carol", HELP_DESK, &first)?;
    expect_part("the first answer", "This is the first thing you tell me.", &answer)?;
    let second = stage.say("carol", HELP_DESK, "Which locker do I have?")?;
    let answer = stage.answer("carol", HELP_DESK, &second)?;
    expect_part("the second answer", "you told me earlier: \"My locker is number 42.\"", &answer)
}

pub(super) fn mentioned(stage: &mut Stage) -> Result<()> {
    let aside = stage.say("dave", GROUP, "Who has seen the stapler?")?;
    let decision = stage.decision("on it", |d| is_about(d, &aside.sent.msg_id) && d.input == "message")?;
    expect("what was decided", Ruling::Passed, decision.ruling)?;
    note("nobody meant the bot: the decision is to let it pass");
    let asked = stage.say("erin", GROUP, "@helpdesk where is the printer?")?;
    let answer = stage.answer("erin", GROUP, &asked)?;
    expect_part("the answer", "where is the printer?", &answer)?;
    expect("answers in the group", 1, stage.answers("dave", GROUP, &aside)?.len())
}

pub(super) fn mentioned_in_full_width(stage: &mut Stage) -> Result<()> {
    let asked = stage.say("fred", GROUP, "＠ｈｅｌｐｄｅｓｋ　where is the lift?")?;
    let answer = stage.answer("fred", GROUP, &asked)?;
    expect_part("the answer", "I hear you say: \"where is the lift?\"", &answer)?;
    note("as a Chinese keyboard writes it: the mention is understood, and not part of the question");
    Ok(())
}

/// Whether a decision is on the message of that Easemob id.
pub(super) fn is_about(decision: &schemas::decision::Decision, msg_id: &str) -> bool {
    decision.message.as_ref().is_some_and(|message| message.easemob_id() == msg_id)
}
