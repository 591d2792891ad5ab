//! What the topics of the line must tell in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use pipeline::Record;
use pipeline::kafka::{INCARNATION_KEY, Partition};
use pipeline::simulation::{Sim, Violation};
use schemas::answer::Answer;
use schemas::cancel::Cancel;
use schemas::decision::{Decision, Ruling};
use schemas::request::Request;
use schemas::retract::Retract;
use schemas::topic::Topic;
use schemas::wire;

use super::{decoded, topic};

fn broken<T>(kind: &'static str, detail: String) -> Result<T, Violation> {
    Err(Violation { kind, detail })
}

/// A turn that has not ended, or a message that waits.
pub(super) fn pending(sim: &Sim) -> Option<String> {
    let broker = sim.broker();
    for partition in broker.partitions(&topic(Topic::States)) {
        let (low, high) = broker.watermarks(&partition);
        let mut entries = broker.compacted(&partition, low, high);
        entries.remove(INCARNATION_KEY);
        let (_, states) = decide::restore(entries.iter().map(|(key, value)| (&**key, &**value))).unwrap();
        for (key, state) in states {
            let state = state.load(&key).unwrap();
            if !state.core().lanes.is_empty() {
                return Some(format!("{}: {:?}", key.as_str(), state.core().lanes));
            }
        }
    }
    None
}

/// Every turn has one answer at most, in parts that are numbered, and only decide wrote it.
pub(super) fn one_answer_per_turn(sim: &Sim) -> Result<(), Violation> {
    let mut turns: BTreeMap<String, (u16, BTreeSet<u16>)> = BTreeMap::new();
    for record in sim.broker().decided_of(&topic(Topic::Answers)) {
        let is_decides = record.header("ce_source") == Some(b"/huiyin/sim/decide".as_slice());
        if is_retract(&record) {
            let retract: Retract = decoded(&record);
            let known = turns.get(&retract.turn.to_string());
            // A part is let out before it is taken back, and on the same partition.
            if !is_decides
                || !known.is_some_and(|(parts, seen)| *parts == retract.parts && seen.contains(&retract.part))
            {
                return broken("retracts", format!("{} takes back what was not let out", retract.id));
            }
            continue;
        }
        let answer: Answer = decoded(&record);
        if record.header("ce_source") != Some(b"/huiyin/sim/decide".as_slice()) {
            return broken("answers", format!("{} was written by another step", answer.id));
        }
        let (parts, seen) = turns.entry(answer.turn.to_string()).or_insert((answer.parts, BTreeSet::new()));
        if *parts != answer.parts || !seen.insert(answer.part) {
            return broken("answers", format!("turn {} is answered twice", answer.turn));
        }
    }
    let short = turns.iter().find(|(_, (parts, seen))| seen.len() != usize::from(*parts));
    short.map_or(Ok(()), |(turn, _)| broken("answers", format!("turn {turn} lacks a part")))
}

fn is_retract(record: &Record) -> bool {
    record.header(wire::KIND) == Some(Retract::KIND.as_bytes())
}

/// What answers a message that was recalled is taken back, whenever the recall came.
pub(super) fn recalled(sim: &Sim) -> Result<(), Violation> {
    let broker = sim.broker();
    let (mut recalls, mut forgotten) = (BTreeSet::new(), BTreeSet::new());
    let mut story: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for record in broker.decided_of(&topic(Topic::Decisions)) {
        let decision: Decision = decoded(&record);
        if decision.reasons.iter().any(|reason| reason == "forgotten") {
            forgotten.insert(decision.conversation.to_string());
        }
        if let Some(message) = &decision.message {
            let told = format!("{} {} {:?}", decision.input, decision.ruling.label(), decision.reasons);
            story.entry(message.to_string()).or_default().push(told);
        }
        // What a recall opens or refuses is about other messages.
        let is_its_own = matches!(decision.ruling, Ruling::Cancelled | Ruling::Noted);
        if decision.input == "recall" && is_its_own {
            recalls.extend(decision.message.map(|message| message.to_string()));
        }
    }
    let (mut said, mut back) = (BTreeMap::new(), BTreeSet::new());
    for record in broker.decided_of(&topic(Topic::Answers)) {
        if is_retract(&record) {
            back.insert(decoded::<Retract>(&record).answer.to_string());
            continue;
        }
        let answer: Answer = decoded(&record);
        let is_known = !forgotten.contains(&answer.lane.conversation.to_string());
        if is_known && recalls.contains(answer.message.as_str()) {
            said.insert(answer.id.to_string(), answer.message.to_string());
        }
    }
    let standing = said.iter().find(|(answer, _)| !back.contains(*answer));
    standing.map_or(Ok(()), |(answer, message)| {
        broken(
            "recalls",
            format!(
                "{message} was recalled, and part {answer} of its answer is not taken back: {:?}",
                story.get(message)
            ),
        )
    })
}

/// Answers of a lane come in the order in which its turns were asked.
pub(super) fn in_order(sim: &Sim) -> Result<(), Violation> {
    let broker = sim.broker();
    for index in 0..super::PARTITIONS {
        let at = |name| Partition { topic: topic(name), index };
        let mut asked: BTreeMap<String, i64> = BTreeMap::new();
        let is_request = |record: &Arc<Record>| record.header(wire::KIND) != Some(Cancel::KIND.as_bytes());
        for record in broker.decided(&at(Topic::Requests)).into_iter().filter(is_request) {
            let request: Request = decoded(&record);
            if asked.insert(request.turn.to_string(), record.offset).is_some() {
                return broken("requests", format!("turn {} is asked twice", request.turn));
            }
        }
        let mut last: BTreeMap<String, i64> = BTreeMap::new();
        let is_answer = |record: &Arc<Record>| !is_retract(record);
        for record in broker.decided(&at(Topic::Answers)).into_iter().filter(is_answer) {
            let answer: Answer = decoded(&record);
            let Some(&offset) = asked.get(&answer.turn.to_string()) else { continue };
            let before = last.insert(answer.lane.to_string(), offset);
            if before.is_some_and(|before| before > offset) {
                return broken("order", format!("lane {}: turn {} comes late", answer.lane, answer.turn));
            }
        }
    }
    Ok(())
}
