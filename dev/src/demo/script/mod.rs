//! The script: scenes in order. A scene fails when people, topics or stand-ins do not see what they must.

mod crash;
mod talk;
mod trouble;

use super::stage::Stage;
use anyhow::Result;
use dev::console::{complain, say};
use dev::rig::patience::Interrupted;

type Scene = (&'static str, fn(&mut Stage) -> Result<()>);

const SCENES: [Scene; 9] = [
    ("A message between people passes", talk::between_people),
    ("A conversation is remembered", talk::remembered),
    ("In a group, only who mentions the bot is answered", talk::mentioned),
    ("The same callback twice is answered once", trouble::repeated),
    ("A callback that Easemob did not sign is refused", trouble::forged),
    ("A provider fails twice and then answers", trouble::failing_provider),
    ("The filter stops a text", trouble::filtered),
    ("A message is taken back while the model thinks", trouble::recalled),
    ("The call step is killed with SIGKILL and started again", crash::killed),
];

/// Plays every scene and returns how many failed. After a failed scene the others are still played.
///
/// # Errors
/// When somebody interrupts, or a process of the line has ended by itself.
pub(crate) fn play(stage: &mut Stage) -> Result<usize> {
    let mut failed = 0;
    for (number, (title, scene)) in SCENES.iter().enumerate() {
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
