//! A model that answers as a test says, and keeps what it was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

/// A reply.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: String,
    pub(super) delay: Duration,
}

impl Reply {
    /// An answer of eight tokens.
    pub(super) fn say(text: &str) -> Self {
        let message = json!({"role": "assistant", "content": text});
        let body = json!({"id": "c-1", "object": "chat.completion", "model": "m-1",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 8, "total_tokens": 108}});
        Self { status: 200, body: body.to_string(), delay: Duration::ZERO }
    }

    pub(super) fn status(status: u16, body: &str) -> Self {
        Self { status, body: body.to_owned(), delay: Duration::ZERO }
    }
}

#[derive(Default)]
struct Seen {
    bodies: Mutex<Vec<String>>,
    refuse: AtomicU32,
}

/// A server on loopback, which ends with the test's process.
pub(super) struct Server {
    pub(super) base: String,
    seen: Arc<Seen>,
}

impl Server {
    /// A server that answers the user's message, which is a JSON object.
    pub(super) fn start(answer: impl Fn(&Value) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}/v1", listener.local_addr().unwrap());
        let (seen, answer) = (Arc::new(Seen::default()), Arc::new(answer));
        let shared = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, answer) = (Arc::clone(&shared), Arc::clone(&answer));
                std::thread::spawn(move || serve(stream, &seen, answer.as_ref()));
            }
        });
        Self { base, seen }
    }

    /// The next calls are refused for their rate, and not kept.
    pub(super) fn refuse_first(&self, calls: u32) {
        self.seen.refuse.store(calls, Ordering::Relaxed);
    }

    /// The bodies that came.
    pub(super) fn bodies(&self) -> Vec<String> {
        self.seen.bodies.lock().unwrap().clone()
    }
}

fn serve(stream: TcpStream, seen: &Seen, answer: &dyn Fn(&Value) -> Reply) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut writer = stream;
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.trim().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let body = String::from_utf8(body).ok()?;
        let take = |left: u32| left.checked_sub(1);
        let reply = if seen.refuse.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
            Reply::status(429, "{\"error\": {\"message\": \"slow down\"}}")
        } else {
            seen.bodies.lock().unwrap().push(body.clone());
            let request: Value = serde_json::from_str(&body).ok()?;
            answer(&serde_json::from_str(request["messages"][1]["content"].as_str()?).ok()?)
        };
        std::thread::sleep(reply.delay);
        let head = format!(
            "HTTP/1.1 {} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            reply.status,
            reply.body.len()
        );
        writer.write_all(head.as_bytes()).ok()?;
        writer.write_all(reply.body.as_bytes()).ok()?;
    }
}
