use schemas::topic::Topic;
use serde_json::{Value, json};

use crate::tables::tests::{example, record, rows};

/// Rows of this table, as JSON.
fn safety(topic: Topic, kind: &str, value: &Value) -> Vec<Value> {
    let rows = rows(topic, &record(topic, kind, value)).unwrap();
    rows.into_iter().filter(|(table, _)| *table == "safety_events").map(|(_, row)| row).collect()
}

fn findings() -> Value {
    json!({
        "list": [
            {"rule": "g", "category": "gambling", "severity": 7, "action": "block", "spans": [[1, 3], [8, 10]], "more": 2},
            {"rule": "s", "action": "mask", "views": ["separators", "pinyin"], "text": 1, "spans": [[0, 5]], "shadow": true},
        ],
        "left_off": 3,
    })
}

#[test]
fn a_message_of_which_the_callback_found_something_is_a_row_for_each_finding_without_names_or_text() {
    let mut message = example!("events/valid-message.json");
    message["verdict"]["findings"] = findings();
    let rows = safety(Topic::Events, "message", &message);
    let expected = json!({
        "app": "acme#support",
        "at": message["received_at"],
        "id": rows[0]["id"],
        "place": "callback",
        "direction": "input",
        "message": "acme#support/chat/1501234567890123456",
        "turn": null,
        "chat_kind": "chat",
        "conversation": "585e254679e815b26e67c70dd3586eaf",
        "sender": "0a104764abb035510f6bc48329b01e8c",
        "number": 0,
        "left_off": 3,
        "rule": "g",
        "category": "gambling",
        "severity": 7,
        "action": "block",
        "shadow": false,
        "views": [],
        "text": 0,
        "spans": [[1, 3], [8, 10]],
        "places": 4,
        "dictionary": message["verdict"]["dictionary"],
        "source_topic": "events",
        "source_partition": 3,
        "source_offset": 77,
        "builder": 6,
    });
    assert_eq!(rows[0], expected);
    let second = &rows[1];
    let told = (&second["rule"], &second["shadow"], &second["views"], &second["text"], &second["number"]);
    assert_eq!(told, (&json!("s"), &json!(true), &json!(["separators", "pinyin"]), &json!(1), &json!(1)));
    assert_eq!(rows.len(), 2);
    let text = message["text"]["plain"].as_str().unwrap();
    assert!(rows.iter().all(|row| !row.to_string().contains("alice") && !row.to_string().contains(text)));
}

#[test]
fn one_message_judged_in_the_callback_and_by_the_guard_has_rows_of_two_places() {
    let mut decision = example!("decisions/valid-asked.json");
    decision["verdict"]["findings"] = findings();
    decision["verdict"]["findings"]["dictionary"] = json!("newer");
    let guard = safety(Topic::Decisions, "decision", &decision);
    let mut message = example!("events/valid-message.json");
    message["verdict"]["findings"] = findings();
    let callback = safety(Topic::Events, "message", &message);
    assert_eq!((&guard[0]["place"], &guard[0]["dictionary"]), (&json!("guard"), &json!("newer")));
    assert_eq!(guard[0]["message"], callback[0]["message"]);
    assert_ne!(guard[0]["id"], callback[0]["id"]);
    assert_ne!(callback[0]["id"], callback[1]["id"]);
}

#[test]
fn what_is_told_twice_has_the_same_ids() {
    let mut message = example!("events/valid-message.json");
    message["verdict"]["findings"] = findings();
    let ids = |offset| {
        let mut record = record(Topic::Events, "message", &message);
        record.offset = offset;
        let rows = rows(Topic::Events, &record).unwrap();
        rows.into_iter().map(|(_, row)| row["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(1), ids(2));
}

#[test]
fn an_answer_that_was_reviewed_is_told_whether_it_went_out_or_not() {
    let mut done = example!("events/valid-answered-done.json");
    done["outcome"]["verdict"]["findings"] = findings();
    done["outcome"]["verdict"]["findings"]["direction"] = json!("output");
    let told = |rows: Vec<Value>| -> Vec<Value> {
        rows.iter().map(|row| json!([row["place"], row["direction"], row["turn"].is_string()])).collect()
    };
    let answer = json!(["answer", "output", true]);
    assert_eq!(told(safety(Topic::Events, "answered", &done)), [answer.clone(), answer.clone()]);
    let mut stopped = example!("events/valid-answered-failed.json");
    stopped["outcome"] =
        json!({"end": "failed", "reason": "blocked_output", "verdict": done["outcome"]["verdict"]});
    assert_eq!(told(safety(Topic::Events, "answered", &stopped)), [answer.clone(), answer]);
}

#[test]
fn an_edit_is_told_and_what_the_post_send_rule_repeats_is_not() {
    let mut edit = example!("events/valid-edit.json");
    edit["verdict"]["findings"] = findings();
    assert_eq!(safety(Topic::Events, "edit", &edit).len(), 2);
    let mut missed = example!("events/valid-missed.json");
    missed["verdict"]["findings"] = findings();
    assert!(safety(Topic::Events, "missed", &missed).is_empty());
}

#[test]
fn people_among_themselves_are_told_like_everybody() {
    let mut message = example!("events/valid-message-between-people.json");
    message["verdict"]["findings"] = findings();
    let rows = safety(Topic::Events, "message", &message);
    assert_eq!((rows.len(), &rows[0]["place"]), (2, &json!("callback")));
}

#[test]
fn a_record_without_findings_is_not_decoded_whatever_its_text_says() {
    let mut message = example!("events/valid-message.json");
    message["verdict"]["findings"] = json!({});
    message["text"]["plain"] = json!(r#"{"findings":{"list":[]}}"#);
    let mut cut = record(Topic::Events, "message", &message);
    let length = cut.value.as_ref().unwrap().len();
    cut.value.as_mut().unwrap().truncate(length - 1);
    assert_eq!(rows(Topic::Events, &cut), Ok(vec![]));
}
