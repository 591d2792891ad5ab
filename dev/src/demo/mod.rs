//! `dev demo`: plays conversations through the whole line on this machine and proves what came of them.

mod audit;
mod ending;
mod line;
mod load;
mod moderation;
mod script;
mod stage;

use crate::proof::{Clause, Course};
use anyhow::Result;
use clap::{Args, ValueEnum};
use dev::console::{complain, say};
use dev::rig::home::{self, Home};
use dev::rig::net::Net;
use dev::rig::patience::Patience;
use dev::rig::stand_ins::StandIns;
use dev::rig::topics::Topics;
use dev::stack::Borrowed;
use line::{Line, Source};
use moderation::Moderation;
use stage::Stage;
use std::process::ExitCode;
use std::rc::Rc;

#[derive(Args)]
pub(crate) struct Cli {
    /// Stop after the proof instead of staying up under a small load
    #[arg(long)]
    once: bool,
    /// Who answers
    #[arg(long, value_enum, default_value_t = Behind::StandIns)]
    model: Behind,
}

/// Who is behind the line's targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Behind {
    /// Stand-ins of three providers, which can be told to fail and keep an invoice
    StandIns,
    /// A small real model behind llama.cpp's server; the first time it is fetched and built, which takes long
    Real,
}

/// Plays the script, proves the promise, and stays up unless told otherwise. Whatever the end, everything that was started is stopped.
///
/// # Errors
/// When something does not start or answer, or somebody interrupts before the proof is done.
pub(crate) fn run(cli: &Cli) -> Result<ExitCode> {
    let proof = perform(cli)?;
    // Everything has stopped by now, so that the four lines are the last ones of the output.
    proof.tell();
    Ok(if proof.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn perform(cli: &Cli) -> Result<Proof> {
    let net = Rc::new(Net::new()?);
    let patience = Patience::until_signalled(net.runtime())?;
    let is_real = cli.model == Behind::Real;
    let stack = if is_real { Borrowed::up_with_model() } else { Borrowed::up() }?;
    patience.check()?;
    let home = Home::new("demo", "dev/demo.d", &stack, &net)?;
    say(&format!("starting {}; logs and configuration are in {}", home.name, home.dir.display()));
    let [ingest_port] = home::free_ports()?;
    let values = [("seed", home.seed.to_string()), ("ingest_port", ingest_port.to_string())];
    let stand_ins = StandIns::start(&home, &values, &net, &patience)?;
    let source = match cli.model {
        Behind::StandIns => {
            Source { template: "huiyin.toml", model: stand_ins.model_url.clone(), ingest_port }
        }
        Behind::Real => Source { template: "real.toml", model: stack.model(), ingest_port },
    };
    let mut line = Line::start(&home, &stack, &stand_ins, source, &net)?;
    line.wait_ready(&patience)?;
    let topics = Topics::new(&stack.kafka(), &home.prefix(), patience.clone())?;
    let moderation = Moderation::new(Rc::clone(&net), ingest_port);
    let mut stage = Stage {
        home: &home,
        line: &mut line,
        easemob: &stand_ins.easemob,
        model: &stand_ins.model,
        moderation: &moderation,
        topics: &topics,
        patience: &patience,
    };
    if is_real {
        let failed_scenes = script::play_real(&mut stage)?;
        return Ok(Proof { failed_scenes, clauses: audit::without_invoice(&stage, Course::Undisturbed)? });
    }
    let failed_scenes = script::play(&mut stage)?;
    let mut proof = Proof { failed_scenes, clauses: audit::audit(&stage, Course::Undisturbed)? };
    ending::play(&stage)?;
    if !cli.once && proof.holds() {
        proof.tell();
        let course = load::keep_up(&mut stage)?;
        proof.clauses = audit::audit(&stage, course)?;
    }
    ending::replay(&stage)?;
    Ok(proof)
}

/// What came of it.
struct Proof {
    failed_scenes: usize,
    clauses: Vec<Clause>,
}

impl Proof {
    fn holds(&self) -> bool {
        self.failed_scenes == 0 && self.clauses.iter().all(|clause| clause.problems.is_empty())
    }

    /// Everything that is not as it must be, then the line of each clause.
    fn tell(&self) {
        if self.failed_scenes > 0 {
            complain(&format!("{} scenes went otherwise than they must", self.failed_scenes));
        }
        for problem in self.clauses.iter().flat_map(|clause| &clause.problems) {
            complain(&format!("NOT as it must be: {problem}"));
        }
        say("");
        for clause in &self.clauses {
            say(&clause.line());
        }
    }
}
