//! Replays under production's own bundles: equal to the byte, or drift with its cause.

use pipeline::Record;
use schemas::wire;

use super::tape::{Tape, turns};
use crate::range::{Outputs, Span};
use crate::run::Tally;
use crate::shadow::Kind;

const NAMES: [&str; 7] =
    ["one-chain", "cut-calls", "taken-back", "placeholders", "reviews", "dialogue", "acts-and-routes"];

#[test]
fn a_recorded_log_is_decided_again_to_the_same_bytes_and_its_requests_too() {
    for name in NAMES {
        let tape = Tape::recorded(name);
        let (tally, written) = tape.replay(tape.span(), None, None);
        assert_eq!((tally.different, &tally.differences[..]), (0, &[][..]), "{name}");
        assert!(tally.decisions > 20 && tally.events == tape.inputs.len() as u64, "{name}: {tally:?}");
        assert_eq!((tally.requests, tally.requests), (tally.kept, tally.same_bytes), "{name}");
        assert_eq!((tally.joined.cold, tally.not_recorded, tally.unread), (0, 0, 0), "{name}");
        for (kind, topic) in [
            (Kind::Decisions, "decisions"),
            (Kind::Requests, "requests"),
            (Kind::Answers, "answers"),
            (Kind::Ledger, "ledger"),
        ] {
            let again: Vec<_> = written.iter().filter(|(known, _)| *known == kind).map(|(_, r)| r).collect();
            let recorded = tape.topic(topic);
            assert_eq!(again.len(), recorded.len(), "{name}, {topic}");
            for (again, recorded) in again.into_iter().zip(recorded) {
                assert!(again.value == recorded.value && again.key == recorded.key, "{name}, {topic}");
                // The recordings are older than the header.
                let (version, others): (Vec<_>, Vec<_>) =
                    again.headers.iter().cloned().partition(|(name, _)| name == wire::VERSION);
                assert_eq!(version.len(), usize::from(kind == Kind::Decisions), "{name}, {topic}");
                assert!(recorded.headers == others, "{name}, {topic}");
            }
        }
        let turns = turns(&written);
        assert!(turns.len() as u64 == tally.joined.turns && turns.len() > 3, "{name}");
        for turn in turns {
            assert_eq!(turn.baseline, turn.candidate, "{name}");
            assert_eq!((turn.drift, turn.cold_start), (None, false), "{name}");
            assert_eq!(turn.footing, crate::results::Footing::Closed, "{name}");
        }
    }
}

#[test]
fn two_replays_write_the_same_bytes() {
    let tape = Tape::recorded("dialogue");
    assert_eq!(tape.replay(tape.span(), None, None).1, tape.replay(tape.span(), None, None).1);
}

#[test]
fn with_results_alone_everything_is_compared_and_nothing_else_is_written() {
    for name in NAMES {
        let tape = Tape::recorded(name);
        let (all, mut written) = tape.replay(tape.span(), None, None);
        let (alone, results) = tape.replay_writing(Outputs::Results);
        let counts = |tally: &Tally| {
            (tally.decisions, tally.different, tally.kept, tally.same_bytes, tally.joined.turns)
        };
        assert_eq!(counts(&alone), counts(&all), "{name}");
        written.retain(|(kind, _)| *kind == Kind::Results);
        assert!(results.len() > 3 && results == written, "{name}");
    }
}

#[test]
fn a_range_in_the_middle_is_equal_with_a_warm_up_and_cold_but_no_drift_without() {
    for name in NAMES {
        let tape = Tape::recorded(name);
        let whole = tape.span();
        let half = whole.end / 2;
        let (warm, _) = tape.replay(Span { first: half, ..whole }, None, None);
        assert_eq!((warm.different, warm.joined.cold), (0, 0), "{name}: {:?}", warm.differences);
        assert!(warm.warmed == half.unsigned_abs() && warm.decisions > 10, "{name}");
        let (cold, written) = tape.replay(Span { lead: 1, warm: half, first: half, ..whole }, None, None);
        assert!(cold.joined.cold > 0, "{name}: {cold:?}");
        assert_eq!(cold.different, cold.cold_different, "{name}: {:?}", cold.differences);
        for turn in turns(&written) {
            assert!(!turn.cold_start || turn.drift.is_none(), "{name}");
            assert!(turn.cold_start || turn.baseline == turn.candidate, "{name}: {turn:?}");
        }
    }
}

