//! What the log says of a time: what was accepted in it, and everything that followed from that.

use std::collections::{BTreeMap, BTreeSet};

use account::AccountSink;
use pipeline::Record;
use pipeline::batch::Sink;
use pipeline::kafka::Reader;
use schemas::answer::Answer;
use schemas::answered::Answered;
use schemas::decision::{Decision, Ruling};
use schemas::delivery::Delivery;
use schemas::event::Event;
use schemas::request::RequestKind;
use schemas::topic::Topic;
use schemas::wire;

use crate::config::Config;
use crate::scan::{Part, scan};

/// What a message leads to is looked for until so long after the time, in milliseconds: longer than any turn takes.
const FOLLOWS_WITHIN: i64 = 60 * 60 * 1_000;

/// Place of a record in `events`.
pub(super) type Place = (i32, i64);

/// A range of one partition, with the rows that each of its records must have.
#[derive(Debug)]
pub(super) struct Span {
    pub(super) topic: Topic,
    pub(super) partition: i32,
    pub(super) first: i64,
    pub(super) end: i64,
    /// By table and offset.
    pub(super) rows: BTreeMap<(usize, i64), u64>,
}

/// What was decided when a message came: on itself, and on others where it leads to something with these, as one that calls off the turn of
/// earlier ones does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decided {
    /// The message that it is on; empty where it is on none.
    pub(super) message: String,
    pub(super) ruling: Ruling,
}

/// How a turn ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) outcome: &'static str,
    pub(super) request: String,
}

/// The books of a time.
#[derive(Debug, Default)]
pub(super) struct Books {
    /// Messages that were accepted, by their places.
    pub(super) accepted: BTreeMap<Place, String>,
    /// Decisions that messages led to, by the places of these.
    pub(super) decided: BTreeMap<Place, Vec<Decided>>,
    /// Turns that were opened in the time and asked, with their message.
    pub(super) asked: BTreeMap<String, String>,
    /// Ends of requests for answers, by turn.
    pub(super) ended: BTreeMap<String, Ended>,
    /// Turns that the safety timer gave up.
    pub(super) lost: BTreeSet<String>,
    /// Requests whose outcome was decided on.
    pub(super) ruled: BTreeMap<String, Ruling>,
    /// Parts that were let out in the time.
    pub(super) let_out: BTreeSet<String>,
    /// How each part ended.
    pub(super) delivered: BTreeMap<String, &'static str>,
    /// Ranges of the topics that tables are made of.
    pub(super) spans: Vec<Span>,
    /// Parts of the log that are not there any more.
    pub(super) expired: Vec<String>,
}

/// Reads the books of a time.
///
/// # Errors
/// When the brokers do not answer, or a record cannot be read.
pub(super) fn read(config: &Config, (from, to): (i64, i64)) -> anyhow::Result<Books> {
    let mut books = Books::default();
    let sink = AccountSink::new(&config.account()?, &config.topics)?;
    for topic in [Topic::Events, Topic::Decisions, Topic::Deliveries, Topic::Ledger, Topic::Answers] {
        let spans = spans(config, topic, (from, to), &mut books.expired)?;
        let parts: Vec<_> = spans.iter().map(|span| (span.0, Part::Span(span.1, span.3))).collect();
        let mut ranges: BTreeMap<i32, Span> = (spans.iter())
            .map(|(partition, first, end, _)| {
                (
                    *partition,
                    Span { topic, partition: *partition, first: *first, end: *end, rows: BTreeMap::new() },
                )
            })
            .collect();
        let has_rows = topic != Topic::Answers;
        scan(config, topic, &parts, |record| {
            let within = ranges.get(&record.partition).is_some_and(|span| record.offset < span.end);
            books.take(topic, record, Within(within))?;
            if let (true, true, Some(span)) = (has_rows, within, ranges.get_mut(&record.partition)) {
                // What account cannot use is a dead letter and has no rows.
                for (table, _) in sink.rows(sink.version(), record).unwrap_or_default() {
                    *span.rows.entry((table, record.offset)).or_default() += 1;
                }
            }
            Ok(())
        })?;
        if has_rows {
            books.spans.extend(ranges.into_values());
        }
    }
    Ok(books)
}

/// Partition, first offset of the time, first offset behind it, and the one up to which what follows is looked for.
fn spans(
    config: &Config,
    topic: Topic,
    (from, to): (i64, i64),
    expired: &mut Vec<String>,
) -> anyhow::Result<Vec<(i32, i64, i64, i64)>> {
    let name = config.topics.of(topic);
    let reader = Reader::open(&config.kafka, &name)?;
    let mut spans = Vec::new();
    for partition in 0..config.partitions {
        let (low, high) = reader.watermarks(&[partition])?.first().copied().unwrap_or_default();
        let first = reader.offset_at(partition, from)?;
        let end = reader.offset_at(partition, to)?;
        let until = reader.offset_at(partition, to + FOLLOWS_WITHIN)?;
        if low > 0 && first <= low && low < high {
            expired.push(format!(
                "{name}/{partition} begins at offset {low}: what was before is not kept any more"
            ));
        }
        spans.push((partition, first, end, until));
    }
    Ok(spans)
}

/// Whether a record is of the time itself, or only follows from it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Within(pub(super) bool);

impl Books {
    /// Takes a record over.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn take(&mut self, topic: Topic, record: &Record, within: Within) -> anyhow::Result<()> {
        let header = |name: &str| record.header(name);
        let value = record.value.as_deref();
        match topic {
            Topic::Events => {
                self.event(&wire::decode(header, value)?, (record.partition, record.offset), within)
            }
            Topic::Decisions => self.decision(&wire::decode(header, value)?, within),
            Topic::Answers if header(wire::KIND) == Some(b"answer") && within.0 => {
                let part: Answer = wire::decode(header, value)?;
                self.let_out.insert(part.id.to_string());
            }
            Topic::Deliveries => {
                let end: Delivery = wire::decode(header, value)?;
                if !end.result.is_retraction() {
                    self.delivered.insert(end.answer.to_string(), end.result.label());
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn event(&mut self, event: &Event, place: Place, Within(within): Within) {
        match event {
            Event::Message(message) | Event::Missed(message) if within => {
                self.accepted.insert(place, message.id.to_string());
            }
            Event::Answered(Answered { kind: RequestKind::Answer, turn, outcome, request, .. }) => {
                let ended = Ended { outcome: outcome.label(), request: request.to_string() };
                self.ended.entry(turn.to_string()).or_insert(ended);
            }
            _ => {}
        }
    }

    fn decision(&mut self, decision: &Decision, Within(within): Within) {
        let turn = || decision.turn.map(|turn| turn.to_string()).unwrap_or_default();
        if ["message", "missed"].contains(&decision.input.as_str()) {
            let place = (decision.partition, decision.offset);
            let message = decision.message.as_ref().map(ToString::to_string).unwrap_or_default();
            self.decided.entry(place).or_default().push(Decided { message, ruling: decision.ruling });
        }
        match (decision.ruling, &decision.request) {
            (Ruling::Asked, _) if within => {
                let message = decision.message.as_ref().map(ToString::to_string).unwrap_or_default();
                self.asked.insert(turn(), message);
            }
            (Ruling::Lost, _) => drop(self.lost.insert(turn())),
            (ruling, Some(request)) if decision.input == "answered" => {
                self.ruled.insert(request.to_string(), ruling);
            }
            _ => {}
        }
    }
}
