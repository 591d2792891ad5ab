//! The binary: composition and command line only.

mod act;
mod admin;
mod cases;
mod check;
mod cli;
mod config;
mod dataset;
mod dead_letters;
mod explain;
mod export;
mod line;
mod masked;
mod metrics;
mod models;
mod namesakes;
mod offsets;
mod priority;
mod query;
mod rebuild;
mod reconcile;
mod recost;
mod rehearse;
mod replay;
mod retract;
mod role;
mod route;
mod run;
#[cfg(test)]
mod runbook;
mod safety;
mod scan;
mod setup;
#[cfg(test)]
mod simulation;
mod substitute;
mod table;
mod telemetry;
mod tier;
mod timestamp;
mod topics;
mod why;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;

use cli::{Any, Bundle, Cli, Command, Topics};
use config::Config;

/// Records and HTTP messages are many small pieces that one thread makes and another drops, which the system's allocator
/// does slowly.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    priority::set(&cli.command);
    let done =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("start runtime").and_then(
            |runtime| {
                let done = runtime.block_on(dispatch(cli));
                if done.is_err() {
                    // Threads of what failed may use it to the last: it ends with the process, and not under them.
                    std::mem::forget(runtime);
                }
                done
            },
        );
    // A reader that has seen enough closes the pipe, and nobody is left to tell then; that is no failure.
    match done {
        Ok(said) => {
            drop(std::io::stdout().write_all(said.text.as_bytes()));
            said.ended.into()
        }
        Err(error) if error.is::<Unsure>() => {
            drop(std::io::stdout().write_all(error.to_string().as_bytes()));
            Ended::Unknown.into()
        }
        Err(error) => {
            drop(writeln!(std::io::stderr(), "huiyin: {error:#}"));
            if error.is::<Unusable>() { Ended::Unknown.into() } else { Ended::Badly.into() }
        }
    }
}

/// What a command found, for standard output.
struct Said {
    text: String,
    /// The exit code says it.
    ended: Ended,
}

impl From<String> for Said {
    fn from(text: String) -> Self {
        Self { text, ended: Ended::Well }
    }
}

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// What was found is as it must be.
    Well,
    /// It is not, or the command failed.
    Badly,
    /// Nothing can be said: what was given is wrong, or what is asked of is gone. Of commands whose code of a failure means something else.
    Unknown,
    /// What was found is too little to say.
    CannotTell,
}

impl Ended {
    /// Well, if what was found is as it must be.
    fn well_if(ok: bool) -> Self {
        if ok { Self::Well } else { Self::Badly }
    }
}

impl From<Ended> for ExitCode {
    fn from(ended: Ended) -> Self {
        Self::from(match ended {
            Ended::Well => 0,
            Ended::Badly => 1,
            Ended::Unknown => 2,
            Ended::CannotTell => 3,
        })
    }
}

/// Something wrong with what the command was given.
#[derive(Debug)]
struct Unusable(anyhow::Error);

impl std::fmt::Display for Unusable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The whole chain: what wraps it has no other.
        write!(f, "{:#}", self.0)
    }
}

impl std::error::Error for Unusable {}

/// What a command found where it could not find out all of it: neither good nor bad.
#[derive(Debug)]
struct Unsure {
    text: String,
}

impl std::fmt::Display for Unsure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Unsure {}

/// An error of a command that compares: nothing is known then.
fn unsure(error: anyhow::Error) -> anyhow::Error {
    if error.is::<Unsure>() { error } else { Unsure { text: format!("not compared: {error:#}\n") }.into() }
}

