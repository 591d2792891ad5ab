//! Hostile traffic on the socket: each request gets its status, nothing of it is written, memory stays bounded, and
//! ordinary callbacks are answered in time throughout.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::publisher::Mood;
use crate::server::{Server, answer, callback, connect, is_answered, start, until_closed};

/// An ordinary callback is answered within this time, whatever else happens; the machine may be busy.
const IN_TIME: Duration = Duration::from_secs(3);
/// Memory that an attack may cost, in KiB, the attacker's own included: it is in this process.
const MOST_KIB: u64 = 96 * 1_024;

/// Resident memory of this process in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// A new connection with a callback, answered in time.
async fn good(server: &Server) {
    let began = Instant::now();
    is_answered(&mut connect(server).await).await;
    assert!(began.elapsed() < IN_TIME, "answered after {:?}", began.elapsed());
}

/// Sends all and reads what comes until the server closes, or a whole answer.
async fn ask(server: &Server, request: &[u8]) -> String {
    let mut stream = connect(server).await;
    // The server may close while it is still being written to.
    drop(stream.write_all(request).await);
    let mut read = Vec::new();
    let mut chunk = [0; 4_096];
    while let Ok(Ok(count)) = timeout(Duration::from_secs(3), stream.read(&mut chunk)).await {
        read.extend_from_slice(&chunk[..count]);
        if count == 0 || String::from_utf8_lossy(&read).contains("\"}") {
            break;
        }
    }
    String::from_utf8_lossy(&read).into_owned()
}

