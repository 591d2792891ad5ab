//! What the topics hold, as any reader in read_committed sees it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use pipeline::kafka::{Config, Read, Reader};
use schemas::answer::Answer;
use schemas::answered::Answered;
use schemas::cancel::Cancel;
use schemas::decision::{Decision, Ruling};
use schemas::delivery::Delivery;
use schemas::event::{Event, Message};
use schemas::request::Request;
use schemas::topic::{Partitions, Topic, TopicNames};
use schemas::wire::{self, Record};

const PARTITIONS: i32 = 8;
const BOUND: Duration = Duration::from_secs(30);

/// A record and where it is.
#[derive(Debug, Clone)]
pub(crate) struct Placed<R> {
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    /// The broker's append time, milliseconds since the epoch.
    pub(crate) at: i64,
    pub(crate) value: R,
}

/// Reads the topics of one deployment.
#[derive(Clone)]
pub(crate) struct Books {
    kafka: Config,
    names: TopicNames,
}

/// Everything that was written about the conversations.
pub(crate) struct Log {
    pub(crate) events: Vec<Placed<Event>>,
    pub(crate) decisions: Vec<Placed<Decision>>,
    pub(crate) requests: Vec<Placed<Request>>,
    pub(crate) answers: Vec<Placed<Answer>>,
    pub(crate) deliveries: Vec<Placed<Delivery>>,
}

impl Books {
    pub(crate) fn new(kafka: Config, prefix: &str) -> Self {
        Self { kafka, names: TopicNames::new(prefix) }
    }

    /// Every committed record of the topic of `R` up to now, each partition in its order.
    pub(crate) fn all<R: Record>(&self) -> Vec<Placed<R>> {
        self.from(&[0; PARTITIONS as usize])
    }

    /// As [`Books::all`], each partition from an offset on.
    pub(crate) fn from<R: Record>(&self, offsets: &[i64]) -> Vec<Placed<R>> {
        let mut placed = Vec::new();
        self.each(R::TOPIC, offsets, |record| {
            if record.header(wire::KIND) == Some(Cancel::KIND.as_bytes()) && R::KINDS != Cancel::KINDS {
                return;
            }
            let decoded = wire::decode(|name| record.header(name), record.value.as_deref());
            let value = decoded.unwrap_or_else(|error| {
                panic!("{}/{} at {}: {error}", record.topic, record.partition, record.offset)
            });
            let (partition, offset, at) = (record.partition, record.offset, record.timestamp);
            placed.push(Placed { partition, offset, at, value });
        });
        placed
    }

    /// How many committed records a topic has.
    pub(crate) fn count(&self, topic: Topic) -> usize {
        let mut count = 0;
        self.each(topic, &[0; PARTITIONS as usize], |_| count += 1);
        count
    }

    /// Hands over every committed record of a topic.
    pub(crate) fn each_record(&self, topic: Topic, take: impl FnMut(pipeline::Record)) {
        self.each(topic, &[0; PARTITIONS as usize], take);
    }

    pub(crate) fn log(&self) -> Log {
        // Causes last, so that every effect that is seen has its cause.
        let (deliveries, answers) = (self.all(), self.all());
        let (decisions, requests, events) = (self.all(), self.all(), self.all());
        Log { events, decisions, requests, answers, deliveries }
    }

    fn each(&self, topic: Topic, offsets: &[i64], mut take: impl FnMut(pipeline::Record)) {
        let name = self.names.of(topic);
        let mut reader = Reader::open(&self.kafka, &name).unwrap();
        let partitions = match topic.partitions() {
            Partitions::Deployment => PARTITIONS,
            Partitions::One => 1,
        };
        for (partition, offset) in (0..partitions).zip(offsets) {
            reader.add(partition, *offset).unwrap();
        }
        let begun = Instant::now();
        while !reader.is_done() {
            assert!(begun.elapsed() < BOUND, "topic {name} was not read to its end");
            if let Read::Record(record) = reader.poll(Duration::from_millis(100)).unwrap() {
                take(record);
            }
        }
    }
}

