//! A small load that goes on until Ctrl-C, with a line of figures.

use super::stage::Stage;
use crate::proof::{Course, yuan};
use anyhow::Result;
use dev::console::say;
use dev::rig::easemob::{BOT, To};
use dev::rig::meter::Meter;
use dev::rig::tables::Table;
use std::io::{IsTerminal, Write, stdout};
use std::thread::sleep;
use std::time::{Duration, Instant};

const CONVERSATIONS: u64 = 20;
const EVERY: Duration = Duration::from_millis(500);
/// Messages between two looks into the tables.
const LOOK_EVERY: u64 = 6;
const DRAIN_WITHIN: Duration = Duration::from_secs(20);

/// Lets people talk to the bot, two messages a second, until somebody interrupts; then waits for the last answers. A
/// process that is killed meanwhile is started again, and the returned course says so.
///
/// # Errors
/// When a stand-in or the tables do not answer, or a process cannot be started again.
pub(crate) fn keep_up(stage: &mut Stage) -> Result<Course> {
    say("\nThe line stays up under two messages a second; Ctrl-C ends it. Meanwhile you can try:");
    say(&format!("  {} query cost", stage.line.prompt()?));
    say(&format!("  kill -9 a process of huiyin ({}): it is started again", stage.line.ids()));
    let (mut stored, mut course) = (String::new(), Course::Undisturbed);
    for number in 0.. {
        if stage.patience.is_over() {
            break;
        }
        let next = Instant::now() + EVERY;
        let (user, text) =
            (format!("load-{:02}", number % CONVERSATIONS), format!("Question {number}, please."));
        stage.easemob.send(&user, To::User(BOT), &text)?;
        for revived in stage.line.revive(stage.home)? {
            say(&format!("\n{revived}"));
            course = Course::Disturbed;
        }
        let looked = number % LOOK_EVERY == 0;
        if looked {
            stored = look(stage)?;
        }
        let line = format!("{stored}; running calls {}", running(stage).0);
        if stdout().is_terminal() {
            overwrite(&line);
        } else if looked {
            say(&line);
        }
        sleep(next.saturating_duration_since(Instant::now()));
    }
    say("\ndraining");
    stage.patience.renew();
    stage.line.wait_ready(stage.patience)?;
    stage.patience.until("the last calls and sends to end", DRAIN_WITHIN, || {
        Ok((running(stage) == (0, 0)).then_some(()))
    })?;
    Ok(course)
}

/// What the tables hold.
fn look(stage: &Stage) -> Result<String> {
    let counts =
        Table::read(&stage.line.command(&["query", "counts", "--json"])?)?.counts_by("label", "rows")?;
    let cost = Table::read(&stage.line.command(&["query", "cost", "--json"])?)?.pico("cost")?;
    let of = |labels: &[&str]| labels.iter().filter_map(|label| counts.get(*label)).sum::<u64>();
    Ok(format!(
        "in ClickHouse: messages to the bot {}, answers sent {}, cost so far {}",
        of(&["asked", "waits"]),
        of(&["sent"]),
        yuan(cost)
    ))
}

/// Calls and sends that run or wait to run.
fn running(stage: &Stage) -> (u64, u64) {
    let metrics = stage.line.metrics();
    let meter = Meter::read(&metrics);
    (meter.running_calls(), meter.running_sends())
}

/// Replaces the current line of the terminal.
fn overwrite(line: &str) {
    write!(stdout(), "\r\x1b[K{line}").and_then(|()| stdout().flush()).ok();
}
