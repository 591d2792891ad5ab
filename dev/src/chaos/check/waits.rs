//! How long people waited: whether one app's outage is felt by another, and the longest stall.

use super::evidence::{Evidence, Found};
use crate::chaos::crowd::STEADY;
use crate::chaos::schedule::Window;
use crate::proof::Clause;
use dev::rig::easemob::RestSend;
use schemas::decision::Ruling;
use std::collections::{BTreeMap, BTreeSet};

/// The other app's p99 may grow to this part of normal, in percent.
const MOST_PERCENT: i64 = 130;
/// The longest stall that a rolling restart may cause.
const LONGEST_STALL_MS: i64 = 5_000;
/// Fewer answers say nothing about a p99.
const FEWEST: usize = 30;

/// A question that found its lane idle, and its answer.
struct Wait<'a> {
    app: &'a str,
    said: i64,
    /// From the question to the first part at Easemob.
    waited: i64,
    /// What of it is not the model's own time.
    beyond: i64,
}

/// The steady app's waits while the slow app's provider hangs, against those before.
pub(crate) fn isolation(evidence: &Evidence) -> Found {
    let waits = waits(evidence);
    let of = |window| -> Vec<i64> {
        let steady = waits.iter().filter(|wait| wait.app == STEADY);
        let mut of: Vec<i64> =
            steady.filter(|wait| within(evidence, window, wait.said)).map(|wait| wait.waited).collect();
        of.sort_unstable();
        of
    };
    let (normal, hang, after) = (of(Window::Normal), of(Window::Hang), of(Window::After));
    let (usual, then) = (percentile(&normal, 99), percentile(&hang, 99));
    let mut problems = Vec::new();
    if normal.len() < FEWEST || hang.len() < FEWEST {
        problems.push(format!("{} and {} answers are too few for a p99", normal.len(), hang.len()));
    }
    if then * 100 > usual * MOST_PERCENT {
        problems.push(format!(
            "p99 of {STEADY} was {then} ms while the other app's provider hung, {usual} ms before"
        ));
    }
    let one = |waits: &[i64]| {
        format!("p50 {} p99 {} ms of {}", percentile(waits, 50), percentile(waits, 99), waits.len())
    };
    let figure = format!(
        "answers of one app: {} before, {} while the other app's provider hung: × {:.2}; {} after that",
        one(&normal),
        one(&hang),
        then as f64 / usual.max(1) as f64,
        one(&after)
    );
    let sums = [("p99 ms", usual.into()), ("p99 ms beside an outage", then.into())];
    Found::new(Clause { name: "isolated", figure, source: "Easemob's clients and REST log", problems }, sums)
}

/// Every wait, a line each, for whoever wants to look closer.
pub(crate) fn table(evidence: &Evidence) -> String {
    let line = |wait: Wait| format!("{},{},{},{}\n", wait.app, wait.said, wait.waited, wait.beyond);
    let lines = waits(evidence).into_iter().map(line);
    std::iter::once("app,said,waited_ms,beyond_model_ms\n".to_owned()).chain(lines).collect()
}

/// The longest time in which nobody got any answer while people went on asking, and the longest wait of a conversation.
pub(crate) fn stalls(evidence: &Evidence) -> Found {
    let waits = waits(evidence);
    let mut problems = Vec::new();
    let (mut stall, mut longest) = (0, 0);
    for (_, from, to) in evidence.done.windows.iter().filter(|(window, ..)| *window == Window::Restarts) {
        stall = stall.max(longest_gap(&evidence.sends, *from, *to));
        let of_window = waits.iter().filter(|wait| (*from..*to).contains(&wait.said));
        longest = longest.max(of_window.map(|wait| wait.beyond).max().unwrap_or_default());
    }
    if stall > LONGEST_STALL_MS {
        problems.push(format!("nobody got an answer for {stall} ms during the rolling restart"));
    }
    if longest == 0 {
        problems.push("nobody asked anything during the rolling restart".to_owned());
    }
    let span = evidence.said.iter().map(|said| said.at);
    let (first, last) = (span.clone().min().unwrap_or_default(), span.max().unwrap_or_default());
    // The first answers come after the models' own time.
    let first = evidence.sends.iter().map(|send| send.at).min().unwrap_or(first);
    let all = longest_gap(&evidence.sends, first, last);
    let figure = format!(
        "longest stall {stall} ms in the rolling restart ({all} ms in the whole run); longest wait of a conversation beyond \
         its model's time {longest} ms ({} ms)",
        waits.iter().map(|wait| wait.beyond).max().unwrap_or_default()
    );
    let sums = [("longest stall ms", i128::from(stall))];
    Found::new(Clause { name: "stalled", figure, source: "Easemob's clients and REST log", problems }, sums)
}

