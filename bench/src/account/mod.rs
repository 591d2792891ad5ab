//! Rows per second into ClickHouse by the account step, beside a raw insert of the same rows.

mod floor;
mod scene;
mod step;

use super::table::{Goal, Samples, Table, short};
use anyhow::Result;
use dev::console::say;
use dev::rig::home::free_ports;
use dev::rig::instance::run as command;
use dev::rig::net::Net;
use dev::rig::patience::Patience;
use dev::stack::Borrowed;
use floor::Blocks;
use scene::{PARTITIONS, RECORDS, Scene, TABLES, TURNS, Taken};

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
             `deliveries` ({PARTITIONS} partitions each): {} records, of which {} rows in five tables come, {} rows per block; views fill the rollups. \
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
