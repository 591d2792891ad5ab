//! A WebSocket that carries one question and its answer.

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use outbound::{Class, Client, ClientConfig, Failure, Reply, Request};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{Request as Handshake, Response},
    },
};

use crate::{after, client};

type Socket = WebSocketStream<TcpStream>;

/// Where a server listens that has one conversation, and what the conversation comes to.
struct Peer<T> {
    address: String,
    conversation: JoinHandle<T>,
}

/// What the server saw of the handshake, and the first message.
struct Opened {
    target: String,
    protocol: String,
    question: String,
    socket: Socket,
}

async fn listening<T: Send + 'static, F>(talk: impl FnOnce(TcpStream) -> F + Send + 'static) -> Peer<T>
where
    F: Future<Output = T> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let conversation = tokio::spawn(async move { talk(listener.accept().await.unwrap().0).await });
    Peer { address, conversation }
}

async fn opened(stream: TcpStream) -> Opened {
    let (mut target, mut protocol) = (String::new(), String::new());
    #[allow(clippy::result_large_err, reason = "the library's type")]
    let mut socket = accept_hdr_async(stream, |request: &Handshake, response: Response| {
        target = request.uri().to_string();
        protocol = format!("{:?}", request.version());
        Ok(response)
    })
    .await
    .unwrap();
    let question = socket.next().await.unwrap().unwrap().into_text().unwrap().to_string();
    Opened { target, protocol, question, socket }
}

fn question(address: &str) -> Request {
    Request::websocket(format!("http://{address}/v3.5/chat?date=x").parse().unwrap(), r#"{"say":"hello"}"#)
}

async fn asked(client: &Client, address: &str) -> Result<Reply, Failure> {
    client.attempt(&question(address), after(Duration::from_secs(10))).await
}

#[tokio::test]
async fn one_text_goes_out_and_every_text_that_comes_is_an_event() {
    let peer = listening(|stream| async {
        let mut opened = opened(stream).await;
        for message in [
            Message::Text(r#"{"a":1}"#.into()),
            Message::Ping("p".into()),
            Message::Text("{\n\"a\":2}".into()),
            Message::Binary("你好".into()),
        ] {
            opened.socket.send(message).await.unwrap();
        }
        opened.socket.close(None).await.unwrap();
        opened
    })
    .await;
    let reply = asked(&client(), &peer.address).await.unwrap();
    assert_eq!(reply.status.as_u16(), 200);
    let expected = "data: {\"a\":1}\n\ndata: { \"a\":2}\n\ndata: 你好\n\n";
    assert_eq!(std::str::from_utf8(&reply.body).unwrap(), expected);
    let opened = peer.conversation.await.unwrap();
    assert_eq!((opened.target.as_str(), opened.protocol.as_str()), ("/v3.5/chat?date=x", "HTTP/1.1"));
    assert_eq!(opened.question, r#"{"say":"hello"}"#);
}

#[tokio::test]
async fn every_question_has_a_connection_of_its_own() {
    let client = client();
    for _ in 0..2 {
        let peer = listening(|stream| async {
            let mut opened = opened(stream).await;
            opened.socket.close(None).await.unwrap();
        })
        .await;
        assert!(asked(&client, &peer.address).await.unwrap().body.is_empty());
        peer.conversation.await.unwrap();
    }
}

#[tokio::test]
async fn a_handshake_that_is_refused_is_an_ordinary_reply() {
    let peer = listening(|mut stream| async move {
        let mut head = [0; 2048];
        let read = stream.read(&mut head).await.unwrap();
        assert!(read > 0);
        let refusal = "HTTP/1.1 401 Unauthorized\r\ncontent-length: 15\r\n\r\n{\"message\":\"m\"}";
        stream.write_all(refusal.as_bytes()).await.unwrap();
    })
    .await;
    let reply = asked(&client(), &peer.address).await.unwrap();
    assert_eq!((reply.status.as_u16(), &reply.body[..]), (401, &b"{\"message\":\"m\"}"[..]));
}

#[tokio::test]
async fn a_server_that_switches_to_something_else_is_not_believed() {
    for head in [
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: AAAA\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n",
    ] {
        let peer = listening(move |mut stream| async move {
            let mut request = [0; 2048];
            assert!(stream.read(&mut request).await.unwrap() > 0);
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.read(&mut request).await.unwrap_or_default()
        })
        .await;
        let failure = asked(&client(), &peer.address).await.unwrap_err();
        assert_eq!((failure.class, failure.code.as_deref()), (Class::Protocol, Some("handshake")), "{head}");
        assert_eq!(peer.conversation.await.unwrap(), 0, "the question was not sent");
    }
}

#[tokio::test]
async fn a_connection_that_ends_without_a_word_is_a_cut_reply() {
    let peer = listening(|stream| async {
        let mut opened = opened(stream).await;
        opened.socket.send(Message::Text("{}".into())).await.unwrap();
    })
    .await;
    let failure = asked(&client(), &peer.address).await.unwrap_err();
    assert_eq!((failure.class, failure.ambiguous, failure.status), (Class::Protocol, true, Some(200)));
}

#[tokio::test]
async fn silence_ends_an_attempt_at_the_earliest_of_its_bounds() {
    let silence = ClientConfig { idle_timeout: Duration::from_millis(100), ..ClientConfig::default() };
    let attempt = ClientConfig { attempt_timeout: Duration::from_millis(100), ..ClientConfig::default() };
    for config in [silence, attempt] {
        let client = Client::new(&config.validate("client").unwrap()).unwrap();
        let peer = listening(|stream| async {
            let mut opened = opened(stream).await;
            opened.socket.next().await.is_none_or(|end| end.is_err() || end.is_ok_and(|it| it.is_close()))
        })
        .await;
        let began = Instant::now();
        let failure = asked(&client, &peer.address).await.unwrap_err();
        assert_eq!((failure.class, failure.ambiguous), (Class::Timeout, true));
        assert!(began.elapsed() < Duration::from_secs(2));
        assert!(peer.conversation.await.unwrap(), "the other side sees that nobody waits any more");
    }
}

#[tokio::test]
async fn a_text_beyond_the_limit_is_no_fault_of_the_endpoint() {
    let peer = listening(|stream| async {
        let mut opened = opened(stream).await;
        // The other side may be gone before all is written.
        opened.socket.send(Message::Text("x".repeat(2_000).into())).await.unwrap_or_default();
    })
    .await;
    let failure = asked(&client(), &peer.address).await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_deref()), (Class::Protocol, Some("too_large")));
    assert!(!failure.counts_for_breaker());
}

#[tokio::test]
async fn nobody_at_the_address_is_a_failure_to_connect() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let failure = asked(&client(), &address).await.unwrap_err();
    assert_eq!(
        (failure.class, failure.code.as_deref(), failure.ambiguous),
        (Class::ServerError, Some("connect"), false)
    );
}
