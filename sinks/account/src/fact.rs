//! What a record says, decoded once for all tables.

use std::str::from_utf8;

use memchr::memmem::Finder;
use pipeline::{Record, Refused};
use schemas::conversation::{SpeltConversation, SpeltLane};
use schemas::correction::Correction;
use schemas::event::Event;
use schemas::ids::BadId;
use schemas::topic::Topic;
use schemas::wire::{self, DecodeError, Record as _};
use serde::Deserialize;

use crate::pseudonym::{Pseudonyms, Who};
use crate::view;

/// Topics whose records are facts: those of the variants of `Fact`.
pub const TOPICS: [Topic; 4] = [Topic::Events, Topic::Decisions, Topic::Deliveries, Topic::Ledger];

/// How the value of an outcome begins, as it is always written.
const ANSWERED: &[u8] = br#"{"type":"answered""#;

/// A decoded record, or what rows need of it.
pub(crate) enum Decoded<'a> {
    Decision(Box<view::Decision<'a>>),
    Answered(Box<view::Answered<'a>>),
    Event(Box<Event>),
    Delivery(Box<view::Delivery<'a>>),
    Ledger(Box<view::LedgerEntry<'a>>),
    Correction(Box<Correction>),
}

/// What a record says, with those whom it is about.
pub(crate) enum Fact<'a> {
    Decision(&'a view::Decision<'a>, Who<'a>),
    /// How a request ended.
    Answered(&'a view::Answered<'a>, Who<'a>),
    /// Any other event; for tables that keep text an outcome as well.
    Event(&'a Event),
    Delivery(&'a view::Delivery<'a>, Who<'a>),
    Ledger(&'a view::LedgerEntry<'a>),
    Correction(&'a Correction),
}

impl Decoded<'_> {
    /// The fact.
    ///
    /// # Errors
    /// A dead letter when its conversation is none, or its fields contradict one another.
    pub(crate) fn fact(&self, names: &Pseudonyms) -> Result<Fact<'_>, Refused> {
        Ok(match self {
            Self::Decision(decision) => {
                let conversation = SpeltConversation::read(&decision.conversation).map_err(malformed)?;
                decision.check().map_err(refused)?;
                Fact::Decision(decision, names.who(&conversation, decision.sender.as_deref()))
            }
            Self::Answered(end) => {
                let lane = SpeltLane::read(&end.lane).map_err(malformed)?;
                end.check(&lane).map_err(refused)?;
                Fact::Answered(end, names.who(&lane.conversation, end.user.as_deref()))
            }
            Self::Delivery(delivery) => {
                let lane = SpeltLane::read(&delivery.lane).map_err(malformed)?;
                delivery.check().map_err(refused)?;
                let user = lane.sender.as_deref().or_else(|| lane.conversation.user());
                Fact::Delivery(delivery, names.who(&lane.conversation, user))
            }
            Self::Event(event) => Fact::Event(event),
            Self::Ledger(entry) => {
                entry.check().map_err(refused)?;
                Fact::Ledger(entry)
            }
            Self::Correction(correction) => Fact::Correction(correction),
        })
    }
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
        let told = if topic == Topic::Events { record.header(wire::KIND) } else { None };
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
    pub(crate) fn mentions(&self, bytes: &Finder<'_>) -> bool {
        self.record.value.as_deref().is_some_and(|value| bytes.find(value).is_some())
    }

    /// Decodes what rows need of the value.
    ///
    /// # Errors
    /// A pause when a newer version may be able to read it, otherwise a dead letter.
    pub(crate) fn read(self) -> Result<Decoded<'a>, Refused> {
        match self.topic {
            Topic::Decisions => {
                self.view::<schemas::decision::Decision, _>().map(Box::new).map(Decoded::Decision)
            }
            Topic::Events => self.event(),
            Topic::Deliveries => {
                let delivery: view::Delivery<'_> = self.view::<schemas::delivery::Delivery, _>()?;
                if delivery.is_whole() { Ok(Decoded::Delivery(Box::new(delivery))) } else { Err(MALFORMED) }
            }
            Topic::Ledger if self.is_correction() => self.whole().map(Box::new).map(Decoded::Correction),
            Topic::Ledger => {
                self.view::<schemas::ledger::LedgerEntry, _>().map(Box::new).map(Decoded::Ledger)
            }
            _ => Err(Refused::Pause { reason: "unexpected_topic" }),
        }
    }

    fn event(self) -> Result<Decoded<'a>, Refused> {
        let value = self.value::<Event>()?;
        if !value.starts_with(ANSWERED) && kind_within(value).as_deref() != Some("answered") {
            return self.whole().map(Box::new).map(Decoded::Event);
        }
        let end: view::Answered<'_> = self.view::<Event, _>()?;
        if end.is_whole() { Ok(Decoded::Answered(Box::new(end))) } else { Err(MALFORMED) }
    }

    /// Decodes the whole record.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(crate) fn whole<R: wire::Record>(self) -> Result<R, Refused> {
        wire::decode(|name| self.record.header(name), self.record.value.as_deref())
            .map_err(|error| undecoded(&error))
    }

    fn value<R: wire::Record>(self) -> Result<&'a [u8], Refused> {
        wire::announced::<R>(|name| self.record.header(name), self.record.value.as_deref())
            .map_err(|error| undecoded(&error))
    }

    /// What a view sees of a record of type `R`.
    fn view<R: wire::Record, V: Deserialize<'a>>(self) -> Result<V, Refused> {
        let value = self.value::<R>()?;
        // As text its strings need no check of their own.
        let text = from_utf8(value).map_err(|_| MALFORMED)?;
        serde_json::from_str(text).map_err(|_| MALFORMED)
    }
}

const MALFORMED: Refused = Refused::DeadLetter { reason: "malformed" };

fn malformed(_: BadId) -> Refused {
    MALFORMED
}

fn refused(broken: wire::Invalid) -> Refused {
    undecoded(&DecodeError::from(broken))
}

fn undecoded(error: &DecodeError) -> Refused {
    let reason = error.label();
    if error.may_be_newer() { Refused::Pause { reason } } else { Refused::DeadLetter { reason } }
}

/// The kind that a value tells, wherever it stands.
fn kind_within(value: &[u8]) -> Option<view::Str<'_>> {
    #[derive(Deserialize)]
    struct Head<'a> {
        #[serde(borrow, rename = "type")]
        kind: view::Str<'a>,
    }
    if value.starts_with(br#"{"type":""#) {
        return None;
    }
    serde_json::from_slice::<Head<'_>>(value).ok().map(|head| head.kind)
}
