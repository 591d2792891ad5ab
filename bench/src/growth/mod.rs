//! What a message costs the line with more partitions, more conversations in memory, and more of a backlog.

mod cost;
mod line;
mod load;
mod scene;

use super::table::{Goal, Samples, Table, short};
use anyhow::Result;
use cost::{Cost, ROLES};
use dev::console::say;
use dev::rig::net::Net;
use dev::rig::patience::Patience;
use dev::stack::Borrowed;
use line::Line;
use scene::Scene;
use std::rc::Rc;
use std::time::Duration;

/// Partitions of each topic.
const PARTITIONS: [i32; 3] = [8, 32, 128];
/// Records that wait in `events`, each of a conversation of its own.
const BACKLOG: [u64; 3] = [4_000, 16_000, 64_000];
/// Persons who write while partitions grow.
const PEOPLE: u64 = 2_000;
const PER_SECOND: u64 = 200;
const LENGTH: Duration = Duration::from_secs(12);
/// The line and the broker compile, connect and fill their caches first.
const WARM_UP: Duration = Duration::from_secs(8);
/// How long the line is watched without any load.
const IDLE: Duration = Duration::from_secs(4);
/// One round is minutes long: each third round that is asked for is measured.
const ROUNDS: usize = 3;
/// Sixteen times the work may make a message dearer by that.
const FLAT: f64 = 1.25;

/// The costs of one line of the table, one per round.
struct Row {
    name: String,
    costs: Vec<Cost>,
}

impl Row {
    fn of(&self, what: fn(&Cost) -> f64) -> Samples {
        Samples::new(self.costs.iter().map(what))
    }
}

/// Measures every shape, each on a deployment of its own.
///
/// # Errors
/// When something does not start or answer, or messages are not answered.
pub(super) fn measure(rounds: usize) -> Result<Table> {
    let net = Rc::new(Net::new()?);
    let patience = Patience::until_signalled(net.runtime())?;
    let scene = Scene { net, patience, stack: Borrowed::up()? };
    let mut rows: Vec<Row> = Vec::new();
    for _ in 0..rounds.div_ceil(ROUNDS).max(1) {
        for partitions in PARTITIONS {
            let line = Line::start(&scene, partitions, 0)?;
            let idle = after_warm_up(&line, PEOPLE)?;
            add(&mut rows, format!("{partitions} partitions"), Cost { idle, ..under_load(&line, PEOPLE)? });
        }
        for backlog in BACKLOG {
            let line = Line::start(&scene, PARTITIONS[0], backlog)?;
            add(&mut rows, format!("backlog of {}", short(backlog as f64)), drained(&line, backlog)?);
            add(&mut rows, format!("{} conversations", short(backlog as f64)), under_load(&line, backlog)?);
        }
    }
    rows.sort_by_key(|row| row.name.split_once(' ').map(|(_, kind)| kind.starts_with("of")));
    Ok(table(&rows))
}

fn add(rows: &mut Vec<Row>, name: String, cost: Cost) {
    say(&format!("{name}: {cost}"));
    match rows.iter_mut().find(|row| row.name == name) {
        Some(row) => row.costs.push(cost),
        None => rows.push(Row { name, costs: vec![cost] }),
    }
}

/// Messages come at an even rate for a time, and are all answered.
fn answered(line: &Line<'_>, length: Duration, people: u64) -> Result<u64> {
    let before = line.answered()?;
    let sent = load::talk(line, PER_SECOND, length, people)?;
    line.wait_answered(before + sent)?;
    Ok(sent)
}

/// What a new line costs without any message, once it has had some.
fn after_warm_up(line: &Line<'_>, people: u64) -> Result<f64> {
    answered(line, WARM_UP, people)?;
    line.idle(IDLE)
}

/// What messages cost that come at an even rate.
fn under_load(line: &Line<'_>, people: u64) -> Result<Cost> {
    let since = line.now()?;
    let cost = line.measure(|| answered(line, LENGTH, people))?;
    Ok(Cost { latency: line.latency(&since)?, ..cost })
}

/// What waits in `events` is answered as fast as the line can.
fn drained(line: &Line<'_>, backlog: u64) -> Result<Cost> {
    line.measure(|| {
        line.begin()?;
        line.wait_answered(backlog)?;
        Ok(backlog)
    })
}

fn table(rows: &[Row]) -> Table {
    let mut columns = vec!["".to_owned()];
    columns.extend(ROLES.map(|role| format!("{role}, ms")));
    columns.extend(
        ["line, ms", "broker, ms", "messages/s", "p50 / p99, ms", "memory, MB", "idle, ms/s"]
            .map(str::to_owned),
    );
    let cells = |row: &Row| {
        let mut cells = vec![row.name.clone()];
        cells.extend((0..ROLES.len()).map(|role| {
            Samples::new(row.costs.iter().filter_map(|cost| cost.roles.get(role).copied())).text()
        }));
        let latency = (row.of(|cost| cost.latency.0), row.of(|cost| cost.latency.1));
        cells.push(row.of(Cost::line).text());
        cells.push(row.of(|cost| cost.broker).text());
        cells.push(row.of(|cost| cost.rate).text());
        cells.push(if latency.0.median().is_nan() {
            "-".to_owned()
        } else {
            format!("{} / {}", latency.0.text(), latency.1.text())
        });
        cells.push(row.of(|cost| cost.memory).text());
        let idle = row.of(|cost| cost.idle);
        cells.push(if idle.median().is_nan() { "-".to_owned() } else { idle.text() });
        cells
    };
    Table {
        conditions: format!(
            "Every step in a process of its own, stand-ins that answer at once. Processor time in milliseconds per message, of each \
             process, of the line together and of the broker. Partitions and conversations: {} messages per second for {} s, each \
             answered and stored in ClickHouse, a new line after {} s of the same; latency from callback to the end of the send, memory at most, of the line \
             together. Backlog: records in `events`, each of a conversation of its own, before the line starts; the messages \
             per second are those of the drain, start-up included. The conversations are those of the backlog before.",
            PER_SECOND,
            LENGTH.as_secs(),
            WARM_UP.as_secs(),
        ),
        columns,
        rows: rows.iter().map(cells).collect(),
        goals: goals(rows),
    }
}

fn goals(rows: &[Row]) -> Vec<Goal> {
    let cost = |name: &str| {
        let found = rows.iter().find(|row| row.name == name);
        found.map_or(f64::NAN, |row| row.of(Cost::line).median())
    };
    let ratio = |name: &dyn Fn(f64) -> String, work: [f64; 3]| cost(&name(work[2])) / cost(&name(work[0]));
    let partitions = PARTITIONS.map(f64::from);
    let backlog = BACKLOG.map(|count| count as f64);
    vec![
        Goal::at_most(
            "cost of a message with 16 times the partitions against 1 time",
            ratio(&|count| format!("{count} partitions"), partitions),
            FLAT,
        ),
        Goal::at_most(
            "with 16 times the conversations",
            ratio(&|count| format!("{} conversations", short(count)), backlog),
            FLAT,
        ),
        Goal::at_most(
            "with 16 times the backlog",
            ratio(&|count| format!("backlog of {}", short(count)), backlog),
            FLAT,
        ),
    ]
}
