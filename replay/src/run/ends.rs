//! Outcomes that a replay makes up, and recorded ones that come before the candidate asks.

use std::collections::{HashMap, VecDeque};

use pipeline::Record;
use schemas::Millis;
use schemas::answered::{Answered, Outcome};
use schemas::ids::EventId;
use schemas::request::Request;
use schemas::wire;

/// The reason of an outcome that nobody has.
const NOT_RECORDED: &str = "not_recorded";
/// Most outcomes that are kept for a candidate that asks later than the line did.
const MOST: usize = 4_096;

/// Recorded outcomes of requests that the candidate has not made, or not yet.
#[derive(Debug, Default)]
pub(super) struct LeftOut {
    records: HashMap<EventId, Record>,
    order: VecDeque<EventId>,
}

impl LeftOut {
    pub(super) fn put(&mut self, record: &Record) {
        let Some(id) = id_of(record) else { return };
        if self.order.len() >= MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.records.remove(&oldest);
        }
        self.records.insert(id, record.clone());
        self.order.push_back(id);
    }

    /// The outcome with that id, once.
    pub(super) fn take(&mut self, id: EventId) -> Option<Record> {
        self.records.remove(&id)
    }
}

/// The id of an event, by its header.
pub(super) fn id_of(record: &Record) -> Option<EventId> {
    let text = record.header(wire::ID).and_then(|value| str::from_utf8(value).ok())?;
    EventId::parse(text).ok()
}

/// The end of a request that the log has no end of.
pub(super) fn unrecorded(request: &Request, at: Millis) -> Answered {
    let outcome = Outcome::Failed { reason: NOT_RECORDED.to_owned(), verdict: None };
    Answered::of(request, outcome, at, at)
}