/// Looks an environment variable up.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Does what was asked.
async fn dispatch(cli: Cli) -> anyhow::Result<Said> {
    let command = match cli.command {
        Any::Setup(setup) => {
            return setup.run(|| Ok(Config::read(&cli.config, cli.instance, variable)?));
        }
        Any::Safety { command } => {
            let path = cli.config.clone();
            return command.run(&path, || Ok(Config::read(&cli.config, cli.instance, variable)?)).await;
        }
        Any::Explain(explain) => return explained(*explain, &cli.config, cli.instance).await,
        Any::Test(test) => return tested(&test, &cli.config, cli.instance),
        Any::Replay { command } => {
            return command.run(|| Ok(Config::read(&cli.config, cli.instance, variable)?)).await;
        }
        Any::Dataset { command } => {
            return command.run(|| Ok(Config::read(&cli.config, cli.instance, variable)?)).await;
        }
        Any::Command(command) => command,
    };
    let config = Config::read(&cli.config, cli.instance, variable)?;
    telemetry::log(config.log_format, &config.log_filter)?;
    match command {
        Command::Run { roles, apply, leave } => {
            for warning in config.warnings(check::now()) {
                tracing::warn!("{warning}");
            }
            let meter = telemetry::meter()?;
            let options = run::Options { roles: cli::roles(&roles)?, apply, leave };
            run::run(config, options, meter).await?;
            Ok(Said::from(String::new()))
        }
        Command::Topics { command: Topics::Create { print: true, .. } } => Ok(topics::print(&config).into()),
        Command::Topics { command: Topics::Create { renew, .. } } => {
            Ok(blocking(move || topics::create(&config, renew)).await?.into())
        }
        Command::Config { command: Bundle::Apply } => Ok(asking(config, line::apply).await?.into()),
        Command::Migrate { print } => Ok(migrate(&config, print).await?.into()),
        Command::Rebuild(ask) => Ok(asking(config, move |config| rebuild::run(config, &ask)).await?.into()),
        Command::Reconcile(ask) => reconcile::run(config, &ask).await.map_err(unsure),
        Command::Why(ask) => why::run(config, &ask).await,
        Command::Recost(ask) => Ok(recost::run(config, &ask).await?.into()),
        Command::Export { command } => Ok(export::run(&config, &command).await?.into()),
        Command::Query(ask) => Ok(query::run(&config, &ask).await?.into()),
        Command::Offsets { command } => asking(config, move |config| offsets::run(config, &command)).await,
        Command::DeadLetters { command } => {
            asking(config, move |config| dead_letters::run(config, &command)).await
        }
        Command::Retract(ask) => asking(config, move |config| retract::run(config, &ask)).await,
        Command::Models { command, json } => {
            let found = models::run(&config, command.as_ref(), json).await?;
            Ok(Said { text: found.text, ended: Ended::well_if(found.ok) })
        }
        Command::Tier(of) => Ok(tier::run(&of, &config)?.into()),
        Command::Refold { json } => asking(config, move |config| refolded(config, json)).await,
        Command::Check { online } => {
            let offline = check::offline(&config);
            if online { checked(config, offline).await } else { Ok(offline?.into()) }
        }
    }
}

/// What the servers say, after what the file does.
async fn checked(config: Config, offline: anyhow::Result<String>) -> anyhow::Result<Said> {
    let tables = check::tables(&config).await;
    let cluster = blocking(move || Ok(check::cluster(&config))).await?;
    let (found, ok) = tables.and(cluster).into_parts();
    Ok(match offline {
        Ok(text) => Said { text: text + &found, ended: Ended::well_if(ok) },
        Err(error) => Said { text: format!("{error:#}\n{found}"), ended: Ended::Badly },
    })
}

/// Plays cases against a configuration, without the secrets that are not at hand.
fn tested(test: &cases::Test, path: &Path, instance: Option<String>) -> anyhow::Result<Said> {
    test.run(|| Ok(Config::read(path, instance, rehearse::variable)?))
}

/// Explains a message; one of the log once it is known that Kafka can be reached.
async fn explained(explain: explain::Explain, path: &Path, instance: Option<String>) -> anyhow::Result<Said> {
    let config = Config::read(path, instance, explain::variable(&explain))?;
    if explain.asks_log() {
        return asking(config, move |config| explain.run(config)).await;
    }
    explain.run(&config)
}

/// Kafka's clients block, which an async worker must not.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await.context("wait for command")?
}

/// Does what needs Kafka, once it is known that Kafka can be reached; if not, the reason is told within seconds.
async fn asking<T: Send + 'static>(
    config: Config,
    work: impl FnOnce(&Config) -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    blocking(move || {
        pipeline::kafka::reach(&config.kafka)?;
        work(&config)
    })
    .await
}

fn store(config: &Config) -> anyhow::Result<account::Store> {
    Ok(account::Store::new(&config.account()?))
}

async fn migrate(config: &Config, print: bool) -> anyhow::Result<String> {
    let store = store(config)?;
    if print {
        return Ok(store.print());
    }
    let done = store.migrate().await?;
    Ok(if done.is_empty() { "nothing to do\n".to_owned() } else { done.join("\n") + "\n" })
}

fn refolded(config: &Config, json: bool) -> anyhow::Result<Said> {
    let report =
        conversation::refold(&line::deployment(config), &line::settings(config), config.bundle.hash_keys())?;
    let text = if json { serde_json::to_string(&report)? + "\n" } else { report.to_text() };
    Ok(Said { text, ended: Ended::well_if(report.ok()) })
}
