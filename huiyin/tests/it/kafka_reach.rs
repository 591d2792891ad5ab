//! Kafka out of reach: which broker, and why, within seconds, at the start, by every command, and later.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Instant;

use crate::broker::Broker;
use crate::process::Process;
use crate::rig::{Rig, free_port};
use crate::wait::{seconds, until};

/// A file whose brokers are these.
fn with_brokers(brokers: &str) -> impl Fn(String) -> String {
    move |text| {
        let line = text.lines().find(|line| line.starts_with("bootstrap = ")).unwrap().to_owned();
        text.replace(&line, &format!("bootstrap = \"{brokers}\""))
    }
}

fn http_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            drop(stream.read(&mut [0; 64]));
            drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
        }
    });
    address
}

fn says(process: &mut Process, what: &str, bound: u64) {
    until(what, seconds(bound), || {
        assert!(process.ended().is_none(), "it ended: {}", process.tail());
        process.output().contains(what).then_some(())
    });
}

#[test]
fn addresses_that_are_none_are_refused_before_anything_is_asked() {
    let rig = Rig::new("addresses", |text| text);
    for (brokers, says) in [
        ("http://127.0.0.1:9092", "is no address of Kafka's"),
        ("127.0.0.1:9092;127.0.0.1:9093", "separated by commas"),
        ("127.0.0.1:", "its port is no number"),
    ] {
        let ended = rig.edited(with_brokers(brokers), &["check"]);
        assert_eq!(ended.code, Some(1));
        assert!(ended.stderr.contains("kafka.bootstrap") && ended.stderr.contains(says), "{}", ended.stderr);
    }
}

#[test]
fn every_command_names_the_broker_and_the_reason_within_five_seconds() {
    let rig = Rig::new("ask", |text| text);
    rig.done(&["migrate"]);
    let commands: [&[&str]; 7] = [
        &["topics", "create"],
        &["config", "apply"],
        &["check", "--online"],
        &["offsets", "show"],
        &["dead-letters", "list"],
        &["refold"],
        &["offsets", "reset", "--role", "call", "--all", "--to", "earliest"],
    ];
    let refused = format!("127.0.0.1:{}", free_port());
    for command in commands {
        let begun = Instant::now();
        let ended = rig.edited(with_brokers(&format!("kafka.invalid:9092,{refused}")), command);
        // `check --online` asks ClickHouse as well.
        assert!(begun.elapsed() < seconds(7), "{command:?} took {:?}", begun.elapsed());
        assert_eq!(ended.code, Some(1), "{command:?}");
        let told = ended.stderr + &ended.stdout;
        for part in [
            "kafka is out of reach: kafka.invalid:9092: its name does not resolve",
            &format!("; {refused}: connection refused"),
        ] {
            assert!(told.contains(part), "{command:?} does not say {part:?}: {told}");
        }
    }
}

#[test]
fn a_process_that_cannot_reach_kafka_says_so_waits_lives_and_is_not_ready() {
    let rig = Rig::new("waits", |text| text);
    let http = http_server();
    let mut process = rig.start_with(with_brokers(&http), &["run"]);
    let line = format!("kafka is out of reach: {http}: not Kafka: it answers with HTTP; waiting for it");
    says(&mut process, &line, 5);
    let (status, body) = process.ready().unwrap();
    assert_eq!((status, body["ok"].as_bool()), (503, Some(false)));
    assert!(body["kafka"].as_str().unwrap().contains(&http), "{body}");
    assert!(process.metrics().contains("huiyin_run_kafka_away_seconds"));
    // At once and after five seconds.
    until("the second line", seconds(8), || (process.output().matches(&line).count() == 2).then_some(()));
    assert!(process.ended().is_none(), "{}", process.tail());
}

#[test]
fn what_becomes_of_kafka_is_said_within_five_seconds_and_what_waits_goes_on_by_itself() {
    let mut broker = Broker::start();
    let address = broker.address();
    let rig = Rig::with("later", &address, &[("acme#support", "/callbacks/acme")], |text| text);
    rig.done(&["topics", "create"]);
    rig.done(&["config", "apply"]);
    broker.kill();
    let mut process = rig.start("ingest,decide,call,deliver");
    says(&mut process, &format!("kafka is out of reach: {address}: connection refused; waiting for it"), 5);
    broker.start_again();
    process.wait_ready();
    assert!(process.output().contains("kafka is in reach again"), "{}", process.tail());

    broker.freeze();
    says(&mut process, &format!("{address}: it takes the connection and does not answer"), 5);
    assert!(process.ready().unwrap().1["kafka"].as_str().unwrap().contains(&address));
    broker.thaw();
    until("kafka to be in reach", seconds(20), || process.ready()?.1.get("kafka").is_none().then_some(()));

    broker.kill();
    until("the refused connection to be said", seconds(5), || {
        let told = process.output();
        let from = told.rfind("in reach again")?;
        told[from..].contains(&format!("kafka is out of reach: {address}: connection refused")).then_some(())
    });
}
