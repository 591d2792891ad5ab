use pipeline::{Headers, Record};
use schemas::topic::{Topic, TopicNames};

use super::there::Lines;
use super::*;
use crate::results::{End, Line, Stop};

#[test]
fn every_topic_of_a_replay_is_known_by_its_name_and_no_other_is() {
    for prefix in ["", "demo.", "replay."] {
        let topics = TopicNames::new(prefix);
        let names = Names::new(&topics, "cheap-1".parse().unwrap());
        for topic in names.all() {
            assert_eq!(Names::owner(&topics, &topic).as_ref(), Some(names.name()), "{topic}");
        }
        for topic in Topic::ALL {
            assert_eq!(Names::owner(&topics, &topics.of(topic)), None);
            assert!(!names.all().contains(&topics.of(topic)));
        }
    }
    let topics = TopicNames::new("demo.");
    for other in [
        "replay.a.decisions",
        "demo.replay.a",
        "demo.replay.a.states",
        "demo.replay.A.results",
        "demo.replay.a.b.results",
    ] {
        assert_eq!(Names::owner(&topics, other), None, "{other}");
    }
}

#[test]
fn what_the_line_would_act_upon_has_no_place_among_them() {
    for topic in [Topic::Events, Topic::States, Topic::Configs, Topic::Deliveries, Topic::DeadLetters] {
        assert_eq!(Kind::of(topic), None);
    }
}

fn record(line: &Line) -> Record {
    Record {
        topic: "results".into(),
        partition: 0,
        offset: 0,
        timestamp: 1,
        key: None,
        headers: Headers::default(),
        value: Some(serde_json::to_vec(line).unwrap()),
    }
}

#[test]
fn results_have_each_turn_once_and_the_end_of_the_last_run() {
    let whole = crate::sample::results(8, 3);
    let mut lines = Lines::default();
    lines.take(&record(&Line::Head(Box::new(whole.head.clone())))).unwrap();
    let stopped = End { turns: 1, stopped: Some(Stop::Budget) };
    for turn in &whole.turns[..5] {
        lines.take(&record(&Line::Turn(Box::new(turn.clone())))).unwrap();
    }
    lines.take(&record(&Line::End(stopped))).unwrap();
    for turn in &whole.turns {
        lines.take(&record(&Line::Turn(Box::new(turn.clone())))).unwrap();
    }
    lines.take(&record(&Line::End(whole.end.clone().unwrap()))).unwrap();
    assert_eq!(lines.results().unwrap(), whole);
    assert!(Lines::default().results().is_none());
}

#[test]
fn a_word_of_the_judge_is_with_its_turn_whichever_was_read_first() {
    let mut whole = crate::sample::results(8, 3);
    let judged = crate::results::Judged::equal();
    let word = super::words::Word { turn: whole.turns[2].turn.clone(), judged: judged.clone() };
    let mut written = record(&Line::Head(Box::new(whole.head.clone())));
    written.value = Some(serde_json::to_vec(&word).unwrap());
    written.headers.push(schemas::wire::KIND, super::words::WORD.as_bytes());
    let mut lines = Lines::default();
    lines.take(&written).unwrap();
    lines.take(&record(&Line::Head(Box::new(whole.head.clone())))).unwrap();
    for turn in &whole.turns {
        lines.take(&record(&Line::Turn(Box::new(turn.clone())))).unwrap();
    }
    lines.take(&record(&Line::End(whole.end.clone().unwrap()))).unwrap();
    whole.turns[2].judged = Some(judged);
    assert_eq!(lines.results().unwrap(), whole);
}
