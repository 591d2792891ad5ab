//! What the account step and its floors share: the backlog, the tables, and how their cost is measured.

use crate::turns::{Log, Turns};
use crate::usage;
use anyhow::{Context, Result, ensure};
use dev::console::say;
use dev::rig::home::Home;
use dev::rig::instance::run as command;
use dev::rig::net::Net;
use dev::rig::patience::Patience;
use dev::stack::{Borrowed, Service};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Answered messages in the backlog.
pub(super) const TURNS: u64 = 200_000;
/// Records of each in the three topics that are read.
pub(super) const RECORDS: u64 = 5;
/// Persons who wrote them.
pub(super) const PEOPLE: u64 = 20_000;
/// Partitions of each topic.
pub(super) const PARTITIONS: i32 = 8;
/// Tables and the rows that the backlog gives for them.
pub(super) const TABLES: [(&str, u64); 5] = [
    ("messages", TURNS),
    ("model_calls", TURNS + TURNS / 10),
    ("replies", TURNS),
    ("requests", TURNS),
    ("raw_usage", TURNS),
];

/// What everything here needs.
pub(super) struct Scene {
    pub(super) net: Net,
    pub(super) patience: Patience,
    pub(super) stack: Borrowed,
    pub(super) home: Home,
    pub(super) admin: u16,
}

/// What one way of storing all rows took.
#[derive(Clone, Copy)]
pub(super) struct Taken {
    pub(super) rows_per_second: f64,
    /// Seconds of the engine's processor time per million rows.
    pub(super) engine: f64,
    /// Seconds of the writer's processor time per million rows.
    pub(super) writer: f64,
    /// Most memory that the writer had, in bytes, where it is a process of its own.
    pub(super) peak: Option<u64>,
}

impl Scene {
    pub(super) fn config(&self, name: &str) -> Result<PathBuf> {
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

    pub(super) fn write_backlog(&self) -> Result<()> {
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
    pub(super) fn ask(&self, sql: &str) -> Result<String> {
        let sql = sql.replace("{db}", &self.home.database());
        self.net.post_text(&self.stack.clickhouse(), &sql)
    }

    pub(super) fn fresh_tables(&self, config: &std::path::Path) -> Result<()> {
        self.ask("DROP DATABASE IF EXISTS {db}")?;
        command(config, &["migrate"]).map(drop)
    }

    /// Each row is there, and once.
    pub(super) fn check_rows(&self) -> Result<()> {
        for (table, rows) in TABLES {
            let sql = format!("SELECT count(), uniqExact({}) FROM {{db}}.{table}", key(table));
            let found = self.ask(&sql)?;
            ensure!(found.trim() == format!("{rows}\t{rows}"), "{table} holds {found} and not {rows} rows");
        }
        Ok(())
    }

    /// The engine's process.
    pub(super) fn engine(&self) -> Service {
        Service { name: "clickhouse".to_owned(), dir: self.stack.plan().local.join("clickhouse") }
    }

    /// Processor time that the engine used so far.
    pub(super) fn engine_cpu(&self) -> Result<Duration> {
        let engine = self.engine().running();
        usage::cpu(engine.context("the engine does not run")?.pid)
    }

    /// Runs `work` and returns what it took to store the rows that it says it stored.
    pub(super) fn measure(&self, work: impl FnOnce() -> Result<(u64, Duration)>) -> Result<Taken> {
        let (engine, begun) = (self.engine_cpu()?, Instant::now());
        let (rows, writer) = work()?;
        let (took, engine) = (begun.elapsed(), self.engine_cpu()? - engine);
        let millions = rows as f64 / 1e6;
        Ok(Taken {
            rows_per_second: rows as f64 / took.as_secs_f64(),
            engine: engine.as_secs_f64() / millions,
            writer: writer.as_secs_f64() / millions,
            peak: None,
        })
    }
}

/// Columns that no two rows of a table have in common.
pub(super) fn key(table: &str) -> &'static str {
    if ["model_calls", "raw_usage"].contains(&table) { "request, attempt" } else { "message" }
}
