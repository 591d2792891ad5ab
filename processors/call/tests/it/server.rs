//! A server that answers with exactly the bytes that a test gives it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// One answer.
#[derive(Clone)]
pub(crate) struct Answer {
    status: u16,
    headers: String,
    body: Vec<u8>,
}

impl Answer {
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: "content-type: application/json\r\n".into(), body: body.into() }
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
    let head = format!(
        "HTTP/1.1 {} X\r\ncontent-length: {}\r\nconnection: close\r\n{}\r\n",
        answer.status,
        answer.body.len(),
        answer.headers
    );
    stream.write_all(&[head.as_bytes(), &answer.body].concat()).await.unwrap();
    stream.shutdown().await.ok();
}
