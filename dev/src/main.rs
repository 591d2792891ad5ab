//! The local stack, the demo and the benchmarks.

#[cfg(feature = "bench")]
mod bench;
mod demo;
mod rig;
mod say;
mod stack;

use clap::{Parser, Subcommand};
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
    /// What the line costs, beside floors and peers
    #[cfg(feature = "bench")]
    Bench(bench::Cli),
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Stack(cli) => stack::run(&cli),
        Command::Demo(cli) => demo::run(&cli),
        #[cfg(feature = "bench")]
        Command::Bench(cli) => bench::run(&cli),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            say::complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}
