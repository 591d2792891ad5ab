//! Hostile traffic against the running process: its counters, its memory, its log, what it wrote, and who is answered
//! meanwhile. The statuses of each request are in the tests of `ingest`.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use schemas::event::Event;

use crate::rig::Rig;

const LIMITS: &str = "[ingest.limits]\nmax_connections = 96\nmax_in_flight = 48\n\n";
const FIRST_RULE: &str = "[[ingest.rule]]\npath = \"/callbacks/acme/before\"";
/// Memory that the attack may cost, in KiB.
const MOST_KIB: u64 = 128 * 1_024;

/// A figure of a process's memory, in KiB.
fn memory(id: u32, figure: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(figure)).unwrap();
    line.trim_matches([':', ' ', '\t']).trim_end_matches(" kB").parse().unwrap()
}

/// Status of the answer to a request; zero when the connection ends without one.
fn ask(address: &str, head: &str, body: &[u8]) -> u16 {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let head = format!("POST /callbacks/acme/before HTTP/1.1\r\nhost: x\r\n{head}\r\n");
    // It may be hung up on while it writes.
    drop(stream.write_all(&[head.as_bytes(), body].concat()));
    let mut status = [0; 12];
    let read = stream.read_exact(&mut status);
    read.ok().and_then(|()| std::str::from_utf8(&status[9..]).ok()?.parse().ok()).unwrap_or(0)
}

/// Connections that begin and do not go on.
fn hold(address: &str, held: &mut Vec<TcpStream>) {
    for begin in [
        "",
        "POST / HTTP/1.1\r\nx-",
        "POST /callbacks/acme/before HTTP/1.1\r\nhost: x\r\ncontent-length: 99\r\n\r\n{",
    ] {
        for _ in 0..5 {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(begin.as_bytes()).unwrap();
            held.push(stream);
        }
    }
}

fn refused(metrics: &str, reason: &str) -> usize {
    let name = format!("huiyin_ingest_refusals_total{{reason=\"{reason}\"}} ");
    metrics.lines().find_map(|line| line.strip_prefix(&name)?.parse().ok()).unwrap_or(0)
}

#[test]
fn hostile_traffic_is_refused_and_counted_and_keeps_nobody_from_an_answer() {
    let rig = Rig::new("hostile", |text| text.replacen(FIRST_RULE, &format!("{LIMITS}{FIRST_RULE}"), 1));
    rig.prepare();
    let mut address = String::new();
    let with_address = |text: String| {
        address = text.split("[ingest]\nlisten = \"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        text
    };
    let mut process = rig.start_with(with_address, &["run", "--roles", "ingest"]);
    process.wait_ready();
    let before = memory(process.id(), "VmRSS");

    let length = |body: &[u8]| format!("content-length: {}\r\n", body.len());
    let zeros = vec![0_u8; 60_000];
    let deep = "[".repeat(60_000).into_bytes();
    let mut held = Vec::new();
    let rounds: usize = 20;
    for round in 0..rounds {
        for (head, body, status) in [
            (length(&zeros) + "content-encoding: gzip\r\n", &zeros[..], 415),
            (length(&deep), &deep, 400),
            (length(b"\xff\xfe"), b"\xff\xfe", 400),
            ("content-length: 999999999\r\n".to_owned(), b"", 413),
            ("content-length: 2\r\ncontent-length: 3\r\n".to_owned(), b"{}", 400),
            (length(b"{\"callId\":1e999}"), b"{\"callId\":1e999}", 400),
        ] {
            assert_eq!(ask(&address, &head, body), status, "{head:?}");
        }
        hold(&address, &mut held);
        let sent = rig.stand_ins.say(&format!("u{round}"), "Are you there?");
        assert!(sent.is_intercepted(), "{sent:?}");
    }

    let metrics = process.metrics();
    for (reason, least) in [
        ("content_encoding", rounds),
        ("bad_json", 2 * rounds),
        ("too_large", rounds),
        ("bad_http", rounds),
        ("bad_envelope", rounds),
        ("crowded_out", 1),
    ] {
        assert!(refused(&metrics, reason) >= least, "{reason}: {}", refused(&metrics, reason));
    }
    let events = rig.books.all::<Event>();
    let messages = events.iter().filter(|event| matches!(event.value, Event::Message(_))).count();
    let switches = events.iter().filter(|event| matches!(event.value, Event::Config(_))).count();
    assert_eq!((messages, events.len() - switches), (rounds, rounds), "only callbacks are written");
    let most = memory(process.id(), "VmHWM");
    assert!(most < before + MOST_KIB, "{before} KiB became {most}");
    let log = process.output();
    assert!(!log.contains("panicked") && process.ended().is_none(), "{}", process.tail());
    assert!(!log.contains("Are you there?"), "what people write is not in the log");
    println!("memory before {before} KiB, at most {most} KiB");
}
