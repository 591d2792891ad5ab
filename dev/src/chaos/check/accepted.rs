//! What was accepted is recorded, decided once, and answered within a turn of its lane.

use super::evidence::{Evidence, Found, some, sum};
use crate::chaos::load::Said;
use crate::chaos::log::Log;
use crate::proof::Clause;
use schemas::decision::Ruling;
use schemas::event::Event;
use std::collections::{BTreeMap, BTreeSet};

/// Compares what people were told with what the log holds.
pub(crate) fn accepted(evidence: &Evidence) -> Found {
    let recorded: BTreeSet<&str> = evidence.log.messages().map(|message| message.id.easemob_id()).collect();
    let is_recorded = |said: &&Said| recorded.contains(said.sent.msg_id.as_str());
    let (judged, unasked): (Vec<&Said>, Vec<&Said>) =
        evidence.said.iter().partition(|said| said.sent.is_judged());
    let refused = judged.iter().filter(|said| said.sent.is_unavailable()).count();
    let accepted: Vec<&Said> = judged.into_iter().filter(|said| !said.sent.is_unavailable()).collect();
    let lost: Vec<&str> =
        accepted.iter().filter(|said| !is_recorded(said)).map(|said| said.sent.msg_id.as_str()).collect();
    // What Easemob decided by itself was told afterwards; taken then, it must be there.
    let told = told_afterwards(evidence);
    let dropped: Vec<&str> = unasked
        .iter()
        .map(|said| said.sent.msg_id.as_str())
        .filter(|id| told.contains(*id) && !recorded.contains(id))
        .collect();
    let late = unasked.iter().filter(|said| is_recorded(said)).count();
    let mut problems = Vec::new();
    if !lost.is_empty() {
        problems.push(format!("accepted and lost: messages {}", some(&lost)));
    }
    if !dropped.is_empty() {
        problems.push(format!("told afterwards and lost: messages {}", some(&dropped)));
    }
    problems.extend(decided_once(&evidence.log));
    problems.extend(lanes(&evidence.log));
    if accepted.is_empty() {
        problems.push("nothing was accepted".to_owned());
    }
    let figure = format!(
        "{} messages said: {} accepted, {} lost; {refused} refused for want of Kafka; {} decided by Easemob's fallback, \
         {late} of them recorded afterwards",
        evidence.said.len(),
        accepted.len(),
        lost.len() + dropped.len(),
        unasked.len()
    );
    let sums = [
        ("messages", sum(evidence.said.len())),
        ("accepted", sum(accepted.len())),
        ("lost", sum(lost.len() + dropped.len())),
    ];
    let source = "Easemob's clients, topics events and decisions";
    Found::new(Clause { name: "accepted", figure, source, problems }, sums)
}

/// Messages whose callback after sending was accepted.
fn told_afterwards(evidence: &Evidence) -> BTreeSet<String> {
    let after = evidence.callbacks.iter().filter(|callback| callback.stage == "post");
    let taken = after.filter(|callback| callback.outcome == "accepted");
    let id = |request: &str| {
        let request: serde_json::Value = serde_json::from_str(request).ok()?;
        Some(request["msg_id"].as_str()?.to_owned())
    };
    taken.filter_map(|callback| id(&callback.request)).collect()
}

/// Each message has one decision that is not `duplicate`.
fn decided_once(log: &Log) -> Vec<String> {
    let mut decided: BTreeMap<&str, usize> =
        log.messages().map(|message| (message.id.easemob_id(), 0)).collect();
    for decision in log.on_messages().filter(|decision| decision.ruling != Ruling::Duplicate) {
        let id = decision.message.as_ref().map(|message| message.easemob_id()).unwrap_or_default();
        *decided.entry(id).or_default() += 1;
    }
    let wrong = decided.into_iter().filter(|(_, times)| *times != 1);
    wrong.map(|(id, times)| format!("message {id} was decided {times} times")).collect()
}

/// In each lane as many messages were taken as its turns merged. Where one was taken back, that cannot be counted.
fn lanes(log: &Log) -> Vec<String> {
    let taken_back: BTreeSet<String> = log
        .events
        .iter()
        .filter_map(|event| match &event.value {
            Event::Withdrawn(reference) => Some(reference.message.to_string()),
            _ => None,
        })
        .collect();
    let mut counts: BTreeMap<String, (u32, u32, bool)> = BTreeMap::new();
    for decision in log.decisions.iter().map(|decision| &decision.value) {
        let Some(lane) = &decision.lane else { continue };
        let count = counts.entry(lane.to_string()).or_default();
        let of_message = matches!(decision.input.as_str(), "message" | "missed");
        count.0 += u32::from(of_message && matches!(decision.ruling, Ruling::Asked | Ruling::Waits));
        count.1 += if decision.ruling == Ruling::Asked { decision.merged } else { 0 };
        count.2 |= decision.message.as_ref().is_some_and(|message| taken_back.contains(&message.to_string()));
    }
    let wrong = counts.into_iter().filter(|(_, (taken, merged, taken_back))| taken != merged && !taken_back);
    wrong
        .map(|(lane, (taken, merged, _))| format!("lane {lane}: {taken} messages taken, {merged} in turns"))
        .collect()
}
