//! `/spark/ws/…`: the handshake and the conversation of Spark's WebSocket.

use super::messages::MESSAGES;
use super::signature::{Claim, is_timely, sign};
use crate::model::dialect::Arrival;
use crate::model::keys;
use crate::model::performance::Step;
use crate::model::serve::{Answered, Visit};
use crate::model::state::Model;
use crate::model::stream::Show;
use crate::wire::{Afterwards, Connection};
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{Frame, FrameHeader};
use tokio_tungstenite::tungstenite::protocol::{Message, Role};

/// Header in which the handshake leaves the key that it verified.
pub(crate) const KEY: &str = "x-sim-key";
/// How long a connection may be silent before its first frame.
const SILENCE: Duration = Duration::from_secs(60);
/// Largest error.
const MOST: usize = 64 * 1024;

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// Answers a handshake.
pub(crate) async fn connect(
    State(model): State<Arc<Model>>,
    Extension(afterwards): Extension<Afterwards>,
    Extension(connection): Extension<Connection>,
    mut request: Request,
) -> Response {
    let (uri, headers) = (request.uri().clone(), request.headers().clone());
    let mut arrival = Arrival { connection, uri, headers, bytes: Bytes::new() };
    let key = match verify(&model, &arrival) {
        Ok(key) => key,
        Err((status, message)) => return (status, Json(json!({ "message": message }))).into_response(),
    };
    let Some(accept) = arrival.header("sec-websocket-key").map(|key| derive_accept_key(key.as_bytes()))
    else {
        let message = "the handshake of a WebSocket is expected";
        return (StatusCode::UPGRADE_REQUIRED, Json(json!({ "message": message }))).into_response();
    };
    arrival.headers.remove(KEY);
    if let Ok(key) = HeaderValue::from_str(&key) {
        arrival.headers.insert(KEY, key);
    }
    let upgraded = hyper::upgrade::on(&mut request);
    afterwards.run(async move {
        let Ok(upgraded) = upgraded.await else { return };
        let socket = Socket::from_raw_socket(TokioIo::new(upgraded), Role::Server, None).await;
        converse(&model, arrival, socket).await;
    });
    let upgrade = [(header::CONNECTION, "Upgrade"), (header::UPGRADE, "websocket")];
    (StatusCode::SWITCHING_PROTOCOLS, upgrade, [(header::SEC_WEBSOCKET_ACCEPT, accept)]).into_response()
}

/// The key whose secret signed a handshake.
fn verify(model: &Model, arrival: &Arrival) -> Result<String, (StatusCode, &'static str)> {
    let unsigned = (StatusCode::UNAUTHORIZED, "HMAC signature cannot be verified");
    let texts = (arrival.query("authorization"), arrival.query("date"), arrival.query("host"));
    let (Some(authorization), Some(date), Some(host)) = texts else { return Err(unsigned) };
    let claim = Claim::read(&authorization).ok_or(unsigned)?;
    if !is_timely(&date, SystemTime::now()) {
        let message = "HMAC signature cannot be verified, a valid date or x-date header is required for HMAC Authentication";
        return Err((StatusCode::FORBIDDEN, message));
    }
    if model.config.api_keys.is_empty() {
        return Ok(claim.api_key);
    }
    let secret = keys::secret_of(&model.config, &claim.api_key).ok_or(unsigned)?;
    if sign(secret, &host, &date, arrival.uri.path()) != claim.signature {
        return Err((StatusCode::UNAUTHORIZED, "HMAC signature does not match"));
    }
    Ok(format!("{}:{secret}", claim.api_key))
}

/// One turn: a frame from the client, frames to it.
async fn converse(model: &Model, mut arrival: Arrival, mut socket: Socket) {
    let Ok(Some(frame)) = tokio::time::timeout(SILENCE, text(&mut socket)).await else { return };
    arrival.bytes = frame;
    let visit = Visit { model, dialect: &MESSAGES, arrival: &arrival };
    let answered = tokio::select! {
        answered = visit.answer() => answered.0,
        () = gone(&mut socket) => return,
    };
    match answered {
        Answered::Stream(show) => perform(*show, &mut socket).await,
        Answered::Whole(reply) => {
            let Ok(body) = to_bytes(reply.into_body(), MOST).await else { return };
            // A reset has no body: the connection just ends.
            if !body.is_empty() && send(&mut socket, vec![body]).await {
                close(&mut socket).await;
            }
        }
    }
}

async fn perform(mut show: Show, socket: &mut Socket) {
    loop {
        match show.performance.step() {
            Step::Wait(time) => tokio::select! {
                () = tokio::time::sleep(time) => {}
                () = gone(socket) => return,
            },
            Step::Write(writes) => {
                if !send(socket, writes).await {
                    return;
                }
            }
            Step::Stall => return gone(socket).await,
            Step::Fail => return show.end(),
            Step::End => {
                show.end();
                return close(socket).await;
            }
        }
    }
}

/// Sends one message, in fragments if there are several writes. Whether the client is there.
async fn send(socket: &mut Socket, writes: Vec<Bytes>) -> bool {
    let last = writes.len().saturating_sub(1);
    for (place, bytes) in writes.into_iter().enumerate() {
        let kind = if place == 0 { Data::Text } else { Data::Continue };
        let header =
            FrameHeader { is_final: place == last, opcode: OpCode::Data(kind), ..FrameHeader::default() };
        if socket.send(Message::Frame(Frame::from_payload(header, bytes))).await.is_err() {
            return false;
        }
    }
    true
}

/// The first message that has data.
async fn text(socket: &mut Socket) -> Option<Bytes> {
    loop {
        match socket.next().await? {
            Ok(message @ (Message::Text(_) | Message::Binary(_))) => return Some(message.into_data()),
            Ok(Message::Close(_)) | Err(_) => return None,
            Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => {}
        }
    }
}

/// Waits until the client is gone.
async fn gone(socket: &mut Socket) {
    while text(socket).await.is_some() {}
}

async fn close(socket: &mut Socket) {
    // A client that is gone needs no farewell.
    if socket.close(None).await.is_ok() {
        gone(socket).await;
    }
}
