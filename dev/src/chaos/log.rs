//! Everything that the topics hold about the conversations, as any reader in read_committed sees it.

use anyhow::Result;
use dev::rig::rows::{Counted, rows};
use dev::rig::topics::{Placed, Topics};
use schemas::answer::Answer;
use schemas::answered::Answered;
use schemas::decision::{Decision, Ruling};
use schemas::delivery::Delivery;
use schemas::event::{Event, Message};
use schemas::ledger::LedgerEntry;
use schemas::request::Request;
use schemas::topic::Topic;
use std::collections::BTreeMap;

/// A record that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeadLetter {
    /// The step that gave it up.
    pub(crate) step: String,
    pub(crate) reason: String,
    /// Topic, partition and offset.
    pub(crate) place: String,
}

impl DeadLetter {
    fn of(record: &pipeline::Record) -> Self {
        let text = |name: &str| {
            record.header(name).map(|v| String::from_utf8_lossy(v).into_owned()).unwrap_or_default()
        };
        let place = [pipeline::TOPIC_HEADER, pipeline::PARTITION_HEADER, pipeline::OFFSET_HEADER].map(text);
        Self {
            step: text(pipeline::STEP_HEADER),
            reason: text(pipeline::REASON_HEADER),
            place: place.join("/"),
        }
    }
}

/// The records of every topic, each partition in its order.
pub(crate) struct Log {
    pub(crate) events: Vec<Placed<Event>>,
    pub(crate) decisions: Vec<Placed<Decision>>,
    pub(crate) requests: Vec<Placed<Request>>,
    pub(crate) answers: Vec<Placed<Answer>>,
    pub(crate) deliveries: Vec<Placed<Delivery>>,
    pub(crate) ledger: Vec<Placed<LedgerEntry>>,
    /// What was given up: step, reason, and place of the record.
    pub(crate) dead_letters: Vec<DeadLetter>,
}

impl Log {
    /// Reads all of them.
    ///
    /// # Errors
    /// When the brokers do not answer or a record cannot be read.
    pub(crate) fn read(topics: &Topics) -> Result<Self> {
        // Causes are read after their effects, so that every effect that is seen has its cause.
        let (deliveries, answers, ledger) = (topics.placed()?, topics.placed()?, topics.placed()?);
        let (decisions, requests, events) = (topics.placed()?, topics.placed()?, topics.placed()?);
        let mut dead_letters = Vec::new();
        topics.each(Topic::DeadLetters, |record| {
            dead_letters.push(DeadLetter::of(&record));
            Ok(())
        })?;
        Ok(Self { events, decisions, requests, answers, deliveries, ledger, dead_letters })
    }

    /// What people said, missed messages included.
    pub(crate) fn messages(&self) -> impl Iterator<Item = &Message> {
        self.events.iter().filter_map(|event| match &event.value {
            Event::Message(message) | Event::Missed(message) => Some(message),
            _ => None,
        })
    }

    /// How requests ended, and when that was written.
    pub(crate) fn outcomes(&self) -> impl Iterator<Item = (i64, &Answered)> {
        self.events.iter().filter_map(|event| match &event.value {
            Event::Answered(answered) => Some((event.at, answered)),
            _ => None,
        })
    }

    /// Decisions on messages.
    pub(crate) fn on_messages(&self) -> impl Iterator<Item = &Decision> {
        self.decisions.iter().map(|decision| &decision.value).filter(|decision| decision.is_on_its_message())
    }

    /// Whether every event has its decision, every request its outcome, and every part its delivery.
    pub(crate) fn is_quiet(&self) -> bool {
        let decidable = self.events.iter().filter(|event| event.value.conversation().is_some());
        // A turn that opens for messages that waited has a decision beside that on the input.
        let by_input = self.decisions.iter().filter(|decision| {
            decision.value.ruling != Ruling::Asked
                || matches!(decision.value.input.as_str(), "message" | "missed")
        });
        by_input.count() >= decidable.count()
            && self.outcomes().count() >= self.requests.len()
            && self.deliveries.len() >= self.answers.len()
    }

    /// Rows that the tables must have.
    pub(crate) fn rows(&self) -> BTreeMap<String, u64> {
        let counted = Counted { deliveries: self.deliveries.len(), ledger: self.ledger.len() };
        let events = self.events.iter().map(|event| &event.value);
        rows(events, self.decisions.iter().map(|decision| &decision.value), counted)
    }
}
