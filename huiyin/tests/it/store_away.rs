//! The store goes away under traffic and comes back: people are answered, and every record has its rows once.

use std::time::{Duration, Instant};

use crate::books::Log;
use crate::gate::{Gate, engine};
use crate::process::Process;
use crate::rig::Rig;
use crate::traffic::{Line, Traffic};
use crate::wait::{seconds, until};

/// Messages that are said and answered each time while the store is away.
const AWAY: usize = 60;

#[test]
fn while_the_store_is_away_people_are_answered_and_afterwards_every_record_has_its_rows_once() {
    let rig = Rig::new("store", |text| text);
    rig.prepare();
    let gate = Gate::new();
    gate.open();
    let behind = |text: String| text.replace(&engine(), &gate.url());
    let account = rig.start_with(behind, &["run", "--roles", "account"]);
    let mut processes = vec![rig.start("ingest,decide,call,deliver"), account];
    processes.iter_mut().for_each(Process::wait_ready);
    let traffic = Traffic::start(&rig.stand_ins, &plan(), 8, Duration::from_millis(60));
    for _ in 0..2 {
        let before = rows(&rig);
        until("rows", seconds(30), || (rows(&rig) > before).then_some(()));
        gate.shut();
        let (before, answers) = (settled(&rig), rig.stand_ins.sends().len());
        until("answers without a store", seconds(60), || {
            assert!(!traffic.is_over(), "the plan is too short");
            look_after(&mut processes);
            (rig.stand_ins.sends().len() >= answers + AWAY).then_some(())
        });
        assert!(retries(&processes[1]) > 0, "{}", processes[1].metrics());
        assert_eq!(rows(&rig), before, "the store was not away");
        gate.open_again();
    }
    traffic.end();

    let log = rig.settled(seconds(60));
    let wanted = expected(&log);
    let mut found = Vec::new();
    until("every row", seconds(60), || {
        look_after(&mut processes);
        found = stored(&rig);
        (found.iter().zip(&wanted).all(|((rows, _), wanted)| rows >= wanted)).then_some(())
    });
    let once: Vec<(u64, u64)> = wanted.iter().map(|rows| (*rows, *rows)).collect();
    assert_eq!(found, once, "rows and different rows of each table");
    assert_eq!(rig.books.count(schemas::topic::Topic::DeadLetters), 0);
}

fn plan() -> Vec<Line> {
    let line = |n: usize| Line {
        app: "acme#support".to_owned(),
        user: format!("s{}", n % 40),
        text: format!("<{n}>"),
    };
    (0..4_000).map(line).collect()
}

/// Rows that the records give, by table.
fn expected(log: &Log) -> Vec<u64> {
    let on_messages = |input: &str| matches!(input, "message" | "missed");
    let messages = log.decisions.iter().filter(|decision| on_messages(&decision.value.input)).count();
    let calls: usize = log.outcomes().map(|(_, answered)| answered.attempts.len()).sum();
    [messages, calls, log.deliveries.len()].map(|rows| rows.try_into().unwrap()).to_vec()
}

/// Rows that are there, and how many of them differ.
fn stored(rig: &Rig) -> Vec<(u64, u64)> {
    let source = "source_topic, source_partition, source_offset";
    let tables = [("messages", source), ("model_calls", &format!("{source}, attempt")), ("replies", source)];
    let count = |(table, key): (&str, &str)| {
        let sql = format!("SELECT count(), uniqExact({key}) FROM {{{{database}}}}.{table}");
        let (status, text) = rig.sql(&sql);
        assert_eq!(status, 200, "{text}");
        let (rows, different) = text.trim().split_once('\t').unwrap();
        (rows.parse().unwrap(), different.parse().unwrap())
    };
    tables.map(count).to_vec()
}

fn rows(rig: &Rig) -> u64 {
    stored(rig).iter().map(|(rows, _)| rows).sum()
}

/// Rows once the engine has ended the inserts that it had wholly read when the gate was shut.
fn settled(rig: &Rig) -> u64 {
    let (mut last, mut since) = (rows(rig), Instant::now());
    until("the last inserts to end", seconds(30), || {
        let now = rows(rig);
        if now != last {
            (last, since) = (now, Instant::now());
        }
        (since.elapsed() >= Duration::from_secs(1)).then_some(last)
    })
}

fn retries(account: &Process) -> u64 {
    let metrics = account.metrics();
    let of = metrics.lines().filter(|line| line.starts_with("huiyin_account_insert_retries_total"));
    of.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}

/// A store that goes and comes back ends no process.
fn look_after(processes: &mut [Process]) {
    for process in processes {
        if let Some(status) = process.ended() {
            panic!("a process ended by itself, {status}: {}", process.tail());
        }
    }
}
