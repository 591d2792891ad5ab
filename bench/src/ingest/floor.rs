//! The floor of ingest: a bare handler that parses the same JSON, writes it as it is, and awaits the acknowledgement.

use crate::clients;
use crate::load::INTERCEPTED;
use anyhow::{Context, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use rdkafka::client::DefaultClientContext;
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::util::AsyncRuntime;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// What the floor is told.
#[derive(Serialize, Deserialize)]
pub(super) struct Spec {
    pub(super) kafka: String,
    pub(super) topic: String,
    pub(super) port: u16,
}

/// What is read of a callback; everything of the envelope, and what was said.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "read only to have been parsed")]
struct Callback {
    call_id: String,
    timestamp: u64,
    from: String,
    to: String,
    #[serde(rename = "msg_id")]
    msg_id: String,
    payload: Payload,
    security: String,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "read only to have been parsed")]
struct Payload {
    bodies: Vec<Body>,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "read only to have been parsed")]
struct Body {
    #[serde(rename = "type")]
    kind: String,
    msg: String,
}

/// The client has no runtime of its own here.
struct Tokio;

impl AsyncRuntime for Tokio {
    type Delay = tokio::time::Sleep;

    fn spawn<T: Future<Output = ()> + Send + 'static>(task: T) {
        tokio::spawn(task);
    }

    fn delay_for(duration: Duration) -> Self::Delay {
        tokio::time::sleep(duration)
    }
}

type Producer = FutureProducer<DefaultClientContext, Tokio>;

struct Endpoint {
    producer: Producer,
    topic: String,
}

/// Serves until the process is stopped.
///
/// # Errors
/// When the client cannot be built or the port is taken.
pub(crate) fn run(spec: &str) -> Result<()> {
    let spec: Spec = serde_json::from_str(spec).context("reading what to run")?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("starting a runtime")?;
    runtime.block_on(async {
        let producer = clients::idempotent(&spec.kafka).create().context("building a producer")?;
        let endpoint = Endpoint { producer, topic: spec.topic };
        let router = Router::new().route("/callbacks/bench", post(take)).with_state(Arc::new(endpoint));
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", spec.port)).await.context("listening")?;
        axum::serve(axum::serve::ListenerExt::tap_io(listener, |io| drop(io.set_nodelay(true))), router)
            .await
            .context("serving")
    })
}

async fn take(State(endpoint): State<Arc<Endpoint>>, bytes: Bytes) -> (StatusCode, &'static str) {
    let Ok(callback) = serde_json::from_slice::<Callback>(&bytes) else {
        return (StatusCode::BAD_REQUEST, "");
    };
    let record = FutureRecord::to(&endpoint.topic).key(&callback.from).payload(bytes.as_ref());
    match endpoint.producer.send(record, Duration::ZERO).await {
        Ok(_) => (StatusCode::OK, INTERCEPTED),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, ""),
    }
}