fn with_body(head: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("POST /pre HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n{head}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// Each with its status and what its body names.
fn requests() -> Vec<(Vec<u8>, &'static str, &'static str)> {
    let raw = |text: &str| text.as_bytes().to_vec();
    let line = |line: &str| format!("{line}\r\nhost: x\r\ncontent-length: 2\r\n\r\n{{}}").into_bytes();
    let zeros = vec![0_u8; 60_000];
    let deep = "[".repeat(30_000).into_bytes();
    let many: String = (0..500).map(|n| format!("x-{n}: {n}\r\n")).collect();
    let chunked = |headers: &str, chunks: &str| {
        format!("POST /pre HTTP/1.1\r\nhost: x\r\n{headers}transfer-encoding: chunked\r\n\r\n{chunks}")
            .into_bytes()
    };
    let long = format!("{:x}\r\n{}\r\n", 70_000, " ".repeat(70_000));
    vec![
        // Bodies.
        (with_body("", b""), "400", "bad_json"),
        (with_body("", b"\xff\xfe\x00"), "400", "bad_json"),
        (with_body("", &deep), "400", "bad_json"),
        (with_body("", &zeros), "400", "bad_json"),
        (with_body("", b"{\"callId\":1e999,\"timestamp\":1}"), "400", "bad_envelope"),
        (with_body("", b"{\"a\":1,\"a\":2}"), "400", "bad_envelope"),
        (with_body("content-type: text/html\r\n", b"<html>"), "400", "bad_json"),
        (with_body("content-encoding: gzip\r\n", b"\x1f\x8b\x08"), "415", "content_encoding"),
        (with_body("content-encoding: zstd, br\r\n", &zeros), "415", "content_encoding"),
        // Sizes.
        (raw("POST /pre HTTP/1.1\r\nhost: x\r\ncontent-length: 65537\r\n\r\n"), "413", "too_large"),
        (
            raw("POST /pre HTTP/1.1\r\nhost: x\r\ncontent-length: 18446744073709551613\r\n\r\n"),
            "413",
            "too_large",
        ),
        (raw("POST /pre HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999999\r\n\r\n"), "400", ""),
        (raw("POST /pre HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n"), "400", ""),
        (raw("POST /pre HTTP/1.1\r\nhost: x\r\ncontent-length: +2\r\n\r\n{}"), "400", ""),
        (chunked("", &long), "413", "too_large"),
        (chunked("", "ffffffffffffffff\r\n"), "408", "slow_body"),
        (chunked("", "xyz\r\n"), "400", "broken_body"),
        (chunked("", "2;ext=1\r\n{}\r\n0\r\n\r\n"), "400", "bad_envelope"),
        (with_body(&many, b"{}"), "431", ""),
        (raw(&format!("POST /pre HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(40_000))), "431", ""),
        (raw(&format!("POST /{} HTTP/1.1\r\nhost: x\r\n\r\n", "y".repeat(10_000))), "404", "unknown_rule"),
        // Two lengths at once: the shapes of request smuggling.
        (raw("POST /pre HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}"), "400", ""),
        (raw("POST /pre HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip\r\n\r\n{}"), "400", ""),
        (raw("POST /pre HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked, gzip\r\n\r\n{}"), "400", ""),
        (raw("POST /pre HTTP/1.0\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"), "400", ""),
        (raw("POST /pre HTTP/1.1\r\nhost: x\r\ntransfer-encoding : chunked\r\n\r\n0\r\n\r\n"), "400", ""),
        // Methods, targets, versions.
        (line("GET /pre HTTP/1.1"), "405", "method"),
        (line("BREW /pre HTTP/1.1"), "405", "method"),
        (line("CONNECT x:443 HTTP/1.1"), "404", "unknown_rule"),
        (line("OPTIONS * HTTP/1.1"), "404", "unknown_rule"),
        (line("POST /nowhere HTTP/1.1"), "404", "unknown_rule"),
        (line("POST /../pre HTTP/1.1"), "404", "unknown_rule"),
        (line("POST //pre HTTP/1.1"), "404", "unknown_rule"),
        (line("POST /%70re HTTP/1.1"), "404", "unknown_rule"),
        (line("POST /pre%00 HTTP/1.1"), "404", "unknown_rule"),
        (line("POST /pre;x HTTP/1.1"), "404", "unknown_rule"),
        (line("POST http://other/pre HTTP/1.1"), "400", "bad_envelope"),
        (line("POST /pre?x=1#y HTTP/1.1"), "400", "bad_envelope"),
        (line("POST /pre HTTP/1.0"), "400", "bad_envelope"),
        (line("POST /pre HTTP/9.9"), "400", ""),
        (line("POST /pre HTTP/2.0"), "400", ""),
        (line("POST pre HTTP/1.1"), "404", "unknown_rule"),
        (line("PO ST /pre HTTP/1.1"), "400", ""),
        (raw("\r\n\r\n\r\nGET\r\n\r\n"), "400", ""),
    ]
}

#[tokio::test]
async fn every_request_that_is_no_callback_gets_its_status_and_leaves_nothing() {
    let server =
        start(Mood::Acknowledges, |config| config.limits.body_timeout = Duration::from_secs(2)).await;
    let before = resident();
    let mut wrong = Vec::new();
    for (request, status, label) in requests() {
        let answer = ask(&server, &request).await;
        let named =
            answer.starts_with("HTTP/1.") && answer.get(9..12) == Some(status) && answer.contains(label);
        // A reset may overtake the answer to a header that was too long to be read whole.
        let hung_up = status == "431" && answer.is_empty();
        if !named && !hung_up {
            wrong.push(format!(
                "{:.120} for {status} {label}: {answer:?}",
                request.escape_ascii().to_string()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(server.memory.records().len(), 0);
    // A client that speaks HTTP/2 is disconnected.
    assert_eq!(ask(&server, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await, "");
    good(&server).await;
    assert!(resident() < before + MOST_KIB, "{} KiB became {}", before, resident());
}

#[tokio::test]
async fn a_second_length_ends_the_connection_so_that_nothing_can_hide_behind_it() {
    let server = start(Mood::Acknowledges, |_| {}).await;
    let hidden = callback();
    for lengths in
        ["content-length: 4\r\ntransfer-encoding: chunked", "transfer-encoding: chunked\r\ncontent-length: 4"]
    {
        let mut stream = connect(&server).await;
        let request = format!("POST /pre HTTP/1.1\r\nhost: x\r\n{lengths}\r\n\r\n0\r\n\r\n{hidden}");
        drop(stream.write_all(request.as_bytes()).await);
        let answers = until_closed(&mut stream).await;
        assert_eq!(
            (answers.matches("HTTP/1.1 ").count(), answers.contains("bad_json")),
            (1, true),
            "{answers}"
        );
    }
    assert_eq!(server.memory.records().len(), 0);
}

#[tokio::test]
async fn requests_in_one_piece_are_answered_in_order() {
    let server = start(Mood::Acknowledges, |_| {}).await;
    let mut stream = connect(&server).await;
    let unknown = "POST /x HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n";
    let last = callback().replace("host: x\r\n", "host: x\r\nconnection: close\r\n");
    stream.write_all([callback().as_str(), unknown, &last].concat().as_bytes()).await.unwrap();
    let answers = until_closed(&mut stream).await;
    let statuses: Vec<&str> = answers.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
    assert_eq!(statuses, ["200", "404", "200"], "{answers}");
}

/// Holds a connection as badly as it can: after `begin`, a byte now and then until the server has enough.
async fn drip(address: std::net::SocketAddr, begin: &'static [u8]) {
    let Ok(mut stream) = TcpStream::connect(address).await else { return };
    drop(stream.write_all(begin).await);
    while stream.write_all(b"a").await.is_ok() {
        sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn callbacks_are_answered_in_time_while_every_slot_is_held_by_slow_and_idle_connections() {
    let server = start(Mood::Acknowledges, |config| {
        config.limits.max_connections = 64;
        config.limits.max_in_flight = 32;
        config.limits.header_timeout = Duration::from_secs(30);
        config.limits.body_timeout = Duration::from_secs(30);
    })
    .await;
    let server = Arc::new(server);
    let address = server.handle.addr();
    let begins: [&[u8]; 4] = [
        b"",
        b"POST /pre HTTP/1.1\r\nhost: x\r\nx-",
        b"POST /pre HTTP/1.1\r\nhost: x\r\ncontent-length: 9999\r\n\r\n{",
        b"POST /pre HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nffff\r\n{",
    ];
    let before = resident();
    let mut attackers = Vec::new();
    let mut idle = Vec::new();
    for round in 0..40 {
        for begin in begins {
            attackers.push(tokio::spawn(drip(address, begin)));
        }
        idle.push(connect(&server).await);
        if round % 2 == 0 {
            good(&server).await;
        }
    }
    // The attack goes on with new connections.
    for _ in 0..30 {
        attackers.extend(begins.map(|begin| tokio::spawn(drip(address, begin))));
        good(&server).await;
    }
    assert_eq!(server.memory.records().len(), 50, "only what was signed is written");
    assert!(resident() < before + MOST_KIB, "{} KiB became {}", before, resident());
    attackers.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_never_reads_answers_neither_fills_memory_nor_stays() {
    let server = start(Mood::Acknowledges, |_| {}).await;
    let (before, began) = (resident(), Instant::now());
    let mut stream = connect(&server).await;
    let requests = "POST /x HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n".repeat(1_000);
    // Header and body timeout, twice; then the connection goes.
    let end = timeout(Duration::from_secs(8), async {
        while stream.write_all(requests.as_bytes()).await.is_ok() {}
    });
    let mut end = std::pin::pin!(end);
    let mut most = before;
    loop {
        tokio::select! {
            ended = &mut end => break ended.expect("the server closes"),
            () = sleep(Duration::from_millis(50)) => {
                most = most.max(resident());
                good(&server).await;
            }
        }
    }
    assert!(most < before + MOST_KIB, "{before} KiB became {most} in {:?}", began.elapsed());
}

#[tokio::test]
async fn half_a_connection_is_answered_and_closed() {
    let server = start(Mood::Acknowledges, |_| {}).await;
    // The client ends its side at once: what it asked is answered all the same.
    let mut stream = connect(&server).await;
    stream.write_all(callback().as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 200"));
    // It ends in the middle of a body.
    let mut stream = connect(&server).await;
    stream.write_all(b"POST /pre HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{").await.unwrap();
    stream.shutdown().await.unwrap();
    let refused = until_closed(&mut stream).await;
    assert!(refused.is_empty() || refused.contains("broken_body"), "{refused}");
    good(&server).await;
}
