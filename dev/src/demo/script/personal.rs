//! A number that the model is not shown.

use super::talk::is_about;
use crate::demo::stage::{Stage, expect, expect_part, note};
use anyhow::{Context, Result, ensure};
use dev::rig::easemob::{BOT, To};
use schemas::request::Request;
use schemas::text::Text;

const HELP_DESK: To<'_> = To::User(BOT);
const NUMBER: &str = "13800138000";

pub(super) fn restored(stage: &mut Stage) -> Result<()> {
    let said = stage.say("nina", HELP_DESK, &format!("Please call me back on {NUMBER}."))?;
    let answer = stage.answer("nina", HELP_DESK, &said)?;
    expect_part("the answer", NUMBER, &answer)?;
    let calls = stage.model.about("call me back on")?;
    let asked = calls.first().context("no model was asked")?;
    expect("what the model was asked", "Please call me back on [PHONE_1].", asked.last_user.as_str())?;
    let shown = stage.model.about(NUMBER)?;
    expect("calls that showed a model the number", 0, shown.len())?;
    note(&format!("the model was asked: {}", asked.last_user));
    let requests = stage.topics.all::<Request>()?;
    let texts =
        requests.iter().flat_map(|request| &request.prompt).filter_map(|line| Text::plain(&line.text));
    ensure!(texts.into_iter().all(|text| !text.contains(NUMBER)), "a request has the number");
    let decision = stage.decision("that the number is hidden", |d| {
        is_about(d, &said.sent.msg_id) && d.reasons.iter().any(|reason| reason == "personal_data_hidden")
    })?;
    note(&format!("the decision says: {}", decision.reasons.join(", ")));
    let again = stage.say("nina", HELP_DESK, "Which number was that?")?;
    let answer = stage.answer("nina", HELP_DESK, &again)?;
    expect_part("the second answer", NUMBER, &answer)
}
