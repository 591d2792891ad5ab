//! A reply that is read as it comes, and how long each part of it is waited for.

use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use futures_util::FutureExt as _;
use reqwest::{
    Response, StatusCode,
    header::{HeaderMap, HeaderValue},
};
use tokio::time::{Instant, timeout, timeout_at};

use crate::{
    class::Class,
    client::BodyLimits,
    encoding,
    failure::Failure,
    reply::Reply,
    transport::{self, Phase},
    websocket::Frames,
};

/// How long the rest of a reply is waited for once nobody needs it, so that its connection can be used again.
const DRAIN: Duration = Duration::from_secs(1);
/// Longest silence once nothing is missing but what may follow the last token: a count of tokens, the mark of the end.
const TAIL: Duration = Duration::from_secs(2);

/// How long the parts of a reply are waited for. The whole attempt has its deadline beside these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Longest time from the start of the attempt to the first token. Silence, and bytes that hold no token, count.
    pub first_token: Duration,
    /// Longest silence after the first token.
    pub idle: Duration,
}

impl Timeouts {
    /// No bound but the deadline and the client's own.
    pub const NONE: Self = Self { first_token: Duration::MAX, idle: Duration::MAX };
}

/// Which time ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    Total,
    FirstToken,
    Idle,
}

/// The times of one attempt.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watch {
    started: Instant,
    until: Instant,
    timeouts: Timeouts,
    /// The first token was read.
    begun: bool,
    /// Nothing but the tail is to come.
    tail: bool,
}

impl Watch {
    pub(crate) fn new(started: Instant, until: Instant, timeouts: Timeouts) -> Self {
        Self { started, until, timeouts, begun: false, tail: false }
    }

    /// Waits for a part of the reply.
    pub(crate) fn over<T>(
        &self,
        part: impl Future<Output = Result<T, Failure>>,
    ) -> impl Future<Output = Result<T, Failure>> {
        let (at, bound) = self.bound();
        timeout_at(at, part).map(move |ended| ended.unwrap_or_else(|_| Err(self.ran_out(bound))))
    }

    /// When waiting ends, and what for.
    fn bound(&self) -> (Instant, Bound) {
        let now = Instant::now();
        let (bound, at) = if self.begun || self.tail {
            (Bound::Idle, now.checked_add(self.idle()))
        } else {
            (Bound::FirstToken, self.started.checked_add(self.timeouts.first_token))
        };
        at.filter(|at| *at < self.until).map_or((self.until, Bound::Total), |at| (at, bound))
    }

    fn idle(&self) -> Duration {
        if self.tail { self.timeouts.idle.min(TAIL) } else { self.timeouts.idle }
    }

    fn ran_out(&self, bound: Bound) -> Failure {
        let waited = self.started.elapsed().as_millis();
        let failure = match bound {
            Bound::Total => Failure::new(Class::Timeout, format!("no complete reply in {waited} ms")),
            Bound::FirstToken => {
                let detail = format!("no first token in {waited} ms");
                Failure::new(Class::Timeout, detail).with_code("first_token_timeout")
            }
            Bound::Idle => {
                let idle = self.idle().as_millis();
                let detail = format!("the reply stood still for {idle} ms, after {waited} ms");
                Failure::new(Class::Timeout, detail).with_code("idle_timeout")
            }
        };
        failure.possibly_done()
    }
}

/// Where a reply comes from.
enum Source {
    Body(Response),
    WebSocket(Box<Frames>),
}

/// A reply whose head has come. Dropping it ends the attempt and closes its connection.
pub struct Incoming {
    head: Reply,
    source: Source,
    limits: BodyLimits,
    watch: Watch,
    /// Whether the body is compressed has been found out.
    examined: bool,
    /// Bytes that came, compressed or not.
    received: usize,
}

impl Incoming {
    pub(crate) fn new(mut response: Response, limits: BodyLimits, watch: Watch) -> Self {
        let received = SystemTime::now();
        let headers = apart(std::mem::take(response.headers_mut()));
        let head = Reply { status: response.status(), headers, body: Bytes::new(), received };
        Self { head, source: Source::Body(response), limits, watch, examined: false, received: 0 }
    }

    /// What comes over a WebSocket is the body of a success.
    pub(crate) fn over_websocket(
        frames: Frames,
        headers: HeaderMap,
        limits: BodyLimits,
        watch: Watch,
    ) -> Self {
        let (headers, received) = (apart(headers), SystemTime::now());
        let head = Reply { status: StatusCode::OK, headers, body: Bytes::new(), received };
        let source = Source::WebSocket(Box::new(frames));
        Self { head, source, limits, watch, examined: false, received: 0 }
    }

    /// Status and headers, with an empty body.
    #[must_use]
    pub const fn head(&self) -> &Reply {
        &self.head
    }