impl Log {
    /// What people said, as it came, missed messages included.
    pub(crate) fn messages(&self) -> impl Iterator<Item = &Message> {
        self.events.iter().filter_map(|event| match &event.value {
            Event::Message(message) | Event::Missed(message) => Some(message),
            _ => None,
        })
    }

    /// How requests ended.
    pub(crate) fn outcomes(&self) -> impl Iterator<Item = (&Placed<Event>, &Answered)> {
        self.events.iter().filter_map(|event| match &event.value {
            Event::Answered(answered) => Some((event, answered)),
            _ => None,
        })
    }

    /// Decisions on messages, by their Easemob id.
    pub(crate) fn on<'a>(&'a self, msg_id: &'a str) -> impl Iterator<Item = &'a Decision> {
        let of_message = |d: &&Decision| matches!(d.input.as_str(), "message" | "missed" | "withdrawn");
        self.decisions
            .iter()
            .map(|decision| &decision.value)
            .filter(of_message)
            .filter(move |d| d.message.as_ref().is_some_and(|message| message.easemob_id() == msg_id))
    }

    /// Whether every event has its decision, every request its outcome, and every part that was let out its delivery. The
    /// topics were read one after the other: the parts by what the decisions say.
    pub(crate) fn is_quiet(&self) -> bool {
        self.is_decided() && self.deliveries.len() >= self.answers.len()
    }

    /// The same where nobody delivers.
    pub(crate) fn is_decided(&self) -> bool {
        self.decided() >= self.decidable().count()
            && self.outcomes().count() >= self.requests.len()
            && self.answers.len() >= self.parts()
    }

    fn decidable(&self) -> impl Iterator<Item = &Placed<Event>> {
        self.events.iter().filter(|event| event.value.conversation().is_some())
    }

    fn decided(&self) -> usize {
        // A turn that opens for messages that waited has a decision beside that on the input. Only what a review lets on is asked by the
        // decision on its outcome.
        let by_input = |d: &&Placed<Decision>| {
            d.value.ruling != Ruling::Asked
                || matches!(d.value.input.as_str(), "message" | "missed")
                || d.value.reasons.iter().any(|reason| reason.starts_with("review_"))
        };
        self.decisions.iter().filter(by_input).count()
    }

    fn parts(&self) -> usize {
        self.decisions.iter().map(|d| usize::from(d.value.parts)).sum()
    }

    /// What keeps it from being quiet: the sums, and where events without a decision, requests without an outcome and parts
    /// without a delivery stand.
    pub(crate) fn open(&self) -> String {
        let decided: BTreeSet<_> =
            self.decisions.iter().map(|d| (d.value.partition, d.value.offset)).collect();
        let undecided = self.decidable().filter(|event| !decided.contains(&(event.partition, event.offset)));
        let undecided = undecided.map(|event| {
            format!("{} {} at {}:{}", event.value.kind(), event.value.id(), event.partition, event.offset)
        });
        let ended: BTreeSet<_> = self.outcomes().map(|(_, outcome)| outcome.request.to_string()).collect();
        let delivered: BTreeSet<_> = self.deliveries.iter().map(|d| d.value.answer.to_string()).collect();
        let running = self.requests.iter().filter(|request| !ended.contains(&request.value.id.to_string()));
        let unsent = self.answers.iter().filter(|answer| !delivered.contains(&answer.value.id.to_string()));
        let unsent = unsent
            .map(|answer| format!("part {} at {}:{}", answer.value.id, answer.partition, answer.offset));
        let running = running.map(|request| {
            format!("request {} at {}:{}", request.value.id, request.partition, request.offset)
        });
        format!(
            "{} of {} events decided, {} of {} requests ended, {} of {} parts let out, {} delivered; open: {:?}",
            self.decided(),
            self.decidable().count(),
            self.outcomes().count(),
            self.requests.len(),
            self.answers.len(),
            self.parts(),
            self.deliveries.len(),
            undecided.chain(running).chain(unsent).collect::<Vec<_>>(),
        )
    }
}
