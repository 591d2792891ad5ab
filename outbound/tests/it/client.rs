//! One attempt.

use std::{
    io::Write,
    time::{Duration, Instant},
};

use flate2::{Compression, write::GzEncoder};
use outbound::{Class, Client, ClientConfig, Failure};

use crate::{
    AsText, after, client, request,
    server::{Act, Server},
};

async fn failure(act: Act) -> Failure {
    let server = Server::playing(vec![act]).await;
    client().call(&request(&server.address), after(Duration::from_secs(10)), &AsText).await.unwrap_err()
}

#[tokio::test]
async fn a_reply_is_read_whole_and_the_request_arrives_as_built() {
    let server = Server::playing(vec![Act::Answer(200, "", "你好".into())]).await;
    let request = request(&server.address).bearer("hush").unwrap().header("x-app", "org#app").unwrap();
    let text = client().call(&request, after(Duration::from_secs(10)), &AsText).await.unwrap();
    assert_eq!(text, "你好");
    let seen = server.requests().remove(0).to_lowercase();
    for line in
        ["post /v1/say http/1.1", "authorization: bearer hush", "x-app: org#app", "user-agent: huiyin/"]
    {
        assert!(seen.contains(line), "{line} in {seen}");
    }
    assert!(seen.contains("content-type: application/json"), "{seen}");
}

#[tokio::test]
async fn a_hanging_server_is_left_at_the_deadline() {
    for act in [Act::Hang, Act::StallInBody] {
        let server = Server::playing(vec![act]).await;
        let began = Instant::now();
        let result = client().attempt(&request(&server.address), after(Duration::from_millis(200))).await;
        let failure = result.unwrap_err();
        assert_eq!(failure.class, Class::Timeout);
        assert!(failure.ambiguous);
        let took = began.elapsed();
        assert!(took >= Duration::from_millis(190) && took < Duration::from_secs(2), "{took:?}");
    }
}

#[tokio::test]
async fn the_clients_own_timeouts_end_an_attempt_before_a_later_deadline() {
    let short = Duration::from_millis(100);
    let defaults = ClientConfig::default;
    for config in [
        ClientConfig { attempt_timeout: short, ..defaults() },
        ClientConfig { idle_timeout: short, ..defaults() },
    ] {
        let client = Client::new(&config.validate("client").unwrap()).unwrap();
        for act in [Act::Hang, Act::StallInBody] {
            let server = Server::playing(vec![act]).await;
            let began = Instant::now();
            let result = client.attempt(&request(&server.address), after(Duration::from_secs(30))).await;
            let failure = result.unwrap_err();
            assert_eq!((failure.class, failure.ambiguous), (Class::Timeout, true), "{failure}");
            assert!(began.elapsed() < Duration::from_secs(5));
        }
    }
}

#[tokio::test]
async fn a_cut_reply_is_a_protocol_failure_and_ambiguous() {
    for (act, status) in [(Act::ResetInBody, Some(200)), (Act::ResetAtOnce, None)] {
        let failure = failure(act).await;
        assert_eq!((failure.class, failure.status), (Class::Protocol, status), "{failure}");
        assert!(failure.ambiguous);
    }
}

#[tokio::test]
async fn a_refused_connection_is_the_servers_failure_and_not_ambiguous() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let result = client().attempt(&request(&address), after(Duration::from_secs(10))).await;
    let failure = result.unwrap_err();
    assert_eq!(failure.class, Class::ServerError);
    assert!(!failure.ambiguous);
    assert_eq!(failure.code.as_deref(), Some("connect"));
    assert!(!failure.detail.contains(&address), "{failure}");
}

#[tokio::test]
async fn an_asked_wait_is_read_from_the_reply() {
    let failure = failure(Act::Answer(429, "retry-after: 1.5\r\n", "{}".into())).await;
    assert_eq!(failure.class, Class::RateLimited);
    assert_eq!(failure.retry_after, Some(Duration::from_millis(1500)));
    assert!(!failure.ambiguous);
}

