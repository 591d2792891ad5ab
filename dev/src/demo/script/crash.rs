//! A crash at the worst moment: one call runs, another has just finished.

use super::trouble::outcome;
use crate::demo::stage::{Stage, WITHIN, expect, expect_part, note};
use anyhow::Result;
use dev::rig::easemob::{BOT, To};
use schemas::ledger::{LedgerEntry, LedgerKind};

const HELP_DESK: To<'_> = To::User(BOT);

pub(super) fn killed(stage: &mut Stage) -> Result<()> {
    stage.model.hold("long report")?;
    let running = stage.say("mike", HELP_DESK, "Write a long report.")?;
    stage.thinking("long report")?;
    note("the model thinks about mike's report");
    let finished = stage.say("nina", HELP_DESK, "Is it Friday?")?;
    stage.answer("nina", HELP_DESK, &finished)?;
    let id = stage.line.kill_call()?;
    note(&format!("SIGKILL to the call step, process {id}"));
    stage.line.revive(stage.home)?.iter().for_each(|revived| note(revived));
    // The call of the killed process counts as running until the stand-in notices that the connection is gone.
    stage.patience.until("the call to run again", WITHIN, || {
        Ok((stage.model.about("long report")?.len() == 2).then_some(()))
    })?;
    stage.model.release("long report")?;
    let answer = stage.answer("mike", HELP_DESK, &running)?;
    expect_part("the answer", "Write a long report.", &answer)?;
    stage.line.wait_ready(stage.patience)?;

    expect("answers to mike", 1, stage.answers("mike", HELP_DESK, &running)?.len())?;
    expect("answers to nina", 1, stage.answers("nina", HELP_DESK, &finished)?.len())?;
    expect("calls for nina, whose outcome was committed", 1, stage.model.about("Is it Friday?")?.len())?;
    expect("mike's outcome is marked as a rerun", true, outcome(stage, &running.sent.msg_id)?.rerun)?;
    expect("nina's outcome is marked as a rerun", false, outcome(stage, &finished.sent.msg_id)?.rerun)?;
    let billed = stage.model.about("long report")?.iter().filter(|call| call.billed).count();
    expect("runs of mike's call that the provider bills", 2, billed)?;
    let uncertain = uncertain(stage, &running.sent.msg_id)?;
    expect("uncertain facts of mike's turn in the ledger", vec!["rerun".to_owned()], uncertain)?;
    note(
        "nina's call was not repeated; mike's ran twice, is billed twice, and the first run is booked as uncertain",
    );
    Ok(())
}

/// Why money of a message's turn is uncertain.
fn uncertain(stage: &Stage, msg_id: &str) -> Result<Vec<String>> {
    let of_turn =
        |entry: &LedgerEntry| entry.message.easemob_id() == msg_id && entry.kind == LedgerKind::Uncertain;
    let entries = stage.topics.all::<LedgerEntry>()?;
    Ok(entries.into_iter().filter(of_turn).map(|entry| entry.reason).collect())
}
