//! The body of a streamed reply: a performance on a socket, with its entry in the ledger.

use super::ledger::OpenCall;
use super::limits::Pass;
use super::performance::{Performance, Step};
use axum::body::HttpBody;
use bytes::Bytes;
use hyper::body::Frame;
use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use thiserror::Error;
use tokio::time::Sleep;

/// Between the writes of one frame, so that they arrive apart.
const APART: Duration = Duration::from_millis(2);
/// Before the connection breaks, so that what came before it reaches the client.
const FLUSH: Duration = Duration::from_millis(30);

#[derive(Debug, Error)]
#[error("the fault plan broke the stream")]
pub(crate) struct Broken;

/// A performance with its entry in the ledger. Dropped before its end, the client went away: what was generated is billed.
pub(crate) struct Show {
    pub(crate) performance: Performance,
    call: Option<OpenCall>,
    pass: Pass,
}

impl Show {
    pub(crate) fn new(performance: Performance, call: OpenCall, pass: Pass) -> Self {
        Self { performance, call: Some(call), pass }
    }

    /// The stream ended as it was to end, or broke as planned.
    pub(crate) fn end(&mut self) {
        self.settle(|call| call.replied(200));
    }

    /// Books what was spent; `end` ends the call.
    fn settle(&mut self, end: impl FnOnce(OpenCall)) {
        if let Some(mut call) = self.call.take() {
            let usage = self.performance.usage();
            call.spent(usage, self.performance.chunks());
            self.pass.spend(usage.completion_tokens);
            end(call);
        }
    }
}

impl Drop for Show {
    fn drop(&mut self) {
        self.settle(drop);
    }
}

/// The body of a stream.
pub(crate) struct StreamBody {
    show: Box<Show>,
    writes: VecDeque<Bytes>,
    rest: Option<Pin<Box<Sleep>>>,
    breaks: bool,
}

impl StreamBody {
    pub(crate) fn new(show: Box<Show>) -> Self {
        Self { show, writes: VecDeque::new(), rest: None, breaks: false }
    }

    fn rest(&mut self, time: Duration) {
        self.rest = Some(Box::pin(tokio::time::sleep(time)));
    }
}

impl HttpBody for StreamBody {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        loop {
            if let Some(rest) = &mut self.rest {
                ready!(rest.as_mut().poll(cx));
                self.rest = None;
            }
            if self.breaks {
                return Poll::Ready(Some(Err(Broken)));
            }
            if let Some(bytes) = self.writes.pop_front() {
                if !self.writes.is_empty() {
                    self.rest(APART);
                }
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            match self.show.performance.step() {
                Step::Wait(time) => self.rest(time),
                Step::Write(writes) => self.writes.extend(writes),
                // The connection wakes this task when the client goes.
                Step::Stall => return Poll::Pending,
                Step::Fail => {
                    self.show.end();
                    self.breaks = true;
                    self.rest(FLUSH);
                }
                Step::End => {
                    self.show.end();
                    return Poll::Ready(None);
                }
            }
        }
    }
}