#[test]
fn a_sample_is_equal_too() {
    let mut sampled = 0;
    for name in NAMES {
        let tape = Tape::recorded(name);
        let (tally, _) = tape.replay(tape.span(), Some("40%"), None);
        assert_eq!((tally.different, tally.joined.cold), (0, 0), "{name}: {:?}", tally.differences);
        sampled += tally.decisions;
    }
    assert!(sampled > 50, "{sampled}");
}

/// Replays the recording with these decisions in the place of its own.
fn against(tape: &Tape, decisions: Vec<Record>) -> Tally {
    let span = tape.span();
    let line = tape.line(None);
    let manifest = super::tape::manifest(span, None);
    let progress = crate::run::Progress::default();
    let engine = crate::run::Engine {
        manifest: &manifest,
        line: &line,
        candidate: None,
        fallback: None,
        chosen: None,
        progress: &progress,
    };
    let logs = crate::run::Logs { decisions: Box::new(decisions.into_iter()), ..tape.logs(span) };
    let part = crate::run::Part { span, logs, states: conversation::States::default(), sink: Vec::new() };
    crate::run::recorded(&engine, part).unwrap().0
}

/// The record with a ruling that says something else.
fn changed(record: &Record) -> Record {
    let value = String::from_utf8(record.value.clone().unwrap()).unwrap();
    Record { value: Some(value.replacen("\"parts\":", "\"parts\":7", 1).into()), ..record.clone() }
}

#[test]
fn a_byte_that_is_another_is_drift_with_its_cause() {
    let tape = Tape::recorded("one-chain");
    let mut decisions = tape.topic("decisions");
    let last = decisions.len() - 1;
    decisions[last] = changed(&decisions[last]);
    let tally = against(&tape, decisions);
    assert_eq!(tally.different, 1, "{tally:?}");
    assert!(tally.differences[0].contains("cause: unexplained"), "{:?}", tally.differences);
}

#[test]
fn what_another_version_decided_otherwise_is_the_codes_doing_and_what_it_decided_the_same_is_none() {
    let tape = Tape::recorded("one-chain");
    let by = |record: &Record, version: &str| {
        let mut record = record.clone();
        record.headers.push(wire::VERSION, version.as_bytes());
        record
    };
    for (version, cause) in [("0.0.1", "code"), (conversation::VERSION, "unexplained")] {
        let mut decisions: Vec<Record> =
            tape.topic("decisions").iter().map(|record| by(record, version)).collect();
        assert_eq!(against(&tape, decisions.clone()).different, 0, "{version}");
        let last = decisions.len() - 1;
        decisions[last] = changed(&decisions[last]);
        let tally = against(&tape, decisions);
        assert_eq!(tally.different, 1, "{tally:?}");
        assert!(tally.differences[0].contains(&format!("cause: {cause}")), "{:?}", tally.differences);
    }
}

#[test]
fn a_decision_too_many_or_too_few_is_drift_wherever_it_stands() {
    let tape = Tape::recorded("one-chain");
    let recorded = tape.topic("decisions");
    for place in [0, recorded.len() / 2, recorded.len() - 1] {
        let mut more = recorded.clone();
        more.insert(place + 1, changed(&recorded[place]));
        let tally = against(&tape, more);
        assert_eq!((tally.different, tally.unread), (1, 0), "{place}: {tally:?}");
        assert!(tally.differences[0].contains("is missing"), "{place}: {:?}", tally.differences);
    }
    // Without its first decision a conversation seems to have begun with another state.
    for place in [recorded.len() / 2, recorded.len() - 1] {
        let mut fewer = recorded.clone();
        fewer.remove(place);
        let tally = against(&tape, fewer);
        assert_eq!((tally.different, tally.unread), (1, 0), "{place}: {tally:?}");
        assert!(
            tally.differences[0].contains("has no recorded decision"),
            "{place}: {:?}",
            tally.differences
        );
    }
}
