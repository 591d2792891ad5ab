//! The local stack, the demo and the failure run.

mod chaos;
mod demo;
mod proof;

use clap::{Parser, Subcommand};
use dev::{console, stack};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "dev", about = "Tools of the repository; dev/ has a script for each")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Kafka and a ClickHouse engine on the loopback interface, everything under .local/
    Stack(stack::Cli),
    /// Conversations through the whole line, and the proof of what came of them
    Demo(demo::Cli),
    /// Failures under load: everything that can break does, and a checker counts what came of it
    Chaos(chaos::Cli),
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Stack(cli) => stack::run(&cli),
        Command::Demo(cli) => demo::run(&cli),
        Command::Chaos(cli) => chaos::run(&cli),
    };
    console::exit_code(done)
}
