//! A WebSocket that carries one question and its answer.
//!
//! It begins as an HTTP request over the same client as any other, so that proxy, certificates and timeouts are the same, and a
//! handshake that is refused is an ordinary reply. The frames are `tungstenite`'s.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{SinkExt, StreamExt};
use reqwest::{
    Response, StatusCode, Upgraded,
    header::{
        CONNECTION, HeaderMap, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION,
        UPGRADE,
    },
};
use tokio::time::timeout;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message, Utf8Bytes,
        error::ProtocolError,
        handshake::{client::generate_key, derive_accept_key},
        protocol::{Role, WebSocketConfig},
    },
};

use crate::{class::Class, failure::Failure, request::Request};

/// The key that a server proves with to have understood the handshake.
pub(crate) struct Key(String);

/// The texts that come over a WebSocket, each of them as a server-sent event, so that they are read like any stream.
pub(crate) struct Frames {
    frames: WebSocketStream<Upgraded>,
    /// Longest silence of the other side.
    silence: Duration,
}

impl Key {
    pub(crate) fn new() -> Self {
        Self(generate_key())
    }

    /// The request that opens the WebSocket.
    pub(crate) fn handshake(&self, request: &Request) -> reqwest::Request {
        let mut opening = reqwest::Request::new(request.method.clone(), request.url.clone());
        let headers = opening.headers_mut();
        *headers = request.headers.clone();
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        // Base64 can stand in a header.
        headers.extend(HeaderValue::from_str(&self.0).ok().map(|key| (SEC_WEBSOCKET_KEY, key)));
        opening
    }

    /// The server has switched to a WebSocket, and to one of this handshake.
    fn fits(&self, headers: &HeaderMap) -> bool {
        let proof = headers.get(SEC_WEBSOCKET_ACCEPT).and_then(|proof| proof.to_str().ok());
        let is_websocket = headers
            .get(UPGRADE)
            .is_some_and(|protocol| protocol.as_bytes().eq_ignore_ascii_case(b"websocket"));
        is_websocket && proof == Some(derive_accept_key(self.0.as_bytes()).as_str())
    }
}

/// The status by which a server agrees.
pub(crate) fn is_open(response: &Response) -> bool {
    response.status() == StatusCode::SWITCHING_PROTOCOLS
}

impl Frames {
    /// Sends the request's text over the WebSocket that this response opens.
    ///
    /// # Errors
    /// [`Class::Protocol`] when it is none, or ends at once.
    pub(crate) async fn open(
        response: Response,
        key: &Key,
        request: &Request,
        bounds: Bounds,
    ) -> Result<Self, Failure> {
        if !key.fits(response.headers()) {
            let detail = "open a websocket: the server's handshake is not the answer to ours";
            return Err(Failure::new(Class::Protocol, detail).with_code("handshake"));
        }
        let stream = response.upgrade().await.map_err(|error| {
            Failure::new(Class::Protocol, format!("open a websocket: {error}")).with_code("handshake")
        })?;
        let limits = WebSocketConfig::default()
            .max_message_size(Some(bounds.message))
            .max_frame_size(Some(bounds.message));
        let mut frames = WebSocketStream::from_raw_socket(stream, Role::Client, Some(limits)).await;
        let text = Utf8Bytes::try_from(request.body.clone())
            .map_err(|_| Failure::new(Class::BadRequest, "send over a websocket: it is no text"))?;
        frames.send(Message::Text(text)).await.map_err(|error| failure(&error))?;
        Ok(Self { frames, silence: bounds.silence })
    }

    /// The next text as an event; `None` when the other side has closed. Pings are answered on the way.
    ///
    /// # Errors
    /// [`Class::Timeout`] after too long a silence; [`Class::Protocol`] when the connection ended without a word, or what
    /// comes is no WebSocket or too large. Always ambiguous.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            let next = timeout(self.silence, self.frames.next()).await.map_err(|_| {
                let waited = self.silence.as_millis();
                let detail = format!("read a websocket: it was silent for {waited} ms");
                Failure::new(Class::Timeout, detail).possibly_done()
            })?;
            match next {
                None | Some(Ok(Message::Close(_))) => return Ok(None),
                Some(Ok(Message::Text(text))) => return Ok(Some(event(text.as_bytes()))),
                Some(Ok(Message::Binary(bytes))) => return Ok(Some(event(&bytes))),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Err(Error::ConnectionClosed | Error::AlreadyClosed)) => return Ok(None),
                Some(Err(error)) => return Err(failure(&error)),
            }
        }
    }

    /// Closes in order, so that the other side does not take it for a failure.
    pub(crate) async fn close(mut self) {
        // An error says that the other side was faster.
        self.frames.close(None).await.unwrap_or_default();
    }
}

/// How much and how long is waited for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Longest text, in bytes.
    pub(crate) message: usize,
    /// Longest silence of the other side.
    pub(crate) silence: Duration,
}

/// A text as a server-sent event. JSON has no line break that it needs.
fn event(text: &[u8]) -> Bytes {
    let (begin, end) = (b"data: ", b"\n\n");
    let mut event = BytesMut::with_capacity(begin.len() + text.len() + end.len());
    event.extend_from_slice(begin);
    event.extend(text.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }));
    event.extend_from_slice(end);
    event.freeze()
}

/// The question may have been read whatever came of the connection.
fn failure(error: &Error) -> Failure {
    let failure = match error {
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            Failure::new(Class::Protocol, "read a websocket: it ended without being closed")
        }
        Error::Capacity(_) => {
            // The length of a reply depends on the question and says nothing about the endpoint.
            let failure = Failure::new(Class::Protocol, format!("read a websocket: {error}"));
            failure.with_code("too_large").told_in_words()
        }
        error => Failure::new(Class::Protocol, format!("read a websocket: {error}")),
    };
    failure.possibly_done()
}

impl std::fmt::Debug for Frames {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Frames").field("silence", &self.silence).finish_non_exhaustive()
    }
}
