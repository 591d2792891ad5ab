//! What a record says, decoded once for all tables.

use pipeline::{Record, Refused};
use schemas::correction::Correction;
use schemas::decision::Decision;
use schemas::delivery::Delivery;
use schemas::event::Event;
use schemas::ledger::LedgerEntry;
use schemas::topic::Topic;
use schemas::wire::{self, Record as _};

/// Topics whose records are facts: those of the variants of `Fact`.
pub const TOPICS: [Topic; 4] = [Topic::Events, Topic::Decisions, Topic::Deliveries, Topic::Ledger];

/// A decoded record.
pub(crate) enum Fact {
    Decision(Decision),
    Event(Event),
    Delivery(Delivery),
    Ledger(LedgerEntry),
    Correction(Correction),
}

/// A record whose value was not read yet.
#[derive(Clone, Copy)]
pub(crate) struct Unread<'a> {
    pub(crate) topic: Topic,
    pub(crate) record: &'a Record,
    /// Kind of the event, if its header tells one that this version knows.
    event: Option<&'static str>,
}

impl<'a> Unread<'a> {
    pub(crate) fn new(topic: Topic, record: &'a Record) -> Self {
        let told = record.header(wire::KIND).filter(|_| topic == Topic::Events);
        let event = told.and_then(|told| Event::KINDS.iter().copied().find(|known| known.as_bytes() == told));
        Self { topic, record, event }
    }

    /// Whether it is an event of that kind, as far as its header tells: without a header, or with a kind that this version does not
    /// know, it may be one of any kind.
    pub(crate) fn may_be_event(&self, kind: &str) -> bool {
        self.topic == Topic::Events && self.event.is_none_or(|told| told == kind)
    }

    /// Whether it corrects a cost, by its header.
    pub(crate) fn is_correction(&self) -> bool {
        self.topic == Topic::Ledger && self.record.header(wire::KIND) == Some(Correction::KIND.as_bytes())
    }

    /// Whether the value has these bytes somewhere.
    pub(crate) fn mentions(&self, bytes: &[u8]) -> bool {
        self.record.value.as_deref().is_some_and(|value| memchr::memmem::find(value, bytes).is_some())
    }

    /// Decodes the value.
    ///
    /// # Errors
    /// A pause when a newer version may be able to read it, otherwise a dead letter.
    pub(crate) fn read(self) -> Result<Fact, Refused> {
        match self.topic {
            Topic::Decisions => self.decode().map(Fact::Decision),
            Topic::Events => self.decode().map(Fact::Event),
            Topic::Deliveries => self.decode().map(Fact::Delivery),
            Topic::Ledger if self.is_correction() => self.decode().map(Fact::Correction),
            Topic::Ledger => self.decode().map(Fact::Ledger),
            _ => Err(Refused::Pause { reason: "unexpected_topic" }),
        }
    }

    fn decode<R: wire::Record>(self) -> Result<R, Refused> {
        wire::decode(|name| self.record.header(name), self.record.value.as_deref()).map_err(|error| {
            let reason = error.label();
            if error.may_be_newer() { Refused::Pause { reason } } else { Refused::DeadLetter { reason } }
        })
    }
}
