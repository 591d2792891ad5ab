use std::sync::Arc;

use common::secret::Secret;
use pipeline::{Headers, Record, Refused};
use schemas::topic::Topic;
use schemas::wire;
use serde_json::{Value, json};

use super::{BUILDER, OLDEST_BUILDER, Row, TABLES, definitions};
use crate::binary::tests::decoded;
use crate::columns::columns;
use crate::fact::Unread;
use crate::pseudonym::Pseudonyms;
use crate::source::Version;

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

/// Every example of the topics that are read, valid or not, with its kind.
pub(crate) fn examples() -> Vec<(Topic, String, Value)> {
    let mut all = Vec::new();
    for topic in crate::fact::TOPICS {
        let folder = format!("{}/../../schemas/examples/{}", env!("CARGO_MANIFEST_DIR"), topic.name());
        let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            let value: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            let kind = match topic {
                Topic::Events => value["type"].as_str().unwrap_or_default(),
                Topic::Decisions => "decision",
                Topic::Deliveries => "delivery",
                _ => value["kind"].as_str().unwrap_or("correction"),
            };
            all.push((topic, kind.to_owned(), value));
        }
    }
    all
}

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

/// The rows that a version of the builder makes of a record.
pub(crate) fn built(topic: Topic, record: &Record, builder: u8) -> Result<Vec<(usize, Row)>, Refused> {
    let names = Pseudonyms::new(&Secret::new("key")).unwrap();
    super::rows(Unread::new(topic, record), Version { builder, bodies: false }, &names)
}

/// Names of the tables, and the rows as JSON.
pub(crate) fn rows(topic: Topic, record: &Record) -> Result<Vec<(&'static str, Value)>, Refused> {
    let named = |built: &(usize, Row)| (TABLES[built.0].definition().name, shown(built));
    Ok(built(topic, record, BUILDER)?.iter().map(named).collect())
}

/// A row as JSON.
pub(crate) fn shown((table, row): &(usize, Row)) -> Value {
    let known = columns(TABLES[*table].definition());
    let kind = |name: &str| known.iter().find(|column| column.name == name).unwrap().kind;
    decoded(TABLES[*table].fields().iter().map(|name| (*name, kind(name))), row.bytes())
}

/// The rows of one table, as JSON.
pub(crate) fn rows_of(table: &str, topic: Topic, kind: &str, value: &Value) -> Result<Vec<Value>, Refused> {
    let rows = rows(topic, &record(topic, kind, value))?;
    Ok(rows.into_iter().filter(|(of, _)| *of == table).map(|(_, row)| row).collect())
}

/// As [`rows_of`], with texts.
pub(crate) fn rows_with_texts(topic: Topic, kind: &str, value: &Value) -> Vec<Value> {
    let names = Pseudonyms::new(&Secret::new("key")).unwrap();
    let record = record(topic, kind, value);
    let version = Version { builder: BUILDER, bodies: true };
    let rows = super::rows(Unread::new(topic, &record), version, &names).unwrap();
    let of_bodies = rows.iter().filter(|(index, _)| TABLES[*index].definition().name == "bodies");
    of_bodies.map(shown).collect()
}

fn events(name: &str) -> Value {
    match name {
        "message" => example!("events/valid-message.json"),
        _ => example!("events/valid-answered-done.json"),
    }
}

#[test]
fn a_record_of_a_replay_has_no_rows_and_is_given_up_whatever_it_is() {
    let values = [
        (Topic::Events, "message", example!("events/valid-message.json")),
        // Of one that no table takes a replay is told all the same.
        (Topic::Events, "clock", example!("events/valid-clock.json")),
        (Topic::Decisions, "decision", example!("decisions/valid-asked.json")),
        (Topic::Deliveries, "delivery", example!("deliveries/valid-sent.json")),
    ];
    for (topic, kind, value) in values {
        let mut record = record(topic, kind, &value);
        assert!(rows(topic, &record).is_ok(), "{topic:?}");
        record.headers.push(wire::REPLAY, b"cheaper");
        for builder in OLDEST_BUILDER..=BUILDER {
            let refused = built(topic, &record, builder).err();
            assert_eq!(refused, Some(Refused::DeadLetter { reason: "replay" }), "{topic:?}");
        }
    }
}

#[test]
fn each_topic_feeds_its_own_table() {
    let tables = |topic, kind, value: &Value| -> Vec<&str> {
        rows(topic, &record(topic, kind, value)).unwrap().into_iter().map(|(table, _)| table).collect()
    };
    let decision = example!("decisions/valid-asked.json");
    assert_eq!(tables(Topic::Decisions, "decision", &decision), ["messages"]);
    let of_answered = ["model_calls", "model_calls", "requests", "raw_usage"];
    assert_eq!(tables(Topic::Events, "answered", &events("done")), of_answered);
    assert_eq!(tables(Topic::Ledger, "settle", &example!("ledger/valid-settle.json")), ["ledger"]);
    assert_eq!(tables(Topic::Deliveries, "delivery", &example!("deliveries/valid-sent.json")), ["replies"]);
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

#[test]
fn commit_metadata_names_tables_by_their_place_so_that_a_new_one_goes_to_the_end() {
    let names: Vec<_> = definitions().map(|table| table.name).collect();
    assert_eq!(names[..3], ["messages", "model_calls", "replies"]);
    assert!((1..names.len()).all(|i| !names[..i].contains(&names[i])), "two tables of one name: {names:?}");
}

#[test]
fn the_first_step_of_every_table_makes_it_with_a_window_and_an_expiry_that_can_be_configured() {
    for table in definitions() {
        let first = table.migrations[0].template;
        let made = format!("CREATE TABLE IF NOT EXISTS {{database}}.{} {{cluster}}", table.name);
        let expiry = format!("TTL toDateTime(at) + INTERVAL {{retention.{}}} DAY", table.name);
        for part in [&made, &expiry, "SETTINGS {window}", "ENGINE = {engine}"] {
            assert!(first.contains(part), "{}: {part}", table.name);
        }
        for column in ["app", "at", "source_topic", "source_partition", "source_offset", "builder"] {
            assert!(first.contains(&format!("\n    {column} ")), "{}: {column}", table.name);
        }
    }
}

#[test]
fn a_range_that_an_older_builder_opened_is_built_without_the_tables_that_came_later() {
    let answered = record(Topic::Events, "answered", &events("done"));
    assert_eq!(built(Topic::Events, &answered, OLDEST_BUILDER).unwrap().len(), 2);
    assert!(built(Topic::Events, &answered, OLDEST_BUILDER - 1).unwrap().is_empty());
}
