//! Stand-ins of a model and of Easemob that do nothing but note when each message reaches them, on the clock of the
//! load: in this process, and cheaper than those of `simulators`, which keep books.

use super::answer::{Pieces, whole};
use super::load::number_after;
use anyhow::{Context, Result};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use futures_util::stream::{Stream, unfold};
use serde::Deserialize;
use serde_json::json;
use std::convert::Infallible;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// Marks a question's number in a prompt.
pub(super) const ASK: &str = "ask#";
/// Marks the number of the question that an answer is to.
pub(super) const REPLY: &str = "re#";
/// What a call has in its body that wants a stream, as the line and the floors write it.
const WANTS_STREAM: &[u8] = b"\"stream\":true";

/// Of the numbers for which the model is busy, each that this divides is asked to come again.
pub(super) const BUSY_ONE_IN: u64 = 10;
/// How long it is asked to wait.
pub(super) const BUSY_SECONDS: u32 = 8;

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
    model: ModelPace,
    running: AtomicU64,
    most_running: AtomicU64,
    /// Numbers for which it is busy: from the first on, before the second.
    busy: [AtomicU64; 2],
}

/// How the model answers.
#[derive(Clone, Copy)]
pub(super) struct ModelPace {
    /// From the call to the end of the answer.
    pub(super) takes: Duration,
    /// In how many pieces a stream comes, evenly over that time.
    pub(super) pieces: u32,
}

impl ModelPace {
    /// The whole answer after this time, in a stream as well.
    pub(super) fn at_once_after(takes: Duration) -> Self {
        Self { takes, pieces: 1 }
    }
}

/// Both stand-ins. Dropping it stops them.
pub(super) struct StandIns {
    pub(super) notes: Arc<Notes>,
    /// Base address of both.
    pub(super) url: String,
    _runtime: Runtime,
}

impl StandIns {
    /// Starts them, for messages with smaller numbers than `count`.
    ///
    /// # Errors
    /// When no port can be had.
    pub(super) fn start(count: u64, model: ModelPace) -> Result<Self> {
        let builder = &mut tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build().context("starting a runtime")?;
        let notes = Arc::new(Notes {
            asked: Marks::new(count),
            replied: Marks::new(count),
            sent: Marks::new(count),
            model,
            running: AtomicU64::new(0),
            most_running: AtomicU64::new(0),
            busy: [AtomicU64::new(0), AtomicU64::new(0)],
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

    /// From now on the model asks some of these to come again, at their first call.
    pub(super) fn be_busy(&self, numbers: Range<u64>) {
        let [from, until] = &self.busy;
        from.store(numbers.start, Ordering::Relaxed);
        until.store(numbers.end, Ordering::Relaxed);
    }

    /// Whether a call for this number, which is marked afterwards, is asked to come again.
    fn is_busy(&self, number: u64) -> bool {
        let [from, until] = &self.busy;
        number.is_multiple_of(BUSY_ONE_IN)
            && (from.load(Ordering::Relaxed)..until.load(Ordering::Relaxed)).contains(&number)
            && self.asked.at(number).is_none()
    }

    /// Forgets the most that ran at a time.
    pub(super) fn forget_most_running(&self) {
        self.most_running.store(0, Ordering::Relaxed);
    }
}

/// A call under way; dropping it ends it, whether it was answered or its caller is gone.
struct Running(Arc<Notes>);

impl Running {
    fn begin(notes: &Arc<Notes>) -> Self {
        let running = notes.running.fetch_add(1, Ordering::Relaxed) + 1;
        notes.most_running.fetch_max(running, Ordering::Relaxed);
        Self(Arc::clone(notes))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn complete(State(notes): State<Arc<Notes>>, body: Bytes) -> Response {
    // The last question is at the end of the prompt.
    let number = number_after(&body, ASK).unwrap_or(u64::MAX);
    let is_busy = notes.is_busy(number);
    notes.asked.mark(number);
    if is_busy {
        let error =
            json!({ "error": { "message": "overloaded", "type": "server_error", "code": "overloaded" } });
        let wait = [(RETRY_AFTER, BUSY_SECONDS.to_string())];
        return (StatusCode::SERVICE_UNAVAILABLE, wait, as_json(&error)).into_response();
    }
    let running = Running::begin(&notes);
    let ModelPace { takes, pieces } = notes.model;
    if body.windows(WANTS_STREAM.len()).any(|window| window == WANTS_STREAM) {
        let stream = stream(number, Pieces::new(number, pieces), takes / pieces.max(1), running);
        return ([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(stream)).into_response();
    }
    tokio::time::sleep(takes).await;
    let reply = as_json(&whole(number));
    notes.replied.mark(number);
    reply
}

/// The pieces of an answer, each after its time.
fn stream(
    number: u64,
    pieces: Pieces,
    every: Duration,
    running: Running,
) -> impl Stream<Item = Result<Bytes, Infallible>> {
    unfold((pieces, running), move |(mut pieces, running)| async move {
        if pieces.is_over() {
            return None;
        }
        tokio::time::sleep(every).await;
        let piece = pieces.next()?;
        if pieces.is_over() {
            running.0.replied.mark(number);
        }
        Some((Ok(piece), (pieces, running)))
    })
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
