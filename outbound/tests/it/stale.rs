//! Kept connections that are dead when they are used.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use outbound::{Class, Client, ClientConfig, Failure, Request};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::{AsText, after, client, request};

/// What becomes of a connection that is used again after the server went wrong, or of a first one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Reset once the request is read.
    Reset,
    /// Closed in good order once the request is read.
    Close,
    /// Reset as soon as its first bytes arrive, the rest of the request unread.
    ResetInRequest,
    /// Part of a head, then reset.
    ResetInHead,
    /// Head and part of a body, then reset.
    ResetInBody,
    /// No HTTP.
    Nonsense,
    /// Reset after this time.
    ResetAfter(Duration),
}

#[derive(Clone)]
struct Server {
    address: String,
    /// Requests that were read whole, by connection.
    read: watch::Sender<Vec<usize>>,
    /// Connections that must be there before anything is answered: those who ask together get connections of their own.
    awaited: Arc<AtomicUsize>,
    /// Kept connections end.
    broken: Arc<AtomicBool>,
}

/// How a server treats its connections.
#[derive(Debug, Clone, Copy)]
struct Manner {
    /// How a kept connection ends when it is used while the server is broken.
    kept: End,
    /// How a new one ends while the server is broken; answered if there is none.
    fresh: Option<End>,
    /// Replies after which a connection is closed without a word.
    most: usize,
}

impl Server {
    async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (read, awaited, broken) = (watch::channel(Vec::new()).0, Arc::default(), Arc::default());
        let server = Self { address, read, awaited, broken };
        let serving = server.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                serving.read.send_modify(|read| read.push(0));
                let number = serving.requests().len() - 1;
                tokio::spawn(serving.clone().serve(stream, number, manner));
            }
        });
        server
    }

    async fn serve(self, mut stream: TcpStream, number: usize, manner: Manner) {
        let mut served = 0;
        while served < manner.most {
            let mut first = [0; 1];
            if stream.read_exact(&mut first).await.is_err() {
                return;
            }
            let end = if served > 0 { Some(manner.kept) } else { manner.fresh };
            let end = end.filter(|_| self.broken.load(Ordering::SeqCst));
            if end == Some(End::ResetInRequest) {
                return stream.set_zero_linger().unwrap();
            }
            whole(&mut stream).await;
            self.read.send_modify(|read| read[number] += 1);
            let Some(end) = end else {
                let awaited = self.awaited.load(Ordering::SeqCst);
                self.read.subscribe().wait_for(|read| read.len() >= awaited).await.unwrap();
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
                served += 1;
                continue;
            };
            return finish(stream, end).await;
        }
    }

    fn request(&self) -> Request {
        request(&self.address)
    }

    /// So many connections are kept, then the server goes wrong.
    async fn kept(&self, client: &Client, count: usize) {
        self.awaited.store(count, Ordering::SeqCst);
        let asked: Vec<_> = (0..count).map(|_| tokio::spawn(ask(client.clone(), self.request()))).collect();
        for asked in asked {
            assert_eq!(asked.await.unwrap().unwrap(), "ok");
        }
        assert_eq!(self.requests().len(), count);
        self.broken.store(true, Ordering::SeqCst);
    }

    /// Requests that were read whole on each connection.
    fn requests(&self) -> Vec<usize> {
        self.read.borrow().clone()
    }
}

async fn whole(stream: &mut TcpStream) {
    let mut read = Vec::new();
    while !read.ends_with(br#"{"say":"hello"}"#) && !read.ends_with(b"]") {
        if stream.read_buf(&mut read).await.unwrap_or(0) == 0 {
            return;
        }
    }
}

async fn finish(mut stream: TcpStream, end: End) {
    let begun: &[u8] = match end {
        End::ResetInHead => b"HTTP/1.1 200 OK\r\ncontent-le",
        End::ResetInBody => b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no",
        End::Nonsense => b"220 mail.example.org ESMTP\r\n\r\n",
        End::Reset | End::Close | End::ResetInRequest | End::ResetAfter(_) => b"",
    };
    stream.write_all(begun).await.unwrap();
    if let End::ResetAfter(time) = end {
        tokio::time::sleep(time).await;
    }
    if !begun.is_empty() {
        // A reset overtakes what was not read yet.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    if end != End::Close {
        stream.set_zero_linger().unwrap();
    }
}

async fn ask(client: Client, request: Request) -> Result<String, Failure> {
    client.call(&request, after(Duration::from_secs(10)), &AsText).await
}

const fn dying(kept: End) -> Manner {
    Manner { kept, fresh: None, most: usize::MAX }
}

#[tokio::test]
async fn a_request_that_meets_dead_connections_is_answered_over_a_new_one_at_once_and_read_once() {
    for end in [End::Reset, End::Close, End::ResetInRequest, End::ResetAfter(Duration::from_millis(300))] {
        let (server, client) = (Server::start(dying(end)).await, client());
        server.kept(&client, 4).await;
        let began = Instant::now();
        assert_eq!(ask(client.clone(), server.request()).await.unwrap(), "ok", "{end:?}");
        assert!(began.elapsed() < Duration::from_secs(1), "{end:?}");
        // One dead one was tried, and the new one answered.
        let requests = server.requests();
        assert_eq!((requests.len(), requests[4]), (5, 1), "{end:?}");
        // The three others are met by those who come next.
        for _ in 0..5 {
            assert_eq!(ask(client.clone(), server.request()).await.unwrap(), "ok", "{end:?}");
        }
    }
}

