//! The local stack, the demo, the failure run and the benchmarks.

#[cfg(feature = "bench")]
mod bench;
mod chaos;
mod demo;
mod proof;
mod rig;
mod say;
mod stack;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// What is measured in this process has the allocator of the product, and so have the floors beside it.
#[cfg(feature = "bench")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
    /// Failures under load: everything that can break does, and a checker counts what came of it
    Chaos(chaos::Cli),
    /// What a benchmark compares with; it starts this itself
    #[cfg(feature = "bench")]
    #[command(hide = true)]
    BenchFloor(bench::floor::Cli),
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Stack(cli) => stack::run(&cli),
        Command::Demo(cli) => demo::run(&cli),
        #[cfg(feature = "bench")]
        Command::Bench(cli) => bench::run(&cli),
        Command::Chaos(cli) => chaos::run(&cli),
        #[cfg(feature = "bench")]
        Command::BenchFloor(cli) => bench::floor::run(&cli),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            say::complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}
