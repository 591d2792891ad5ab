//! Stand-ins of a model and of Easemob that do nothing but note when each message reaches them, on the clock of the
//! load: in this process, and cheaper than those of `simulators`, which keep books.

use super::load::number_after;
use anyhow::{Context, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// Marks a question's number in a prompt.
pub(super) const ASK: &str = "ask#";
/// Marks the number of the question that an answer is to.
pub(super) const REPLY: &str = "re#";

/// When something happened to each message, by its number.
pub(super) struct Marks {
    base: Instant,
    /// Nanoseconds since `base`; 0 as long as it has not happened.
    at: Vec<AtomicU64>,
    /// How often it happened once more.
    again: AtomicU64,
}

impl Marks {
    /// For messages with smaller numbers than `count`.
    pub(super) fn new(count: u64) -> Self {
        let at = (0..count).map(|_| AtomicU64::new(0)).collect();
        Self { base: Instant::now(), at, again: AtomicU64::new(0) }
    }

    /// It happens now.
    pub(super) fn mark(&self, number: u64) {
        let now = u64::try_from(self.base.elapsed().as_nanos()).unwrap_or(u64::MAX).max(1);
        let Some(place) = usize::try_from(number).ok().and_then(|number| self.at.get(number)) else { return };
        if place.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            self.again.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// When it happened first.
    pub(super) fn at(&self, number: u64) -> Option<Instant> {
        let place = self.at.get(usize::try_from(number).ok()?)?;
        let nanoseconds = Some(place.load(Ordering::Relaxed)).filter(|at| *at > 0)?;
        Some(self.base + Duration::from_nanos(nanoseconds))
    }

    /// How often it happened to a message to which it had happened before.
    pub(super) fn again(&self) -> u64 {
        self.again.load(Ordering::Relaxed)
    }
}

/// What the stand-ins note.
pub(super) struct Notes {
    /// A model call arrives.
    pub(super) asked: Marks,
    /// The model replies.
    pub(super) replied: Marks,
    /// A send arrives at Easemob.
    pub(super) sent: Marks,
    latency: Duration,
    running: AtomicU64,
    most_running: AtomicU64,
}

/// Both stand-ins. Dropping it stops them.
pub(super) struct StandIns {
    pub(super) notes: Arc<Notes>,
    /// Base address of both.
    pub(super) url: String,
    _runtime: Runtime,
}

impl StandIns {
    /// Starts them, for messages with smaller numbers than `count` and a model that thinks for `latency`.
    ///
    /// # Errors
    /// When no port can be had.
    pub(super) fn start(count: u64, latency: Duration) -> Result<Self> {
        let builder = &mut tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build().context("starting a runtime")?;
        let notes = Arc::new(Notes {
            asked: Marks::new(count),
            replied: Marks::new(count),
            sent: Marks::new(count),
            latency,
            running: AtomicU64::new(0),
            most_running: AtomicU64::new(0),
        });
        let router = Router::new()
            .route("/v1/chat/completions", post(complete))
            .route("/{org}/{app}/token", post(token))
            .route("/{org}/{app}/messages/users", post(send))
            .with_state(Arc::clone(&notes));
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).context("listening")?;
        let url = format!("http://{}", listener.local_addr().context("listening")?);
        runtime.spawn(async move {
            axum::serve(axum::serve::ListenerExt::tap_io(listener, |io| drop(io.set_nodelay(true))), router)
                .await
        });
        Ok(Self { notes, url, _runtime: runtime })
    }
}

impl Notes {
    /// Most model calls that ran at a time.
    pub(super) fn most_running(&self) -> u64 {
        self.most_running.load(Ordering::Relaxed)
    }

    /// Forgets the most that ran at a time.
    pub(super) fn forget_most_running(&self) {
        self.most_running.store(0, Ordering::Relaxed);
    }
}

async fn complete(State(notes): State<Arc<Notes>>, body: Bytes) -> Response {
    // The last question is at the end of the prompt.
    let number = number_after(&body, ASK).unwrap_or(u64::MAX);
    notes.asked.mark(number);
    let running = notes.running.fetch_add(1, Ordering::Relaxed) + 1;
    notes.most_running.fetch_max(running, Ordering::Relaxed);
    tokio::time::sleep(notes.latency).await;
    notes.running.fetch_sub(1, Ordering::Relaxed);
    let text =
        format!("{REPLY}{number}# 您好，左耳连不上多半是两只耳机没有同步，请先同时长按两侧按键十秒复位。");
    let message = json!({ "role": "assistant", "content": text });
    let reply = json!({
        "id": format!("chatcmpl-{number}"), "object": "chat.completion", "created": 1_735_689_600, "model": "bench",
        "choices": [{ "index": 0, "message": message, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 120, "completion_tokens": 60, "total_tokens": 180 },
    });
    let reply = as_json(&reply);
    notes.replied.mark(number);
    reply
}

async fn token() -> Response {
    as_json(&json!({ "access_token": "bench", "expires_in": 5_184_000, "application": "bench" }))
}

#[derive(Deserialize)]
struct Send {
    to: Vec<String>,
}

async fn send(State(notes): State<Arc<Notes>>, body: Bytes) -> Response {
    if let Some(number) = number_after(&body, REPLY) {
        notes.sent.mark(number);
    }
    let to = serde_json::from_slice::<Send>(&body).map(|send| send.to).unwrap_or_default();
    let ids: serde_json::Map<_, _> =
        to.into_iter().map(|user| (user, json!("1501234567890123456"))).collect();
    as_json(&json!({ "path": "/messages/users", "action": "post", "data": ids, "duration": 0 }))
}

fn as_json(value: &serde_json::Value) -> Response {
    ([(CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use super::Marks;

    #[test]
    fn the_first_time_counts_and_others_are_told() {
        let marks = Marks::new(2);
        assert!(marks.at(1).is_none());
        marks.mark(1);
        let first = marks.at(1);
        assert!(first.is_some());
        marks.mark(1);
        marks.mark(9);
        assert_eq!((marks.at(1), marks.again(), marks.at(0)), (first, 1, None));
    }
}