#[tokio::test]
async fn a_success_beyond_the_limit_is_refused_and_an_error_page_is_cut() {
    let refused = failure(Act::Answer(200, "", "x".repeat(1001))).await;
    assert_eq!((refused.class, refused.code.as_deref()), (Class::Protocol, Some("too_large")));
    assert!(refused.ambiguous && !refused.counts_for_breaker(), "how much is said is due to what was asked");
    let server = Server::playing(vec![
        Act::Answer(200, "", "x".repeat(1000)),
        Act::Answer(500, "", "x".repeat(100_000)),
    ])
    .await;
    for (status, length) in [(200, 1000), (500, 1000)] {
        let reply =
            client().attempt(&request(&server.address), after(Duration::from_secs(10))).await.unwrap();
        assert_eq!((reply.status.as_u16(), reply.body.len()), (status, length));
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let redirect = failure(Act::Answer(302, "location: http://127.0.0.1:9/\r\n", String::new())).await;
    assert_eq!(redirect.class, Class::Protocol);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_never_ends_is_left_and_costs_no_memory() {
    let resident = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
    };
    let before = resident();
    let ok = "HTTP/1.1 200 OK\r\n";
    for (begin, piece, class) in [
        // A body: until the connection closes, in chunks, in one chunk, far beyond what is announced.
        ("HTTP/1.1 200 OK\r\n\r\n", "x", Class::Protocol),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "1\r\nx\r\n", Class::Protocol),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffff\r\n", "x", Class::Protocol),
        ("HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n", "x", Class::Protocol),
        // A head: a line, lines, one status after another.
        (ok, "x", Class::Protocol),
        (ok, "x: y\r\n", Class::Protocol),
        ("", "HTTP/1.1 100 Continue\r\n\r\n", Class::Timeout),
        ("", "\0", Class::Protocol),
    ] {
        let server = Server::playing(vec![Act::Endless(begin, piece)]).await;
        // One of them never says anything that could be wrong.
        let patience = if class == Class::Timeout { 300 } else { 10_000 };
        let deadline = after(Duration::from_millis(patience));
        let failure = client().call(&request(&server.address), deadline, &AsText).await.unwrap_err();
        assert!(failure.class == class && failure.ambiguous, "{begin:?} {piece:?}: {failure:?}");
    }
    let most = 64 * 1_024;
    assert!(resident() < before + most, "{before} KiB became {}", resident());
}

fn gzipped(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_compressed_reply_is_read_although_none_is_asked_for_and_says_how_it_came() {
    let server = Server::playing(vec![
        Act::Coded(200, "gzip", gzipped("你好")),
        Act::Coded(503, "x-gzip", gzipped("in an hour")),
        Act::Coded(200, "gzip", "你好".into()),
    ])
    .await;
    for (coding, text) in [("gzip", "你好"), ("x-gzip", "in an hour"), ("gzip", "你好")] {
        let reply =
            client().attempt(&request(&server.address), after(Duration::from_secs(10))).await.unwrap();
        assert_eq!((reply.content_encoding(), &reply.body[..]), (Some(coding), text.as_bytes()));
    }
    assert!(!server.requests()[0].to_lowercase().contains("accept-encoding"), "none is asked for");
}

#[tokio::test]
async fn a_success_that_cannot_be_unpacked_names_its_coding_and_a_refusal_is_what_its_status_says() {
    let noise = || vec![0xfe; 100];
    for (coding, body, says) in [
        ("snappy", noise(), "snappy"),
        ("br", noise(), "br"),
        ("gzip", gzipped(&" ".repeat(100_000)), "larger than the limit"),
        ("deflate, gzip", noise(), "gzip"),
    ] {
        let failure = failure(Act::Coded(200, coding, body.clone())).await;
        assert_eq!((failure.class, failure.ambiguous), (Class::Protocol, true), "{coding}: {failure}");
        assert_eq!(failure.code.as_deref(), Some("content_encoding"));
        assert!(failure.detail.contains(says), "{coding}: {failure}");
        let refusal = self::failure(Act::Coded(429, coding, body)).await;
        assert_eq!(refusal.class, Class::RateLimited, "{coding}: {refusal}");
    }
}
