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
    let messages = log.decisions.iter().filter(|decision| decision.value.is_on_its_message()).count();
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

/// Outcomes that wait in the log, and about how many bytes of them account may hold.
const BACKLOG: usize = 16_000;
const HELD: usize = 4 << 20;

/// The store is away while far more comes than account may hold: it holds no more than that, and stores every row once it is back.
#[test]
fn a_backlog_beyond_all_memory_waits_in_the_log_and_is_stored_once_the_store_is_back() {
    let rig = Rig::new("backlog", |text| text);
    rig.prepare();
    let gate = Gate::new();
    gate.open();
    let bounded = |text: String| {
        let limits = format!(
            "[account.batch]\nrange_bytes = {}\npartition_bytes = {}\ninstance_bytes = {HELD}\n\n[[app]]",
            HELD / 8,
            HELD / 4
        );
        text.replace(&engine(), &gate.url()).replacen("[[app]]", &limits, 1)
    };
    let mut account = rig.start_with(bounded, &["run", "--roles", "account"]);
    account.wait_ready();
    gate.shut();
    let bytes = write_backlog(&rig);
    assert!(bytes > 4 * HELD, "{bytes} bytes are no backlog");
    until("account to meet the absence", seconds(60), || (retries(&account) > 0).then_some(()));
    let mut peak = 0;
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(12) {
        look_after(std::slice::from_mut(&mut account));
        peak = peak.max(memory(account.id()));
        std::thread::sleep(Duration::from_millis(200));
    }
    let settled = memory(account.id());
    gate.open_again();
    let back = Instant::now();
    until("every row", seconds(180), || {
        look_after(std::slice::from_mut(&mut account));
        peak = peak.max(memory(account.id()));
        (calls(&rig).0 >= 2 * BACKLOG as u64).then_some(())
    });
    let took = back.elapsed().as_secs_f64();
    println!(
        "{} MiB waited; {} MiB resident while the store was away, {} at most; {:.0} records/s once it was back",
        bytes >> 20,
        settled >> 20,
        peak >> 20,
        BACKLOG as f64 / took
    );
    // The client prefetches some and the allocator keeps some, but nothing like the backlog.
    assert!(peak < 300 << 20, "{peak} bytes were resident");
    assert_eq!(calls(&rig), (2 * BACKLOG as u64, 2 * BACKLOG as u64));
}

/// Writes the outcomes; gives their bytes.
fn write_backlog(rig: &Rig) -> usize {
    let example = include_str!("../../../schemas/examples/events/valid-answered-routed.json");
    // Of today: what is as old as the example expires.
    let today = example
        .replace("\"started_at\": 1735689600", &format!("\"started_at\": {}", crate::wait::now() / 1_000));
    let mut event: serde_json::Value = serde_json::from_str(&today).unwrap();
    event["ended_at"] = crate::wait::now().into();
    event["started_at"] = crate::wait::now().into();
    let event: schemas::event::Event = serde_json::from_value(event).unwrap();
    let encoded = schemas::wire::encode(&event, "/huiyin/test").unwrap();
    let record = |number: usize| pipeline::Outgoing {
        topic: rig.topic("events").into(),
        partition: i32::try_from(number % 8).unwrap(),
        key: encoded.key.clone(),
        headers: encoded.headers.clone(),
        value: Some(encoded.value.clone()),
    };
    for first in (0..BACKLOG).step_by(2_000) {
        let records: Vec<_> = (first..(first + 2_000).min(BACKLOG)).map(record).collect();
        pipeline::kafka::testing::produce(&records);
    }
    BACKLOG * encoded.value.len()
}

/// Rows of model calls, and how many differ.
fn calls(rig: &Rig) -> (u64, u64) {
    stored(rig)[1]
}

/// Memory that a process has resident, in bytes.
fn memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap() * 1_024
}