fn waits(evidence: &Evidence) -> Vec<Wait<'_>> {
    let mut sent: BTreeMap<&str, i64> = BTreeMap::new();
    for send in &evidence.sends {
        sent.entry(send.reply_id().unwrap_or_default()).or_insert(send.at);
    }
    // A question that had to wait for its lane's turn before is not one of the line's speed.
    let idle: BTreeSet<&str> = (evidence.log.on_messages())
        .filter(|decision| decision.ruling == Ruling::Asked)
        .filter_map(|decision| Some(decision.message.as_ref()?.easemob_id()))
        .collect();
    let mut thought: BTreeMap<&str, i64> = BTreeMap::new();
    for call in &evidence.calls {
        let request = call.attempt().map(|(request, _)| request).unwrap_or_default();
        thought.insert(request, call.ended_at.unwrap_or(call.started_at) - call.started_at);
    }
    let requests: BTreeMap<_, _> = evidence
        .log
        .requests
        .iter()
        .map(|request| (request.value.turn, request.value.id.to_string()))
        .collect();
    let mut answered = BTreeMap::new();
    for answer in evidence.log.answers.iter().map(|answer| &answer.value).filter(|answer| answer.part == 1) {
        let Some(at) = sent.get(answer.id.to_string().as_str()) else { continue };
        let own = requests.get(&answer.turn).and_then(|request| thought.get(request.as_str()));
        answered.insert(answer.message.easemob_id(), (*at, own.copied().unwrap_or_default()));
    }
    let wait = |said: &crate::chaos::load::Said| {
        let (at, own) =
            *answered.get(said.sent.msg_id.as_str()).filter(|_| idle.contains(said.sent.msg_id.as_str()))?;
        let waited = at - said.at;
        Some((said.at, waited, waited - own))
    };
    let found = evidence.said.iter().filter_map(|said| Some((said.line.app, wait(said)?)));
    found.map(|(app, (said, waited, beyond))| Wait { app, said, waited, beyond }).collect()
}

fn within(evidence: &Evidence, window: Window, at: i64) -> bool {
    evidence.done.windows.iter().any(|(of, from, to)| *of == window && (*from..*to).contains(&at))
}

/// The longest stretch between two moments in which Easemob got no send.
fn longest_gap(sends: &[RestSend], from: i64, to: i64) -> i64 {
    let mut moments: Vec<i64> =
        sends.iter().map(|send| send.at).filter(|at| (from..to).contains(at)).collect();
    moments.extend([from, to]);
    moments.sort_unstable();
    moments.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or_default()
}

/// The smallest of sorted values that so many percent do not exceed; 0 of none.
fn percentile(values: &[i64], percent: usize) -> i64 {
    let rank = (values.len() * percent).div_ceil(100).max(1);
    values.get(rank - 1).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_value_that_was_seen() {
        assert_eq!(percentile(&(1..=100).collect::<Vec<_>>(), 99), 99);
        assert_eq!(percentile(&[7], 99), 7);
        assert_eq!(percentile(&[], 99), 0);
    }

    #[test]
    fn a_stall_is_counted_from_the_beginning_and_to_the_end() {
        let send = |at| RestSend { ext: None, at };
        let sends = [send(90), send(150), send(160), send(300)];
        assert_eq!(longest_gap(&sends, 100, 200), 50);
        assert_eq!(longest_gap(&sends, 100, 280), 120);
        assert_eq!(longest_gap(&[], 100, 200), 100);
    }
}
