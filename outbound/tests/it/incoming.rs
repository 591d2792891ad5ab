//! A reply that is read as it comes.

use std::time::Duration;

use outbound::{Class, Client, ClientConfig, Failure, Incoming, Timeouts};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{after, client, request};

const SHORT: Duration = Duration::from_millis(150);
const TIMES: Timeouts = Timeouts { first_token: SHORT, idle: SHORT };

/// What the server does with the body, after it sent the head of a chunked reply.
#[derive(Debug, Clone)]
enum Act {
    Send(Vec<u8>),
    Rest(Duration),
    Hang,
    Cut,
}

fn send(text: &str) -> Act {
    Act::Send(text.into())
}

/// A server whose every reply has these header lines and this body; it keeps connections.
async fn serving(headers: &'static str, acts: Vec<Act>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        let mut connection = 0;
        while let Ok((stream, _)) = listener.accept().await {
            connection += 1;
            tokio::spawn(serve(stream, connection, headers, acts.clone()));
        }
    });
    address
}

async fn serve(mut stream: TcpStream, connection: u32, headers: &str, acts: Vec<Act>) -> Option<()> {
    let mut read = Vec::new();
    loop {
        while !read.ends_with(br#"{"say":"hello"}"#) {
            stream.read_buf(&mut read).await.ok().filter(|count| *count > 0)?;
        }
        read.clear();
        let head = format!(
            "HTTP/1.1 200 OK\r\nx-connection: {connection}\r\ntransfer-encoding: chunked\r\n{headers}\r\n"
        );
        stream.write_all(head.as_bytes()).await.ok()?;
        for act in &acts {
            match act {
                Act::Send(bytes) => {
                    let chunk = [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
                    stream.write_all(&chunk).await.ok()?;
                }
                Act::Rest(time) => tokio::time::sleep(*time).await,
                Act::Hang => std::future::pending().await,
                Act::Cut => return None,
            }
        }
        stream.write_all(b"0\r\n\r\n").await.ok()?;
    }
}

async fn opened(client: &Client, address: &str) -> Incoming {
    let request = request(address).streaming();
    client.open(&request, after(Duration::from_secs(10)), TIMES).await.unwrap()
}

/// Reads to the end; the first token is `token`.
async fn read(mut incoming: Incoming, token: &str) -> (String, Option<Failure>) {
    let mut text = String::new();
    loop {
        match incoming.next().await {
            Ok(Some(piece)) => text.push_str(&String::from_utf8_lossy(&piece)),
            Ok(None) => return (text, None),
            Err(failure) => return (text, Some(failure)),
        }
        if text.contains(token) {
            incoming.first_token();
        }
    }
}

#[tokio::test]
async fn pieces_come_when_they_are_sent() {
    let rest = Act::Rest(SHORT / 2);
    let acts = vec![send("abcd"), rest.clone(), send("e"), rest.clone(), send("f"), rest, send("g")];
    let address = serving("", acts).await;
    let mut incoming = opened(&client(), &address).await;
    assert_eq!((incoming.head().status.as_u16(), incoming.head().header("x-connection")), (200, Some("1")));
    incoming.first_token();
    for piece in ["abcd", "e", "f", "g"] {
        assert_eq!(incoming.next().await.unwrap().as_deref(), Some(piece.as_bytes()));
    }
    assert_eq!(incoming.next().await.unwrap(), None);
}

#[tokio::test]
async fn bytes_without_a_token_do_not_put_off_its_time_and_silence_ends_what_has_begun() {
    let pings = || (0..10).flat_map(|_| [send(": ping\n"), Act::Rest(SHORT / 4)]);
    for (acts, text, code) in [
        (vec![Act::Hang], "", "first_token_timeout"),
        (pings().collect(), ": ping\n", "first_token_timeout"),
        (vec![send("token"), Act::Hang], "token", "idle_timeout"),
        (vec![send("token"), send("token"), Act::Rest(SHORT * 3)], "token", "idle_timeout"),
    ] {
        let address = serving("", acts).await;
        let (read, failure) = read(opened(&client(), &address).await, "token").await;
        let failure = failure.unwrap();
        assert!(read.starts_with(text), "{read:?}");
        assert_eq!((failure.class, failure.code.as_deref()), (Class::Timeout, Some(code)), "{failure}");
        assert!(failure.ambiguous && failure.status == Some(200));
    }
    let address = serving("", pings().collect()).await;
    assert_eq!(read(opened(&client(), &address).await, "ping").await.1, None);
}

#[tokio::test]
async fn the_deadline_ends_a_stream_that_goes_on() {
    let address = serving("", (0..100).flat_map(|_| [send("token"), Act::Rest(SHORT / 4)]).collect()).await;
    let request = request(&address).streaming();
    let incoming = client().open(&request, after(SHORT * 2), TIMES).await.unwrap();
    let (_, failure) = read(incoming, "token").await;
    let failure = failure.unwrap();
    assert_eq!((failure.class, failure.code.as_deref()), (Class::Timeout, None), "{failure}");
}

#[tokio::test]
async fn a_cut_stream_fails_behind_what_came() {
    let address = serving("", vec![send("half"), Act::Cut]).await;
    let (text, failure) = read(opened(&client(), &address).await, "half").await;
    let failure = failure.unwrap();
    assert_eq!((text.as_str(), failure.class, failure.status), ("half", Class::Protocol, Some(200)));
    assert!(failure.ambiguous && failure.counts_for_breaker());
}

#[tokio::test]
async fn a_stream_that_is_compressed_unasked_is_read_once_it_is_whole() {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all("token 你好".as_bytes()).unwrap();
    let packed = encoder.finish().unwrap();
    let (begin, end) = packed.split_at(2);
    let rest = Act::Rest(SHORT / 2);
    for headers in ["content-encoding: gzip\r\n", "", "content-encoding: br\r\n"] {
        let acts = vec![Act::Send(begin.into()), rest.clone(), Act::Send(end.into()), rest.clone()];
        let address = serving(headers, acts).await;
        let (text, failure) = read(opened(&client(), &address).await, "token").await;
        assert_eq!((text.as_str(), failure), ("token 你好", None), "{headers}");
    }
    let plain = serving("content-encoding: identity\r\n", vec![send("to"), send("ken")]).await;
    assert_eq!(read(opened(&client(), &plain).await, "token").await.0, "token");
}

#[tokio::test]
async fn a_connection_is_kept_when_the_rest_of_its_reply_is_not_needed() {
    let address =
        serving("", vec![send("data: [DONE]"), Act::Rest(Duration::from_millis(20)), send("rest")]).await;
    let client = client();
    let mut incoming = opened(&client, &address).await;
    assert!(incoming.next().await.unwrap().is_some());
    incoming.release();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(opened(&client, &address).await.head().header("x-connection"), Some("1"));
    // Whoever just leaves closes it.
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(opened(&client, &address).await.head().header("x-connection"), Some("2"));
}

#[tokio::test]
async fn a_stream_has_a_limit_of_its_own() {
    let config = ClientConfig { max_body_bytes: 10, max_stream_bytes: 100, ..ClientConfig::default() };
    let client = Client::new(&config.validate("client").unwrap()).unwrap();
    let pieces = |count: usize| (0..count).map(|_| send("token 789\n")).collect();
    let short = serving("", pieces(10)).await;
    assert_eq!(read(opened(&client, &short).await, "token").await.1, None);
    let long = serving("", pieces(11)).await;
    let failure = read(opened(&client, &long).await, "token").await.1.unwrap();
    assert_eq!((failure.class, failure.code.as_deref()), (Class::Protocol, Some("too_large")));
    assert!(!failure.counts_for_breaker());
}
