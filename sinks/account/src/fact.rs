//! What a record says, decoded once for all tables.

use pipeline::{Record, Refused};
use schemas::decision::Decision;
use schemas::delivery::Delivery;
use schemas::event::Event;
use schemas::topic::Topic;
use schemas::wire::{self, Record as _};

/// Topics whose records are facts: those of the variants of `Fact`.
pub const TOPICS: [Topic; 3] = [Topic::Events, Topic::Decisions, Topic::Deliveries];

/// A decoded record.
pub(crate) enum Fact {
    Decision(Decision),
    Event(Event),
    Delivery(Delivery),
}

/// A record whose value was not read yet.
#[derive(Clone, Copy)]
pub(crate) struct Unread<'a> {
    pub(crate) topic: Topic,
    pub(crate) record: &'a Record,
}

impl Unread<'_> {
    /// Whether it is an event of that kind, as far as its header tells: without a header, or with a kind that this version does not
    /// know, it may be one of any kind.
    pub(crate) fn may_be_event(&self, kind: &str) -> bool {
        let told = self.record.header(wire::KIND).and_then(|bytes| str::from_utf8(bytes).ok());
        let is_other = told.is_some_and(|told| told != kind && Event::KINDS.contains(&told));
        self.topic == Topic::Events && !is_other
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
