//! `dev/bench`: what the line costs, each figure beside a floor or a peer measured in the same run.

mod account;
mod answer;
mod arrivals;
mod ask;
mod backoff;
mod call;
mod clients;
mod contestant;
mod deployment;
mod document;
mod exactly_once;
mod fold;
mod growth;
mod home;
mod in_flight;
mod ingest;
mod limits;
mod line;
mod load;
mod replay;
mod requests;
mod restore;
mod route;
mod safety;
mod shadow;
mod stand_ins;
mod table;
mod turns;
mod usage;

use anyhow::{Context, Result, bail, ensure};
use clap::{Parser, ValueEnum};
use dev::console::{exit_code, say};
use std::path::Path;
use std::process::ExitCode;
use table::Table;

/// What is measured in this process has the allocator of the product, and so have the floors beside it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(name = "bench", about = "What the line costs, beside floors and peers; dev/bench starts it")]
struct Cli {
    /// What to measure
    name: Name,
    /// Put the result into docs/benchmarks.md
    #[arg(long)]
    write: bool,
    /// How often each figure is measured; the median and the range are told
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    #[command(flatten)]
    limits: limits::Choice,
    #[command(flatten)]
    ask: ask::Size,
    #[command(flatten)]
    replay: self::replay::Length,
    /// What a process that takes part in a benchmark runs, as JSON
    #[arg(long, hide = true)]
    contestant: Option<String>,
}

/// The benchmarks.
#[derive(Clone, Copy, ValueEnum)]
enum Name {
    /// What a record costs the fold and the call driver
    ExactlyOnce,
    /// How fast states come back
    Restore,
    /// Taking callbacks, beside a bare handler
    Ingest,
    /// What the line adds to a model's time, beside three bare transactions
    Line,
    /// What the call step adds to a bare HTTP call, beside the LiteLLM proxy
    Call,
    /// Ten thousand streams of a model in one process
    InFlight,
    /// Conversations beside others that wait for their model
    Backoff,
    /// Rows per second into ClickHouse, beside a raw insert of the same rows
    Account,
    /// Cost per message with more partitions, conversations and backlog
    Growth,
    /// Vendors that allow less than people ask for, or fail for a time
    Limits,
    /// Messages that the filter engine judges, beside an automaton and a normalisation by library
    Safety,
    /// Every named query over a large generated set, cold and warm, beside the same out of facts
    Ask,
    /// What 200 rules add to the fold of a message, beside the fold without any
    Route,
    /// People's messages while a shadow answers them too
    Shadow,
    /// The pure fold of messages and answers, beside reading them; a conversation in memory and stored
    Fold,
    /// A long log decided once more with recorded models
    Replay,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match &cli.contestant {
        Some(spec) => contend(cli.name, spec),
        None => run(&cli),
    };
    exit_code(done.map(|()| ExitCode::SUCCESS))
}

/// Takes part in a benchmark until the process is ended.
///
/// # Errors
/// When the benchmark has no contestants, or this one cannot go on.
fn contend(name: Name, spec: &str) -> Result<()> {
    match name {
        Name::ExactlyOnce => exactly_once::contestant::run(spec),
        Name::Ingest => ingest::floor::run(spec),
        Name::Line => line::chain::run(spec),
        Name::Restore => restore::child::run(spec),
        Name::Call => call::contestant::run(spec),
        Name::Fold => fold::memory::run(spec),
        Name::InFlight
        | Name::Backoff
        | Name::Account
        | Name::Growth
        | Name::Limits
        | Name::Safety
        | Name::Ask
        | Name::Replay
        | Name::Shadow
        | Name::Route => {
            bail!("this benchmark has no contestants")
        }
    }
}

/// Measures and tells. A goal that was missed is told and is no failure, since goals are for one kind of machine.
///
/// # Errors
/// When something does not start or answer, or the document cannot be written.
fn run(cli: &Cli) -> Result<()> {
    ensure!(!cli.write || cli.limits.is_whole(), "only a whole run is written down");
    let name = cli.name.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    let table: Table = match cli.name {
        Name::ExactlyOnce => exactly_once::measure(cli.rounds)?,
        Name::Restore => restore::measure(cli.rounds)?,
        Name::Ingest => ingest::measure(cli.rounds)?,
        Name::Line => line::measure(cli.rounds)?,
        Name::Call => call::measure(cli.rounds)?,
        Name::InFlight => in_flight::measure(cli.rounds)?,
        Name::Backoff => backoff::measure(cli.rounds)?,
        Name::Account => account::measure(cli.rounds)?,
        Name::Growth => growth::measure(cli.rounds)?,
        Name::Limits => limits::measure(cli.rounds, cli.limits)?,
        Name::Safety => self::safety::measure(cli.rounds)?,
        Name::Ask => ask::measure(cli.rounds, cli.ask)?,
        Name::Route => route::measure(cli.rounds)?,
        Name::Shadow => shadow::measure(cli.rounds)?,
        Name::Fold => fold::measure(cli.rounds)?,
        Name::Replay => self::replay::measure(cli.rounds, cli.replay)?,
    };
    let text = table.to_markdown(&name);
    say(&text);
    if cli.write {
        let path = Path::new("docs/benchmarks.md");
        document::put(path, &name, &text).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}
