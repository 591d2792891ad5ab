//! A server that answers with exactly the bytes that a test gives it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// One answer.
#[derive(Clone)]
pub(crate) struct Answer {
    status: u16,
    headers: String,
    body: Body,
}

#[derive(Clone)]
enum Body {
    Whole(Vec<u8>),
    Stream(Vec<Act>),
}

/// What a server does next with a stream.
#[derive(Clone)]
pub(crate) enum Act {
    Send(Vec<u8>),
    Rest(Duration),
    /// Closes the connection in the middle of the reply.
    Cut,
    /// Keeps the connection and says nothing more.
    Hang,
}

impl Act {
    pub(crate) fn send(bytes: impl AsRef<[u8]>) -> Self {
        Self::Send(bytes.as_ref().to_vec())
    }
}

impl Answer {
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: "content-type: application/json\r\n".into(), body: Body::Whole(body.into()) }
    }

    /// A success that comes in chunks.
    pub(crate) fn stream(acts: impl IntoIterator<Item = Act>) -> Self {
        let body = Body::Stream(acts.into_iter().collect());
        Self { status: 200, headers: "content-type: text/event-stream\r\n".into(), body }
    }

    pub(crate) fn with(mut self, header: &str) -> Self {
        self.headers.push_str(header);
        self.headers.push_str("\r\n");
        self
    }
}

/// The server. What no test has ordered is answered with a usual completion that says `OTHER`.
pub(crate) struct Server {
    pub(crate) base: String,
    script: Arc<Mutex<Script>>,
}

#[derive(Default)]
struct Script {
    next: VecDeque<Answer>,
    always: Option<Answer>,
    asked: Vec<serde_json::Value>,
}

pub(crate) fn completion(text: &str) -> String {
    let usage = r#"{"prompt_tokens":1000,"completion_tokens":200,"total_tokens":1200}"#;
    format!(
        r#"{{"id":"c","model":"m","choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}"}},"finish_reason":"stop"}}],"usage":{usage}}}"#
    )
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/v1", listener.local_addr().unwrap());
        let script = Arc::default();
        let server = Self { base, script: Arc::clone(&script) };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&script)));
            }
        });
        server
    }

    /// The next answers, in order.
    pub(crate) fn will(&self, answers: impl IntoIterator<Item = Answer>) {
        self.script.lock().unwrap().next.extend(answers);
    }

    /// What every other call is answered; a usual completion if nothing.
    pub(crate) fn always(&self, answer: Option<Answer>) {
        self.script.lock().unwrap().always = answer;
    }

    /// Bodies of the calls since the last look.
    pub(crate) fn asked(&self) -> Vec<serde_json::Value> {
        std::mem::take(&mut self.script.lock().unwrap().asked)
    }
}

async fn serve(mut stream: TcpStream, script: Arc<Mutex<Script>>) {
    let mut read = Vec::new();
    let body = loop {
        let mut piece = [0; 4_096];
        let count = stream.read(&mut piece).await.unwrap_or_default();
        read.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&read).to_lowercase();
        let length: Option<usize> =
            text.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
        let head = text.find("\r\n\r\n").map(|at| at + 4);
        match (head, length) {
            (Some(head), Some(length)) if read.len() >= head + length => {
                break read[head..head + length].to_vec();
            }
            _ if count == 0 => return,
            _ => {}
        }
    };
    let answer = {
        let mut script = script.lock().unwrap();
        script.asked.push(serde_json::from_slice(&body).unwrap());
        let next = script.next.pop_front().or_else(|| script.always.clone());
        next.unwrap_or_else(|| Answer::new(200, completion("OTHER")))
    };
    let head = |length: String| {
        format!("HTTP/1.1 {} X\r\n{length}\r\nconnection: close\r\n{}\r\n", answer.status, answer.headers)
    };
    match &answer.body {
        Body::Whole(body) => {
            let head = head(format!("content-length: {}", body.len()));
            stream.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
        }
        Body::Stream(acts) => {
            stream.write_all(head("transfer-encoding: chunked".into()).as_bytes()).await.unwrap();
            play(&mut stream, acts).await;
        }
    }
    stream.shutdown().await.ok();
}

async fn play(stream: &mut TcpStream, acts: &[Act]) {
    for act in acts {
        match act {
            Act::Send(bytes) => {
                let chunk = [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
                // The other side may have gone.
                if stream.write_all(&chunk).await.is_err() {
                    return;
                }
            }
            Act::Rest(time) => tokio::time::sleep(*time).await,
            Act::Cut => return,
            Act::Hang => std::future::pending().await,
        }
    }
    stream.write_all(b"0\r\n\r\n").await.ok();
}
