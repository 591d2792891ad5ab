use std::sync::Arc;

use common::secret::Secret;
use pipeline::{Headers, Record, Refused};
use schemas::topic::Topic;
use schemas::wire;
use serde_json::{Value, json};

use super::{BUILDER, Content, MESSAGES, MODEL_CALLS, REPLIES, Row};
use crate::pseudonym::Pseudonyms;
use crate::read::Source;

macro_rules! example {
    ($path:literal) => {
        serde_json::from_str::<serde_json::Value>(include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../schemas/examples/",
            $path
        )))
        .unwrap()
    };
}
pub(crate) use example;

/// The record as its writer would have written it.
pub(crate) fn record(topic: Topic, kind: &str, value: &Value) -> Record {
    Record {
        topic: Arc::from(topic.name()),
        partition: 3,
        offset: 77,
        timestamp: 1_735_689_600_140,
        key: None,
        headers: [(wire::SCHEMA, format!("{}/1", topic.name())), (wire::KIND, kind.to_owned())]
            .into_iter()
            .collect(),
        value: Some(value.to_string().into_bytes()),
    }
}

pub(crate) fn rows(topic: Topic, record: &Record) -> Result<Vec<(usize, Value)>, Refused> {
    let names = Pseudonyms::new(&Secret::new("key")).unwrap();
    let rows = super::rows(topic, record, Source::of(record, BUILDER), &names)?;
    Ok(rows.into_iter().map(|(table, Row(content))| (table, shown(&content))).collect())
}

fn shown(content: &Content) -> Value {
    match content {
        Content::Message(row) => serde_json::to_value(&**row).unwrap(),
        Content::ModelCall(row) => serde_json::to_value(&**row).unwrap(),
        Content::Reply(row) => serde_json::to_value(&**row).unwrap(),
    }
}

fn events(name: &str) -> Value {
    match name {
        "message" => example!("events/valid-message.json"),
        _ => example!("events/valid-answered-done.json"),
    }
}

#[test]
fn each_topic_feeds_its_own_table() {
    let tables = |topic, kind, value: &Value| -> Vec<usize> {
        rows(topic, &record(topic, kind, value)).unwrap().into_iter().map(|(table, _)| table).collect()
    };
    let decision = example!("decisions/valid-asked.json");
    assert_eq!(tables(Topic::Decisions, "decision", &decision), [MESSAGES]);
    assert_eq!(tables(Topic::Events, "answered", &events("done")), [MODEL_CALLS, MODEL_CALLS]);
    assert_eq!(tables(Topic::Deliveries, "delivery", &example!("deliveries/valid-sent.json")), [REPLIES]);
}

#[test]
fn other_events_give_no_rows_and_are_not_even_read() {
    let kind = |kind: &str, value: &Value| rows(Topic::Events, &record(Topic::Events, kind, value)).unwrap();
    assert!(kind("message", &json!("not an event at all")).is_empty());
    let mut without_header = record(Topic::Events, "message", &events("message"));
    without_header.headers = Headers::default();
    assert!(rows(Topic::Events, &without_header).unwrap().is_empty());
}

#[test]
fn what_a_newer_version_may_know_pauses_and_what_is_broken_is_a_dead_letter() {
    let answered = events("done");
    let newer_kind = record(Topic::Events, "summarised", &answered);
    assert_eq!(rows(Topic::Events, &newer_kind), Err(Refused::Pause { reason: "unknown_kind" }));
    let mut newer_schema = record(Topic::Decisions, "decision", &json!({}));
    newer_schema.headers.push(wire::SCHEMA, b"decisions/2");
    assert_eq!(rows(Topic::Decisions, &newer_schema), Err(Refused::Pause { reason: "unknown_version" }));
    let broken = record(Topic::Deliveries, "delivery", &json!({"id": 7}));
    assert_eq!(rows(Topic::Deliveries, &broken), Err(Refused::DeadLetter { reason: "malformed" }));
    let mut empty = record(Topic::Deliveries, "delivery", &json!({}));
    empty.value = None;
    assert_eq!(rows(Topic::Deliveries, &empty), Err(Refused::DeadLetter { reason: "empty" }));
}

#[test]
fn the_same_record_gives_the_same_rows() {
    let record = record(Topic::Events, "answered", &events("done"));
    assert_eq!(rows(Topic::Events, &record), rows(Topic::Events, &record));
}
