//! Rows per second into ClickHouse by the account step, beside a raw insert of the same rows.

mod floor;
mod step;

use super::table::{Goal, Samples, Table, short};
use super::turns::{Log, Turns};
use super::usage;
use anyhow::{Context, Result, ensure};
use dev::console::say;
use dev::rig::home::{Home, free_ports};
use dev::rig::instance::run as command;
use dev::rig::net::Net;
use dev::rig::patience::Patience;
use dev::stack::{Borrowed, Service};
use floor::Blocks;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Answered messages in the backlog.
const TURNS: u64 = 200_000;
/// Records of each in the three topics that are read.
const RECORDS: u64 = 5;
/// Persons who wrote them.
const PEOPLE: u64 = 20_000;
/// Partitions of each topic.
const PARTITIONS: i32 = 8;
/// Tables and the rows that the backlog gives for them.
const TABLES: [(&str, u64); 3] =
    [("messages", TURNS), ("model_calls", TURNS + TURNS / 10), ("replies", TURNS)];

/// What everything here needs.
struct Scene {
    net: Net,
    patience: Patience,
    stack: Borrowed,
    home: Home,
    admin: u16,
}

/// What one way of storing all rows took.
#[derive(Clone, Copy)]
struct Taken {
    rows_per_second: f64,
    /// Seconds of the engine's processor time per million rows.
    engine: f64,
    /// Seconds of the writer's processor time per million rows.
    writer: f64,
}

/// Measures `rounds` times: the step drains one backlog each time under another name.
///
/// # Errors
/// When something does not start or answer, or the tables do not hold each row once.
pub(super) fn measure(rounds: usize) -> Result<Table> {
    let net = Net::new()?;
    let patience = Patience::until_signalled(net.runtime())?;
    let stack = Borrowed::up()?;
    let home = crate::home::new(&stack, &net)?;
    let [admin] = free_ports()?;
    let scene = Scene { net, patience, stack, home, admin };
    let config = scene.config("backlog")?;
    command(&config, &["topics", "create"])?;
    command(&config, &["config", "apply"])?;
    scene.write_backlog()?;
    let (mut step, mut raw, mut engine, mut blocks) = (vec![], vec![], vec![], vec![]);
    for round in 0..rounds.max(1) {
        let config = scene.config(&format!("round-{round}"))?;
        scene.fresh_tables(&config)?;
        let (taken, size) = step::drain(&scene, &config)?;
        scene.check_rows()?;
        let rows = Blocks::read(&scene)?;
        engine.push(floor::inside(&scene)?);
        scene.fresh_tables(&config)?;
        raw.push(rows.insert(&scene)?);
        scene.check_rows()?;
        say(&format!("round {round}: {} rows/s", short(taken.rows_per_second)));
        step.push(taken);
        blocks.push(size as f64);
    }
    Ok(table(&step, &raw, &engine, &Samples::new(blocks)))
}

impl Scene {
    fn config(&self, name: &str) -> Result<PathBuf> {
        let values = [
            ("deployment", format!("{}-{name}", self.home.name)),
            ("partitions", PARTITIONS.to_string()),
            ("topic_prefix", self.home.prefix()),
            ("kafka", self.stack.kafka()),
            ("admin_port", self.admin.to_string()),
            ("clickhouse", self.stack.clickhouse()),
            ("database", self.home.database()),
        ];
        self.home.configure("account.toml", &format!("{name}.toml"), &values)
    }

    fn write_backlog(&self) -> Result<()> {
        say(&format!("writing {} records", TURNS * RECORDS));
        let turns = Turns::new(PEOPLE)?;
        let log = Log::new(&self.stack.kafka(), &self.home.prefix(), PARTITIONS)?;
        for number in 0..TURNS {
            self.patience.check()?;
            turns.write(number, &log)?;
        }
        log.finish()
    }

