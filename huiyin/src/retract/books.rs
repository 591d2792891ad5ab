//! What the topics say of answers: what was let out, sent and taken back, and which rules hit.

use std::collections::{BTreeMap, BTreeSet};

use pipeline::Record;
use schemas::answer::Answer;
use schemas::decision::Decision;
use schemas::delivery::{Delivery, DeliveryResult};
use schemas::ids::AnswerId;
use schemas::retract::{AnswerReference, Retract as Retracted};
use schemas::topic::Topic;
use schemas::wire;

use super::Retract;
use crate::config::Config;
use crate::scan::{Part, scan};
use crate::timestamp::Timestamp;

/// A message is decided on at most so long before its answer is let out, in milliseconds.
const LONGEST_TURN: i64 = 24 * 60 * 60 * 1_000;

/// One answer that was let out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) answer: AnswerReference,
    /// Easemob's ids of the parts that are known to have been sent.
    pub(super) sent: BTreeMap<u16, String>,
    /// Parts that are known not to have been sent.
    pub(super) unsent: BTreeSet<u16>,
    /// It was taken back before.
    pub(super) is_retracted: bool,
    /// Rules that hit it, or the message that opened its turn.
    pub(super) rules: BTreeSet<String>,
}

/// Answers by their turns.
#[derive(Debug, Default)]
pub(super) struct Books {
    pub(super) said: BTreeMap<String, Said>,
    rules_of_messages: BTreeMap<String, BTreeSet<String>>,
}

impl Books {
    /// Takes a record of `answers` over.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn answer(&mut self, record: &Record) -> anyhow::Result<()> {
        let header = |name: &str| record.header(name);
        if header(wire::KIND) == Some(Retracted::KIND.as_bytes()) {
            let retract: Retracted = wire::decode(header, record.value.as_deref())?;
            if let Some(said) = self.said.get_mut(&retract.turn.to_string()) {
                said.is_retracted = true;
            }
            return Ok(());
        }
        let part: Answer = wire::decode(header, record.value.as_deref())?;
        let rules = self.rules_of_messages.get(part.message.as_str()).cloned().unwrap_or_default();
        self.said.entry(part.turn.to_string()).or_insert_with(|| Said {
            answer: reference(part),
            sent: BTreeMap::new(),
            unsent: BTreeSet::new(),
            is_retracted: false,
            rules,
        });
        Ok(())
    }

    /// Takes a record of `deliveries` over, after those of `answers`.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn delivery(&mut self, record: &Record) -> anyhow::Result<()> {
        let delivery: Delivery = wire::decode(|name| record.header(name), record.value.as_deref())?;
        let Some(said) = self.said.get_mut(&delivery.turn.to_string()) else { return Ok(()) };
        match delivery.result {
            DeliveryResult::Sent { easemob_id } => drop(said.sent.insert(delivery.part, easemob_id)),
            DeliveryResult::Undelivered { .. } => drop(said.unsent.insert(delivery.part)),
            DeliveryResult::Unknown
            | DeliveryResult::Retracted
            | DeliveryResult::NotSent
            | DeliveryResult::Unretractable { .. } => {}
        }
        Ok(())
    }

    /// Takes a record of `decisions` over, before those of `answers`.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn decision(&mut self, record: &Record) -> anyhow::Result<()> {
        let decision: Decision = wire::decode(|name| record.header(name), record.value.as_deref())?;
        let rules = decision.verdict.map(|verdict| verdict.rules).unwrap_or_default();
        if rules.is_empty() {
            return Ok(());
        }
        if let Some(message) = &decision.message {
            self.rules_of_messages.entry(message.to_string()).or_default().extend(rules);
        }
        Ok(())
    }

    /// The parts of an answer, with their ids.
    pub(super) fn parts(said: &Said) -> impl Iterator<Item = (u16, AnswerId)> + '_ {
        (1..=said.answer.parts).map(|part| (part, said.answer.part(part)))
    }
}

/// The answer that a part is of.
pub(crate) fn reference(part: Answer) -> AnswerReference {
    let Answer { turn, lane, bot, user, message, parts, decided_at, .. } = part;
    AnswerReference { turn, lane, bot, user, message, parts, decided_at }
}

/// Reads as much of the topics as the conditions need.
pub(super) fn read(config: &Config, ask: &Retract) -> anyhow::Result<Books> {
    let mut books = Books::default();
    let one = ask.conversation.as_ref().map(|conversation| conversation.partition(config.partitions));
    let partitions: Vec<i32> = one.map_or_else(|| (0..config.partitions).collect(), |one| vec![one]);
    let mut each =
        |topic: Topic, since: Option<Timestamp>, take: fn(&mut Books, &Record) -> anyhow::Result<()>| {
            let part = since.map_or(Part::All, |Timestamp(since)| Part::Since(since));
            let parts: Vec<_> = partitions.iter().map(|partition| (*partition, part)).collect();
            scan(config, topic, &parts, |record| take(&mut books, record))
        };
    if ask.rule.is_some() {
        let before = ask.since.map(|Timestamp(since)| Timestamp(since - LONGEST_TURN));
        each(Topic::Decisions, before, Books::decision)?;
    }
    each(Topic::Answers, ask.since, Books::answer)?;
    each(Topic::Deliveries, ask.since, Books::delivery)?;
    Ok(books)
}
