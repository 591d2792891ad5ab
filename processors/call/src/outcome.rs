//! The outcome of a request, and how it is written into `events`.

use std::sync::Arc;

use pipeline::call::Done;
use pipeline::{Outgoing, Record};
use schemas::Millis;
use schemas::answered::{Answered, Attempt, Outcome};
use schemas::cancel::Cancel;
use schemas::conversation::Lane;
use schemas::event::Event;
use schemas::ids::{MessageId, RequestId, TurnId, UserId};
use schemas::request::{Request, RequestKind, RouteMark};
use schemas::review::AnswerReview;
use schemas::wire;

use crate::metrics;

/// Longest text from a provider that stays in the attempts of an outcome that was too large, in bytes.
const SHORT: usize = 200;

/// Where outcomes go.
#[derive(Debug, Clone)]
pub struct Output {
    /// The deployment's topic `events`.
    pub topic: Arc<str>,
    /// Who writes, such as `/huiyin/demo/call`.
    pub source: String,
}

/// The request that an outcome is of.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    request: RequestId,
    kind: RequestKind,
    turn: TurnId,
    lane: Lane,
    message: MessageId,
    user: Option<UserId>,
    tier: Option<String>,
    route: Option<Box<RouteMark>>,
    decided_at: Option<Millis>,
}

/// How a request ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) outcome: Outcome,
    pub(crate) attempts: Vec<Attempt>,
    /// The review of the answer, if it was held.
    pub(crate) review: Option<Box<AnswerReview>>,
    pub(crate) rerun: bool,
    pub(crate) started_at: Millis,
    pub(crate) ended_at: Millis,
}

impl From<&Request> for Subject {
    fn from(request: &Request) -> Self {
        Self {
            request: request.id,
            kind: request.kind,
            turn: request.turn,
            lane: request.lane.clone(),
            message: request.message.clone(),
            user: Some(request.user.clone()),
            tier: request.tier.clone(),
            route: request.route.clone(),
            decided_at: Some(request.decided_at),
        }
    }
}

impl Subject {
    /// From the value, or from headers and key when the value cannot be read.
    pub(crate) fn of(record: &Record) -> Option<Self> {
        match read(record) {
            Ok(request) => Some(Self::from(&request)),
            Err(_) => Self::of_headers(record),
        }
    }

    fn of_headers(record: &Record) -> Option<Self> {
        let text = |name: &str| record.header(name).and_then(|bytes| std::str::from_utf8(bytes).ok());
        let kinds = RequestKind::ALL;
        let lane = std::str::from_utf8(record.key.as_deref()?).ok()?;
        Some(Self {
            request: RequestId::parse(text(wire::ID)?).ok()?,
            kind: kinds.into_iter().find(|kind| Some(kind.label()) == text(wire::KIND))?,
            turn: TurnId::parse(text(wire::TURN)?).ok()?,
            lane: lane.parse().ok()?,
            message: MessageId::new(text(wire::MESSAGE)?).ok()?,
            user: None,
            tier: None,
            route: None,
            decided_at: None,
        })
    }
}

/// The request that a record cancels, if that is what it is for.
pub(crate) fn cancelled(record: &Record) -> Result<Option<RequestId>, wire::DecodeError> {
    if !is_cancel(record) {
        return Ok(None);
    }
    let cancel: Cancel = wire::decode(|name| record.header(name), record.value.as_deref())?;
    Ok(Some(cancel.request))
}

/// Whether a record is a cancel, by its header.
pub(crate) fn is_cancel(record: &Record) -> bool {
    record.header(wire::KIND) == Some(Cancel::KIND.as_bytes())
}

/// Reads the request of a record.
pub(crate) fn read(record: &Record) -> Result<Request, wire::DecodeError> {
    wire::decode(|name| record.header(name), record.value.as_deref())
}

impl Output {
    /// The one record that ends the request, on the partition that it came from.
    pub(crate) fn write(&self, record: &Record, subject: Subject, ended: Ended) -> Done {
        let answered = Answered {
            id: Answered::id_of(subject.request),
            request: subject.request,
            kind: subject.kind,
            turn: subject.turn,
            lane: subject.lane,
            message: subject.message,
            user: subject.user,
            tier: subject.tier,
            outcome: ended.outcome,
            attempts: ended.attempts,
            review: ended.review,
            rerun: ended.rerun,
            route: subject.route,
            decided_at: subject.decided_at,
            started_at: ended.started_at,
            // The wall clock may have been set back meanwhile.
            ended_at: ended.ended_at.max(ended.started_at),
        };
        self.encoded(record, answered)
    }

    /// The record with another outcome in place of the written one. The attempts stay, since they say what was paid.
    pub(crate) fn instead(&self, record: &Record, written: &Done, outcome: Outcome) -> Option<Done> {
        let read = |written: &Outgoing| -> Option<Event> {
            let of = |name: &str| written.headers.iter().find(|(known, _)| known == name);
            wire::decode(|name| of(name).map(|(_, value)| value.as_slice()), written.value.as_deref()).ok()
        };
        let Some(Event::Answered(mut answered)) = written.outputs.first().and_then(read) else { return None };
        answered.outcome = outcome;
        answered.attempts.iter_mut().for_each(shorten);
        answered.review.iter_mut().flat_map(|review| &mut review.attempts).for_each(shorten);
        Some(self.encoded(record, answered))
    }

    fn encoded(&self, record: &Record, answered: Answered) -> Done {
        match wire::encode(&Event::Answered(answered), &self.source) {
            Ok(encoded) => Done {
                outputs: vec![Outgoing {
                    topic: Arc::clone(&self.topic),
                    partition: record.partition,
                    key: encoded.key,
                    headers: encoded.headers,
                    value: Some(encoded.value),
                }],
            },
            Err(error) => unwritten(record, &error.to_string()),
        }
    }
}

/// Shortens the texts that came from a provider: they may be what was too large.
fn shorten(attempt: &mut Attempt) {
    let Attempt { model_answered, code, detail, provider_request, finish, raw_usage, .. } = attempt;
    *raw_usage = None;
    for text in [model_answered, code, detail, provider_request, finish].into_iter().flatten() {
        text.truncate(text.floor_char_boundary(SHORT));
    }
}

/// Nothing can be written; decide's safety timer ends the turn.
pub(crate) fn unwritten(record: &Record, why: &str) -> Done {
    tracing::error!(
        partition = record.partition,
        offset = record.offset,
        why,
        "request ends without an outcome"
    );
    metrics::unwritten();
    Done::default()
}