    /// Runs a statement and returns what it gave.
    fn ask(&self, sql: &str) -> Result<String> {
        let sql = sql.replace("{db}", &self.home.database());
        self.net.post_text(&self.stack.clickhouse(), &sql)
    }

    fn fresh_tables(&self, config: &std::path::Path) -> Result<()> {
        self.ask("DROP DATABASE IF EXISTS {db}")?;
        command(config, &["migrate"]).map(drop)
    }

    /// Each row is there, and once.
    fn check_rows(&self) -> Result<()> {
        for (table, rows) in TABLES {
            let sql = format!("SELECT count(), uniqExact({}) FROM {{db}}.{table}", key(table));
            let found = self.ask(&sql)?;
            ensure!(found.trim() == format!("{rows}\t{rows}"), "{table} holds {found} and not {rows} rows");
        }
        Ok(())
    }

    /// Processor time that the engine used so far.
    fn engine_cpu(&self) -> Result<Duration> {
        let dir = self.stack.plan().local.join("clickhouse");
        let engine = Service { name: "clickhouse".to_owned(), dir }.running();
        usage::cpu(engine.context("the engine does not run")?.pid)
    }

    /// Runs `work` and returns what it took to store the rows that it says it stored.
    fn measure(&self, work: impl FnOnce() -> Result<(u64, Duration)>) -> Result<Taken> {
        let (engine, begun) = (self.engine_cpu()?, Instant::now());
        let (rows, writer) = work()?;
        let (took, engine) = (begun.elapsed(), self.engine_cpu()? - engine);
        let millions = rows as f64 / 1e6;
        Ok(Taken {
            rows_per_second: rows as f64 / took.as_secs_f64(),
            engine: engine.as_secs_f64() / millions,
            writer: writer.as_secs_f64() / millions,
        })
    }
}

/// Columns that no two rows of a table have in common.
fn key(table: &str) -> &'static str {
    if table == "model_calls" { "request, attempt" } else { "message" }
}

fn table(step: &[Taken], raw: &[Taken], engine: &[Taken], blocks: &Samples) -> Table {
    let of = |all: &[Taken], what: fn(&Taken) -> f64| Samples::new(all.iter().map(what));
    let row = |name: &str, all: &[Taken], writer: bool| {
        let rate = of(all, |taken| taken.rows_per_second).text();
        let per_core = if writer { of(all, |taken| 1e6 / taken.writer).text() } else { "-".to_owned() };
        vec![name.to_owned(), rate, per_core, of(all, |taken| taken.engine).text()]
    };
    let rate = |all: &[Taken]| of(all, |taken| taken.rows_per_second).median();
    let columns = ["", "rows/s", "rows per CPU-s of the writer", "CPU-s of the engine per 1M rows"];
    Table {
        conditions: format!(
            "The account step, alone and in release mode, drains what {} answered messages left in `events`, `decisions` and \
             `deliveries` ({PARTITIONS} partitions each): {} records, of which {} rows in three tables come, {} rows per block. \
             It is measured until nine tenths of the rows are stored, from the moment when it is ready; afterwards each row is \
             there once. The raw insert posts the same rows, encoded already and in blocks of {}, under tokens, four \
             at a time. The engine (the embedded one, one process, on the same cores) alone copies the tables by \
             `INSERT SELECT`. Blocks travel uncompressed.",
            short(TURNS as f64),
            short((TURNS * RECORDS) as f64),
            short(TABLES.iter().map(|(_, rows)| *rows as f64).sum()),
            blocks.text(),
            short(floor::BLOCK as f64),
        ),
        columns: columns.map(str::to_owned).to_vec(),
        rows: vec![
            row("account step", step, true),
            row("raw insert", raw, true),
            row("engine alone", engine, false),
        ],
        goals: vec![
            Goal::at_least("rate against the raw insert", rate(step) / rate(raw), 0.7),
            Goal::at_least(
                "rows per CPU second of the account process",
                of(step, |taken| 1e6 / taken.writer).median(),
                200_000.0,
            ),
        ],
    }
}
