//! At most one answer per turn, an end for every turn, and the order of each lane.

use super::evidence::{Found, some, sum};
use crate::chaos::log::Log;
use crate::proof::Clause;
use dev::rig::easemob::RestSend;
use schemas::answer::AnswerSource;
use schemas::decision::{Decision, Ruling};
use schemas::ids::TurnId;
use std::collections::{BTreeMap, BTreeSet};

/// Turns, requests, outcomes and answers.
pub(crate) fn answers(log: &Log) -> Found {
    let turns = |is_it: fn(&Decision) -> bool| -> BTreeSet<TurnId> {
        let decisions = log.decisions.iter().map(|decision| &decision.value);
        decisions.filter(|decision| is_it(decision)).filter_map(|decision| decision.turn).collect()
    };
    let asked = turns(|decision| decision.ruling == Ruling::Asked);
    let called_off = turns(|decision| matches!(decision.ruling, Ruling::Late | Ruling::Lost));
    let given: BTreeSet<TurnId> = log.answers.iter().map(|answer| answer.value.turn).collect();
    let open: Vec<_> =
        asked.iter().filter(|turn| !given.contains(turn) && !called_off.contains(turn)).collect();
    let mut problems = requests(log, &asked);
    if !open.is_empty() {
        problems.push(format!("asked, without any end: turns {}", some(open)));
    }
    let mut parts: BTreeMap<TurnId, Vec<u16>> = BTreeMap::new();
    for answer in &log.answers {
        parts.entry(answer.value.turn).or_default().push(answer.value.part);
    }
    let twice: Vec<_> =
        parts.iter().filter(|(_, parts)| parts.iter().collect::<BTreeSet<_>>().len() < parts.len()).collect();
    if !twice.is_empty() {
        problems.push(format!("answered twice: turns {}", some(twice.iter().map(|(turn, _)| turn))));
    }
    for answer in log.answers.iter().map(|answer| &answer.value).filter(|answer| answer.part == 1) {
        let seen = parts.get(&answer.turn).map_or(0, Vec::len);
        if seen < usize::from(answer.parts) {
            problems.push(format!("turn {}: {seen} of {} parts", answer.turn, answer.parts));
        }
    }
    let canned =
        log.answers.iter().filter(|answer| !matches!(answer.value.source, AnswerSource::Model { .. }));
    let figure = format!(
        "{} turns = {} answered ({} of them in the operator's words) + {} called off; {} duplicated answers",
        asked.len(),
        given.len(),
        canned.count(),
        asked.difference(&given).count(),
        twice.len()
    );
    let sums = [
        ("turns", sum(asked.len())),
        ("answers", sum(given.len())),
        ("duplicated answers", sum(twice.len())),
    ];
    let source = "topics decisions, requests, events, answers";
    Found::new(Clause { name: "answered", figure, source, problems }, sums)
}

/// One request for each turn, and one outcome for each request.
fn requests(log: &Log, asked: &BTreeSet<TurnId>) -> Vec<String> {
    let mut problems = Vec::new();
    let mut outcomes: BTreeMap<_, usize> = log.requests.iter().map(|request| (request.value.id, 0)).collect();
    if (log.requests.len(), outcomes.len()) != (asked.len(), asked.len()) {
        problems.push(format!(
            "{} requests, {} of them different, for {} turns",
            log.requests.len(),
            outcomes.len(),
            asked.len()
        ));
    }
    log.outcomes().for_each(|(_, outcome)| *outcomes.entry(outcome.request).or_default() += 1);
    let wrong: Vec<_> = outcomes
        .iter()
        .filter(|(_, times)| **times != 1)
        .map(|(id, times)| format!("{id} ({times})"))
        .collect();
    if !wrong.is_empty() {
        problems.push(format!("not exactly one outcome: requests {}", some(wrong)));
    }
    problems
}

/// One turn at a time in each lane, answers let out and sent in the order of the turns.
pub(crate) fn order(log: &Log, sends: &[RestSend]) -> Found {
    let mut problems = one_at_a_time(log);
    let mut lanes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut lane_of: BTreeMap<String, String> = BTreeMap::new();
    for answer in log.answers.iter().map(|answer| &answer.value) {
        let (lane, id) = (answer.lane.to_string(), answer.id.to_string());
        lanes.entry(lane.clone()).or_default().push(id.clone());
        lane_of.insert(id, lane);
    }
    let mut arrived: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for id in sends.iter().filter_map(RestSend::reply_id) {
        let Some(lane) = lane_of.get(id) else { continue };
        let parts = arrived.entry(lane).or_default();
        if !parts.contains(&id) {
            parts.push(id);
        }
    }
    for (lane, parts) in &arrived {
        let let_out = lanes.get(*lane).into_iter().flatten().map(String::as_str);
        // What was given up never arrives.
        let expected: Vec<&str> = let_out.filter(|id| parts.contains(id)).collect();
        if expected != *parts {
            problems.push(format!("lane {lane}: parts arrived in another order: {}", some(parts)));
        }
    }
    let figure = format!("{} lanes, {} order violations", lanes.len(), problems.len());
    let sums = [("order violations", sum(problems.len()))];
    let source = "topics decisions, answers; Easemob's REST log";
    Found::new(Clause { name: "order", figure, source, problems }, sums)
}

/// A lane's next turn opens only when the one before has ended.
fn one_at_a_time(log: &Log) -> Vec<String> {
    let mut open: BTreeMap<String, TurnId> = BTreeMap::new();
    let mut problems = Vec::new();
    for decision in log.decisions.iter().map(|decision| &decision.value) {
        let (Some(lane), Some(turn)) = (&decision.lane, decision.turn) else { continue };
        let lane = lane.to_string();
        if decision.ruling == Ruling::Asked {
            if let Some(before) = open.insert(lane.clone(), turn) {
                problems.push(format!("lane {lane}: turn {turn} was opened while {before} was in flight"));
            }
        } else if decision.input == "answered" || decision.ruling == Ruling::Lost {
            open.retain(|of, before| *of != lane || *before != turn);
        }
    }
    problems
}
