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
    let (mut late, mut growth) = (vec![], vec![]);
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
        let config = scene.config(&format!("late-{round}"))?;
        scene.fresh_tables(&config)?;
        let caught_up = step::catch_up(&scene, &config)?;
        scene.check_rows()?;
        growth.push(caught_up.growth);
        late.push(caught_up.taken);
        say(&format!("round {round}: {} rows/s", short(taken.rows_per_second)));
        step.push(taken);
        blocks.push(size as f64);
    }
    let measured = Measured { step, late, raw, engine };
    Ok(table(&measured, &Samples::new(blocks), &Samples::new(growth)))
}

/// What each way took, by round.
struct Measured {
    step: Vec<Taken>,
    /// The step after the store was away.
    late: Vec<Taken>,
    raw: Vec<Taken>,
    engine: Vec<Taken>,
}

fn table(Measured { step, late, raw, engine }: &Measured, blocks: &Samples, growth: &Samples) -> Table {
    let of = |all: &[Taken], what: fn(&Taken) -> f64| Samples::new(all.iter().map(what));
    let row = |name: &str, all: &[Taken], writer: bool| {
        let rate = of(all, |taken| taken.rows_per_second).text();
        let per_core = if writer { of(all, |taken| 1e6 / taken.writer).text() } else { "-".to_owned() };
        let peaks: Vec<f64> =
            all.iter().filter_map(|taken| taken.peak).map(|bytes| bytes as f64 / 1e6).collect();
        let memory = if peaks.is_empty() { "-".to_owned() } else { Samples::new(peaks).text() };
        vec![name.to_owned(), rate, per_core, of(all, |taken| taken.engine).text(), memory]
    };
    let rate = |all: &[Taken]| of(all, |taken| taken.rows_per_second).median();
    let columns = [
        "",
        "rows/s",
        "rows per CPU-s of the writer",
        "CPU-s of the engine per 1M rows",
        "memory at most, MB",
    ];
    Table {
        conditions: format!(
            "The account step, alone and in release mode, drains what {} answered messages left in `events`, `decisions` and \
             `deliveries` ({PARTITIONS} partitions each): {} records, of which {} rows in five tables come, {} rows per block; views fill the rollups. \
             It is measured until nine tenths of the rows are stored, from the moment when it is ready; afterwards each row is \
             there once. The raw insert posts the same rows, encoded already and in blocks of {}, under tokens, four \
             at a time. The engine (the embedded one, one process, on the same cores) alone copies the tables by \
             `INSERT SELECT`. Catching up: the engine hangs for 30 s from when the step is ready, until the step holds as much as it may, and is \
             measured from its return. Blocks travel uncompressed.",
            short(TURNS as f64),
            short((TURNS * RECORDS) as f64),
            short(TABLES.iter().map(|(_, rows)| *rows as f64).sum()),
            blocks.text(),
            short(floor::BLOCK as f64),
        ),
        columns: columns.map(str::to_owned).to_vec(),
        rows: vec![
            row("account step", step, true),
            row("account step, catching up", late, true),
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
            Goal::at_most(
                "CPU-s of the engine against the raw insert",
                of(step, |taken| taken.engine).median() / of(raw, |taken| taken.engine).median(),
                1.0,
            ),
            Goal::at_most("memory while the store is away, later against earlier", growth.median(), 1.1),
        ],
    }
}
