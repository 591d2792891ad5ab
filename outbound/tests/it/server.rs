//! A server that plays a script: one entry per connection.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What the server does with one connection, after it read a whole request.
#[derive(Clone)]
pub(crate) enum Act {
    /// Answers with this status, these header lines and this body, then closes.
    Answer(u16, &'static str, String),
    /// As [`Act::Answer`], with bytes.
    Coded(u16, &'static str, Vec<u8>),
    /// Never answers.
    Hang,
    /// Promises a longer body than it sends, then resets.
    ResetInBody,
    /// Resets without a byte of answer.
    ResetAtOnce,
    /// Sends the head and a piece of the body, then nothing.
    StallInBody,
    /// Sends the first text once and the second for ever.
    Endless(&'static str, &'static str),
}

pub(crate) struct Server {
    pub(crate) address: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) async fn playing(script: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        tokio::spawn(async move {
            for act in script {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(play(stream, act, Arc::clone(&seen)));
            }
        });
        Self { address, requests }
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

async fn play(mut stream: TcpStream, act: Act, seen: Arc<Mutex<Vec<String>>>) {
    let request = read_request(&mut stream).await;
    seen.lock().unwrap().push(request);
    match act {
        Act::Answer(status, headers, body) => {
            let head =
                format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
            // A client that stops reading early closes first; that is its right.
            drop(stream.write_all(format!("{head}{headers}\r\n{body}").as_bytes()).await);
        }
        Act::Coded(status, coding, body) => {
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\ncontent-encoding: {coding}\r\n\r\n"
            );
            drop(stream.write_all(&[head.as_bytes(), &body].concat()).await);
        }
        Act::Hang => std::future::pending().await,
        Act::ResetInBody => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"half\":").await.unwrap();
            reset(stream);
        }
        Act::ResetAtOnce => reset(stream),
        Act::Endless(begin, piece) => {
            drop(stream.write_all(begin.as_bytes()).await);
            let pieces = piece.repeat(1_000);
            while stream.write_all(pieces.as_bytes()).await.is_ok() {}
        }
        Act::StallInBody => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"half\":").await.unwrap();
            std::future::pending().await
        }
    }
}

fn reset(stream: TcpStream) {
    stream.set_zero_linger().unwrap();
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    loop {
        let count = stream.read_buf(&mut read).await.unwrap();
        let text = String::from_utf8_lossy(&read);
        // Every request of these tests carries this body.
        if count == 0 || text.ends_with(r#"{"say":"hello"}"#) {
            return text.into_owned();
        }
    }
}
