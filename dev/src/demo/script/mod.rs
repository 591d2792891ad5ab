//! The script: scenes in order. A scene fails when people, topics or stand-ins do not see what they must.

mod crash;
mod dialogue;
mod late;
mod models;
mod personal;
mod real;
mod routes;
mod staff;
mod stopped;
mod talk;
mod trouble;

use super::stage::Stage;
use anyhow::Result;
use dev::console::{complain, say};
use dev::rig::patience::Interrupted;

type Scene = (&'static str, fn(&mut Stage) -> Result<()>);

const SCENES: [Scene; 19] = [
    ("A message between people passes", talk::between_people),
    ("A conversation is remembered", talk::remembered),
    ("In a group, only who mentions the bot is answered", talk::mentioned),
    ("A mention in full width is a mention", talk::mentioned_in_full_width),
    ("A simple and a hard question go to different models", routes::by_work),
    ("A second message interrupts the answer to the first", dialogue::interrupted),
    ("A conversation begins anew", dialogue::begun_anew),
    ("A member of staff speaks, and the bot falls silent", staff::took_over),
    ("The same callback twice is answered once", trouble::repeated),
    ("A callback that Easemob did not sign is refused", trouble::forged),
    ("Providers of two families fail, one of a third answers", models::three_families),
    ("A stream is cut in the middle", models::cut),
    ("The filter stops a text", trouble::filtered),
    ("A word is stopped between people, however it is written", stopped::however_it_is_written),
    ("The model never sees a phone number, and the person gets it back", personal::restored),
    ("A message is taken back while the model thinks", trouble::recalled),
    ("A late finding is taken back from the chat", late::taken_back),
    ("A provider says 429 because the account is empty", models::no_money),
    ("The call step is killed with SIGKILL and started again", crash::killed),
];

/// What is played with a real model behind the line.
const REAL: [Scene; 3] = [
    ("A message between people passes", talk::between_people),
    ("A conversation with a real model", real::conversation),
    ("A message is taken back while a real model speaks", real::recalled),
];

/// Plays every scene and returns how many failed. After a failed scene the others are still played.
///
/// # Errors
/// When somebody interrupts, or a process of the line has ended by itself.
pub(crate) fn play(stage: &mut Stage) -> Result<usize> {
    all(stage, &SCENES)
}

/// As [`play`], with a real model.
///
/// # Errors
/// As [`play`].
pub(crate) fn play_real(stage: &mut Stage) -> Result<usize> {
    all(stage, &REAL)
}

fn all(stage: &mut Stage, scenes: &[Scene]) -> Result<usize> {
    let mut failed = 0;
    for (number, (title, scene)) in scenes.iter().enumerate() {
        say(&format!("\n{}. {title}", number + 1));
        let Err(error) = scene(stage) else { continue };
        if error.is::<Interrupted>() {
            return Err(error);
        }
        failed += 1;
        complain(&format!("   NOT as it must be: {error:#}\n{}", stage.line.tails()));
        stage.line.check()?;
    }
    Ok(failed)
}
