//! `dev demo`: plays conversations through the whole line on this machine and proves what came of them.

mod audit;
mod easemob;
mod home;
mod line;
mod load;
mod meter;
mod model;
mod net;
mod patience;
mod prices;
mod process;
mod proof;
mod script;
mod stage;
mod stand_ins;
mod tables;
mod topics;

use crate::say::{complain, say};
use crate::stack::Borrowed;
use anyhow::Result;
use clap::Args;
use home::Home;
use line::Line;
use net::Net;
use patience::Patience;
use stage::Stage;
use stand_ins::StandIns;
use std::process::ExitCode;
use std::rc::Rc;
use topics::Topics;

#[derive(Args)]
pub(crate) struct Cli {
    /// Stop after the proof instead of staying up under a small load
    #[arg(long)]
    once: bool,
}

/// Plays the script, proves the promise, and stays up unless told otherwise. What it started is stopped at the end,
/// however that comes.
///
/// # Errors
/// When something does not start or answer, or somebody interrupts before the proof is done.
pub(crate) fn run(cli: &Cli) -> Result<ExitCode> {
    let net = Rc::new(Net::new()?);
    let patience = Patience::until_signalled(net.runtime())?;
    let stack = Borrowed::up()?;
    patience.check()?;
    let home = Home::new(&stack, &net)?;
    say(&format!("starting {}; logs and configuration are in {}", home.name, home.dir.display()));
    let [ingest_port] = home::free_ports()?;
    let stand_ins = StandIns::start(&home, ingest_port, &net, &patience)?;
    let mut line = Line::start(&home, &stack, (&stand_ins, ingest_port), (&net, &patience))?;
    let topics = Topics::new(&stack.kafka(), &home.prefix(), patience.clone())?;
    let mut stage = Stage {
        home: &home,
        line: &mut line,
        easemob: &stand_ins.easemob,
        model: &stand_ins.model,
        topics: &topics,
        patience: &patience,
    };
    if !is_proved(&mut stage)? {
        return Ok(ExitCode::FAILURE);
    }
    if !cli.once {
        load::keep_up(&mut stage)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Plays the script and tells of each clause whether it holds.
fn is_proved(stage: &mut Stage) -> Result<bool> {
    let failed = script::play(stage)?;
    let clauses = audit::audit(stage)?;
    let mut proved = failed == 0;
    for problem in clauses.iter().flat_map(|clause| &clause.problems) {
        proved = false;
        complain(&format!("NOT as it must be: {problem}"));
    }
    if failed > 0 {
        complain(&format!("{failed} scenes went otherwise than they must"));
    }
    say("");
    for clause in &clauses {
        say(&clause.line());
    }
    Ok(proved)
}
