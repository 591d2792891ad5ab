//! Kept connections that end. Those of HTTP/2 are shared by requests; here they are without TLS, so that both sides must know of
//! it beforehand.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use h2::{Reason, server};
use reqwest::{Method, Url};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::*;
use crate::ClientConfig;

/// What the server does with the second request of its first connection.
#[derive(Debug, Clone, Copy)]
enum Second {
    /// The connection breaks.
    Break,
    /// It goes away in order and answers nothing more there.
    GoAway,
    /// It refuses the stream.
    Refuse,
    /// It gives the stream up, having worked on it perhaps.
    GiveUp,
}

async fn serve(stream: TcpStream, first: bool, second: Second, answered: Arc<AtomicUsize>) {
    let mut connection = server::handshake(stream).await.unwrap();
    let mut asked = 0;
    while let Some(Ok((_, mut respond))) = connection.accept().await {
        asked += 1;
        if first && asked == 2 {
            match second {
                Second::Break => return,
                Second::GoAway => connection.abrupt_shutdown(Reason::NO_ERROR),
                Second::Refuse => respond.send_reset(Reason::REFUSED_STREAM),
                Second::GiveUp => respond.send_reset(Reason::INTERNAL_ERROR),
            }
            continue;
        }
        answered.fetch_add(1, Ordering::SeqCst);
        respond.send_response(http::Response::new(()), true).unwrap();
    }
}

async fn second_of(second: Second) -> (Result<Reply, Failure>, usize) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: Url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    let answered = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&answered);
    tokio::spawn(async move {
        for number in 0.. {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(serve(stream, number == 0, second, Arc::clone(&counted)));
        }
    });
    let settings = ClientConfig::default().validate("client").unwrap();
    let client = Client::built(&settings, ClientBuilder::http2_prior_knowledge).unwrap();
    let request = Request::new(Method::POST, url, Bytes::from_static(b"{}"));
    let ask = || client.attempt(&request, Instant::now() + Duration::from_secs(10));
    assert_eq!(ask().await.unwrap().status, 200);
    let reply = ask().await;
    (reply, answered.load(Ordering::SeqCst))
}

#[tokio::test]
async fn a_kept_connection_that_breaks_goes_away_or_refuses_costs_no_attempt() {
    for second in [Second::Break, Second::GoAway, Second::Refuse] {
        let (reply, answered) = second_of(second).await;
        assert_eq!(reply.unwrap_or_else(|failure| panic!("{second:?}: {failure}")).status, 200);
        assert_eq!(answered, 2, "{second:?}");
    }
}

#[tokio::test]
async fn a_stream_that_was_given_up_is_in_doubt() {
    let (reply, answered) = second_of(Second::GiveUp).await;
    let failure = reply.unwrap_err();
    assert_eq!((failure.class, failure.ambiguous, answered), (Class::Protocol, true, 1), "{failure}");
}

/// Answers the first request of a connection, reads a second one, and closes the connection after a while without a word.
async fn late_end(listener: TcpListener, late: Duration, asked: Arc<AtomicUsize>) {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        for answers in [true, false] {
            let mut read = Vec::new();
            while !read.ends_with(b"{}") {
                assert_ne!(stream.read_buf(&mut read).await.unwrap(), 0);
            }
            asked.fetch_add(1, Ordering::SeqCst);
            if answers {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
            }
        }
        tokio::time::sleep(late).await;
    }
}

#[tokio::test]
async fn a_kept_connection_that_ends_late_is_not_repeated() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: Url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let settings = ClientConfig::default().validate("client").unwrap();
    let late = Duration::from_millis(100);
    let client = Client { stale_within: late, ..Client::new(&settings).unwrap() };
    tokio::spawn(late_end(listener, late, Arc::clone(&asked)));
    let request = Request::new(Method::POST, url, Bytes::from_static(b"{}"));
    let ask = || client.attempt(&request, Instant::now() + Duration::from_secs(10));
    assert_eq!(ask().await.unwrap().status, 200);
    let failure = ask().await.unwrap_err();
    assert_eq!((failure.class, failure.ambiguous), (Class::Protocol, true), "{failure}");
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}
