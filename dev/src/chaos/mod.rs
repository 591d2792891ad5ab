//! `dev chaos`: breaks everything that can break under load, and counts what came of it.

mod check;
mod clock;
mod crowd;
mod faults;
mod line;
mod load;
mod log;
mod play;
mod recreated;
mod report;
mod role;
mod scale;
mod schedule;

use crate::proof::Refold;
use anyhow::{Context, Result};
use check::Evidence;
use clap::Args;
use crowd::Crowd;
use dev::console::say;
use dev::rig::home::{Home, alone};
use dev::rig::meter::Meter;
use dev::rig::net::Net;
use dev::rig::patience::Patience;
use dev::rig::prices::Prices;
use dev::rig::stand_ins::StandIns;
use dev::rig::tables::{Drift, Table};
use dev::rig::topics::Topics;
use dev::stack::{Borrowed, Plan};
use line::{Line, Site};
use load::Load;
use log::Log;
use play::{Done, Play};
use report::Report;
use role::{INSTANCES, Role};
use scale::Scale;
use schemas::topic::Topic;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Ports of the processes of huiyin, from that of the first broker on.
const PORTS: u16 = 20;
/// Calls that hang end by their own timeouts; what waited for them ends after that.
const QUIET_WITHIN: Duration = Duration::from_secs(240);

#[derive(Args)]
pub(crate) struct Cli {
    /// At most eight minutes, for CI
    #[arg(long)]
    short: bool,
    /// Plays the schedule of another run again
    #[arg(long)]
    seed: Option<u64>,
    /// Writes what came of it to this file, too
    #[arg(long)]
    report: Option<PathBuf>,
}

/// Plays a schedule and checks what came of it. Whatever the end, everything that was started is stopped.
///
/// # Errors
/// When something does not start or answer, or somebody interrupts.
pub(crate) fn run(cli: &Cli) -> Result<ExitCode> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seed = cli.seed.unwrap_or(now.as_secs() % 1_000_000);
    let report = perform(if cli.short { Scale::SHORT } else { Scale::LONG }, seed)?;
    if let Some(file) = &cli.report {
        report.write(file)?;
    }
    // Everything has stopped by now, so that the sums are the last line of the output.
    report.tell();
    Ok(if report.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn perform(scale: Scale, seed: u64) -> Result<Report> {
    let begun = Instant::now();
    let net = Rc::new(Net::new()?);
    let patience = Patience::until_signalled(net.runtime())?;
    let plan = Plan::beside("chaos")?;
    let _alone = alone("chaos", &plan.local)?;
    let ports = plan.kafka_port + PORTS;
    line::check_ports(ports, Role::ALL.len() * INSTANCES)?;
    let stack = Borrowed::up_empty(plan)?;
    patience.check()?;
    let home = Home::new("chaos", "dev/chaos.d", &stack, &net)?;
    say(&format!(
        "starting {}, seed {seed}; logs and configuration are in {}",
        home.name,
        home.dir.display()
    ));
    let stand_ins = StandIns::start(&home, &stand_in_values(&home, &scale, ports), &net, &patience)?;
    let site =
        |name: String| Site { home: &home, name, stack: &stack, stand_ins: &stand_ins, scale: &scale, ports };
    let mut line = Line::start(&site(home.name.clone()), &net, &patience)?;
    let load =
        Load::start(&net, stand_ins.easemob.url("send"), Crowd::new(seed, scale.conversations), scale.rate);
    let mut play = Play {
        home: &home,
        scale: &scale,
        stack: &stack,
        stand_ins: &stand_ins,
        line: &mut line,
        load: &load,
        patience: &patience,
        begun: Instant::now(),
        done: Done::default(),
    };
    play.all(&schedule::schedule(seed, &scale))?;
    let done = play.done;
    let said = load.end(&net)?;
    say(&format!("{} messages said; waiting for the last answers", said.len()));
    let topics = Topics::new(&stack.kafka(), &home.prefix(), patience.clone())?;
    let told = done.told.clone();
    let ended = Ended { line: &mut line, topics: &topics, home: &home, stand_ins: &stand_ins };
    let evidence = gather(done, said, ended, &patience)?;
    drop(line);
    fs::write(home.dir.join("waits.csv"), check::waits::table(&evidence)).context("writing the waits")?;
    let mut found = check::check(&evidence)?;
    found.push(recreated::recreated(&site(format!("{}-again", home.name)), &net, &patience)?);
    let report = Report { scale, seed, told, found, took: begun.elapsed().as_secs() };
    report.write(&home.dir.join("report.md"))?;
    Ok(report)
}

fn stand_in_values(home: &Home, scale: &Scale, ports: u16) -> Vec<(&'static str, String)> {
    vec![
        ("seed", home.seed.to_string()),
        ("ingest_0", Line::ingest_port(ports, 0).to_string()),
        ("ingest_1", Line::ingest_port(ports, 1).to_string()),
        ("slow_ms", scale.slow.as_millis().to_string()),
        // More than one part.
        ("story", "Once upon a time there was a message. ".repeat(180)),
    ]
}

/// What evidence is read from once nobody says anything any more.
struct Ended<'a> {
    line: &'a mut Line,
    topics: &'a Topics,
    home: &'a Home,
    stand_ins: &'a StandIns,
}

/// Waits until every turn has ended and the tables have caught up, and reads everything.
fn gather(done: Done, said: Vec<load::Said>, ended: Ended<'_>, patience: &Patience) -> Result<Evidence> {
    let Ended { line, topics, home, stand_ins } = ended;
    line.wait_ready().with_context(|| line.unready())?;
    let is_quiet = || {
        let metrics = line.metrics();
        let meter = Meter::read(&metrics);
        meter.running_calls() == 0 && meter.running_sends() == 0
    };
    let log = patience.until("every turn to end", QUIET_WITHIN, || {
        if !is_quiet() {
            return Ok(None);
        }
        Ok(Some(Log::read(topics)?).filter(Log::is_quiet))
    })?;
    let mut rows = counts(line)?;
    let caught_up = patience.until("the tables to hold what the topics hold", QUIET_WITHIN, || {
        rows = counts(line)?;
        let expected: u64 = log.rows().values().sum();
        Ok((rows.0.values().sum::<u64>() >= expected).then_some(()))
    });
    if caught_up.is_err() {
        // The check reports which table has not caught up.
        patience.check()?;
    }
    let cost = Table::read(&line.command(&["query", "cost", "--json"])?)?;
    let config = fs::read_to_string(home.dir.join("ingest-0.toml")).context("reading the configuration")?;
    Ok(Evidence {
        done,
        said,
        log,
        calls: stand_ins.model.ledger()?,
        sends: stand_ins.easemob.sends()?,
        callbacks: stand_ins.easemob.callbacks()?,
        rows,
        drift: Drift::read(&line.command(&["query", "drift", "--json"])?)?,
        stored: cost.pico("cost")?,
        prices: Prices::read(&config)?,
        refold: line.command(&["refold", "--json"]).and_then(|json| Refold::read(&json)),
        events_then: topics.count(Topic::Events)?,
    })
}

type Counts = std::collections::BTreeMap<String, u64>;

fn counts(line: &Line) -> Result<(Counts, Counts)> {
    let counts = Table::read(&line.command(&["query", "counts", "--json"])?)?;
    Ok((counts.counts_by("table", "rows")?, counts.counts_by("table", "sources")?))
}
