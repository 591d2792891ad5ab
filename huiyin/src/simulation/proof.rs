//! What the topics of the line must tell in the end.

use std::collections::{BTreeMap, BTreeSet};

use pipeline::kafka::{INCARNATION_KEY, Partition};
use pipeline::simulation::{Sim, Violation};
use schemas::answer::Answer;
use schemas::request::Request;
use schemas::topic::Topic;

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

/// Answers of a lane come in the order in which its turns were asked.
pub(super) fn in_order(sim: &Sim) -> Result<(), Violation> {
    let broker = sim.broker();
    for index in 0..super::PARTITIONS {
        let at = |name| Partition { topic: topic(name), index };
        let mut asked: BTreeMap<String, i64> = BTreeMap::new();
        for record in broker.decided(&at(Topic::Requests)) {
            let request: Request = decoded(&record);
            if asked.insert(request.turn.to_string(), record.offset).is_some() {
                return broken("requests", format!("turn {} is asked twice", request.turn));
            }
        }
        let mut last: BTreeMap<String, i64> = BTreeMap::new();
        for record in broker.decided(&at(Topic::Answers)) {
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