#[tokio::test]
async fn many_requests_that_meet_dead_connections_together_are_all_answered() {
    let (server, client) = (Server::start(dying(End::Reset)).await, client());
    server.kept(&client, 16).await;
    let asked: Vec<_> = (0..16).map(|_| tokio::spawn(ask(client.clone(), server.request()))).collect();
    for asked in asked {
        assert_eq!(asked.await.unwrap().unwrap(), "ok");
    }
}

#[tokio::test]
async fn a_long_request_whose_writing_meets_a_reset_goes_out_again_whole() {
    let (server, client) = (Server::start(dying(End::ResetInRequest)).await, client());
    server.kept(&client, 2).await;
    let long = format!("[{}]", "1,".repeat(4 << 20) + "1");
    let url = format!("http://{}/v1/say", server.address).parse().unwrap();
    assert_eq!(ask(client.clone(), Request::post_json(url, long)).await.unwrap(), "ok");
}

#[tokio::test]
async fn servers_that_close_without_a_word_after_each_or_every_second_reply_cost_no_request() {
    for most in [1, 2, 3] {
        let (server, client) = (Server::start(Manner { most, ..dying(End::Reset) }).await, client());
        for _ in 0..12 {
            assert_eq!(ask(client.clone(), server.request()).await.unwrap(), "ok", "closes after {most}");
        }
        assert_eq!(server.requests().iter().sum::<usize>(), 12, "closes after {most}");
    }
}

#[tokio::test]
async fn connections_that_were_closed_while_they_rested_are_not_used() {
    let (server, client) = (Server::start(Manner { most: 1, ..dying(End::Reset) }).await, client());
    server.kept(&client, 4).await;
    server.broken.store(false, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(ask(client.clone(), server.request()).await.unwrap(), "ok");
    assert_eq!(server.requests(), [1; 5]);
}

#[tokio::test]
async fn an_end_of_a_new_connection_is_never_repeated_and_stays_in_doubt() {
    for end in [End::Reset, End::Close, End::ResetInHead, End::ResetInBody, End::Nonsense] {
        let manner = Manner { kept: end, fresh: Some(end), most: usize::MAX };
        let server = Server::start(manner).await;
        server.broken.store(true, Ordering::SeqCst);
        let failure = ask(client(), server.request()).await.unwrap_err();
        assert_eq!((failure.class, failure.ambiguous), (Class::Protocol, true), "{end:?}: {failure}");
        assert_eq!(server.requests(), [1], "{end:?}");
    }
}

#[tokio::test]
async fn a_kept_connection_whose_reply_was_begun_is_not_repeated() {
    for end in [End::ResetInBody, End::Nonsense] {
        let (server, client) = (Server::start(dying(end)).await, client());
        server.kept(&client, 1).await;
        let failure = ask(client, server.request()).await.unwrap_err();
        assert_eq!((failure.class, failure.ambiguous), (Class::Protocol, true), "{end:?}: {failure}");
        assert_eq!(server.requests(), [2], "{end:?}");
    }
}

#[tokio::test]
async fn a_new_connection_that_ends_as_well_is_the_last_and_stays_in_doubt() {
    let manner = Manner { kept: End::Reset, fresh: Some(End::Reset), most: usize::MAX };
    let (server, client) = (Server::start(manner).await, client());
    server.kept(&client, 3).await;
    let failure = ask(client, server.request()).await.unwrap_err();
    assert_eq!((failure.class, failure.ambiguous), (Class::Protocol, true), "{failure}");
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn what_may_be_sent_once_only_meets_no_dead_connection_and_is_never_sent_twice() {
    let once = |server: &Server| server.request().at_most_once();
    let (server, keeping) = (Server::start(dying(End::Reset)).await, client());
    server.kept(&keeping, 4).await;
    assert_eq!(ask(keeping.clone(), once(&server)).await.unwrap(), "ok");
    assert_eq!(server.requests(), [1; 5], "no kept one was tried");

    let manner = Manner { kept: End::Reset, fresh: Some(End::Reset), most: usize::MAX };
    let server = Server::start(manner).await;
    server.broken.store(true, Ordering::SeqCst);
    let failure = ask(keeping, once(&server)).await.unwrap_err();
    assert!(failure.ambiguous, "{failure}");
    assert_eq!(server.requests(), [1]);
}

#[tokio::test]
async fn a_connection_is_kept_for_as_long_as_configured_and_used_again() {
    let config = ClientConfig { pool_idle_timeout: Duration::from_millis(300), ..ClientConfig::default() };
    let client = Client::new(&config.validate("client").unwrap()).unwrap();
    let server = Server::start(dying(End::Reset)).await;
    for pause in [0, 50, 600] {
        tokio::time::sleep(Duration::from_millis(pause)).await;
        assert_eq!(ask(client.clone(), server.request()).await.unwrap(), "ok");
    }
    assert_eq!(server.requests(), [2, 1]);
    assert!(ClientConfig::default().pool_idle_timeout < Duration::from_secs(5), "what servers keep");
}