    /// The next bytes of the body, unpacked; `None` at its end. A compressed body comes as one piece, once it is whole: none is
    /// asked for.
    ///
    /// # Errors
    /// [`Class::Timeout`] when one of the times ran out, whose name is the code (none for the deadline); [`Class::Protocol`] when
    /// the reply was cut, is compressed in no known way, or is larger than the limit. Always ambiguous.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        let result = if self.examined { self.chunk().await } else { self.first().await };
        result.map_err(|failure| Failure { status: Some(self.head.status.as_u16()), ..failure })
    }

    /// From now on silence is measured between pieces.
    pub fn first_token(&mut self) {
        self.watch.begun = true;
    }

    /// Everything that must come has come. Silence is waited for a short time only from now on.
    pub fn tail(&mut self) {
        self.watch.tail = true;
    }

    /// Nothing more of the reply is needed: its connection is kept if the reply ends soon.
    pub fn release(self) {
        let drain = async move {
            match self.source {
                Source::Body(mut response) => while let Ok(Some(_)) = response.chunk().await {},
                Source::WebSocket(frames) => frames.close().await,
            }
        };
        tokio::spawn(timeout(DRAIN, drain));
    }

    /// The rest of the body as a whole. What an error status comes with is cut at the limit, since the status says enough.
    ///
    /// # Errors
    /// As [`Incoming::next`].
    pub async fn rest(&mut self) -> Result<Bytes, Failure> {
        let read = self.read_whole(BytesMut::new()).await.and_then(|raw| self.decoded(raw));
        read.map_err(|failure| Failure { status: Some(self.head.status.as_u16()), ..failure })
    }

    /// The whole reply, of which nothing was read yet.
    ///
    /// # Errors
    /// As [`Incoming::next`].
    pub async fn whole(mut self) -> Result<Reply, Failure> {
        let body = self.rest().await?;
        Ok(Reply { body, ..self.head })
    }

    /// The first piece that shows whether the body is compressed.
    async fn first(&mut self) -> Result<Option<Bytes>, Failure> {
        let mut begin = BytesMut::new();
        while begin.len() < encoding::MARK {
            let Some(chunk) = self.chunk().await? else { break };
            begin.extend_from_slice(&chunk);
        }
        self.examined = true;
        let body = if encoding::is_coded(&self.head.headers, &begin) {
            // Its tokens cannot be seen yet.
            self.first_token();
            let raw = self.read_whole(begin).await?;
            self.decoded(raw)?
        } else {
            begin.freeze()
        };
        Ok(Some(body).filter(|body| !body.is_empty()))
    }

    async fn read_whole(&mut self, mut body: BytesMut) -> Result<Bytes, Failure> {
        while let Some(chunk) = self.chunk().await? {
            let room = self.limits.whole - body.len();
            if chunk.len() <= room {
                body.extend_from_slice(&chunk);
            } else if self.head.status.is_success() {
                return Err(too_large(self.limits.whole));
            } else {
                body.extend_from_slice(&chunk[..room]);
                break;
            }
        }
        Ok(body.freeze())
    }

    fn decoded(&self, raw: Bytes) -> Result<Bytes, Failure> {
        match encoding::decode(&self.head.headers, raw.clone(), self.limits.whole) {
            Ok(body) => Ok(body),
            // The status says enough.
            Err(_) if !self.head.status.is_success() => Ok(raw),
            Err(error) => {
                let failure = Failure::new(Class::Protocol, format!("read the reply's body: {error}"));
                Err(failure.with_code("content_encoding").possibly_done())
            }
        }
    }

    async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        let chunk = self.watch.over(self.source.chunk()).await?;
        self.received = self.received.saturating_add(chunk.as_ref().map_or(0, Bytes::len));
        if self.received > self.limits.stream { Err(too_large(self.limits.stream)) } else { Ok(chunk) }
    }
}

impl Source {
    async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        match self {
            Self::Body(response) => {
                response.chunk().await.map_err(|error| transport::failure(&error, Phase::Body))
            }
            Self::WebSocket(frames) => frames.chunk().await,
        }
    }
}

/// The same headers in memory of their own. As they come, their values are parts of the connection's buffer, which would be kept, 8 KiB
/// of it, as long as the reply is read.
fn apart(mut headers: HeaderMap) -> HeaderMap {
    let mut rest: Bytes = headers.values().flat_map(HeaderValue::as_bytes).copied().collect();
    for value in headers.values_mut() {
        let own = rest.split_to(value.len());
        if let Ok(mut copy) = HeaderValue::from_maybe_shared(own) {
            copy.set_sensitive(value.is_sensitive());
            *value = copy;
        }
    }
    headers
}

/// The length of a reply depends on the question and says nothing about the endpoint.
fn too_large(limit: usize) -> Failure {
    let detail = format!("read the reply's body: larger than {limit} bytes");
    Failure::new(Class::Protocol, detail).with_code("too_large").possibly_done().told_in_words()
}

impl std::fmt::Debug for Incoming {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Incoming")
            .field("head", &self.head)
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_a_reply_hold_nothing_of_the_connections_buffer() {
        let buffer = Bytes::from(b"text/event-stream req-1 secret ".repeat(200));
        let value = |range| HeaderValue::from_maybe_shared(buffer.slice(range)).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("content-type", value(0..17));
        headers.append("x-request-id", value(18..23));
        headers.append("x-request-id", value(0..4));
        headers.insert("set-cookie", value(24..30));
        headers.insert("x-empty", value(0..0));
        headers.get_mut("set-cookie").unwrap().set_sensitive(true);
        let before = headers.clone();
        let own = apart(headers);
        assert_eq!(own, before);
        assert!(own["set-cookie"].is_sensitive() && !own["content-type"].is_sensitive());
        drop(before);
        assert!(buffer.is_unique(), "a value is a part of the buffer still");
    }
}
