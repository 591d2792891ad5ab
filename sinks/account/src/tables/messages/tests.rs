use pipeline::Refused;
use schemas::topic::Topic;
use serde_json::{Value, json};

use crate::tables::tests::{built, example, record, rows, shown};

fn row(decision: &Value) -> Result<Option<Value>, Refused> {
    let rows = rows(Topic::Decisions, &record(Topic::Decisions, "decision", decision))?;
    Ok(rows.into_iter().next().map(|(_, row)| row))
}

#[test]
fn a_decision_on_a_message_is_a_row_without_a_users_name() {
    let row = row(&example!("decisions/valid-asked.json")).unwrap().unwrap();
    let expected = json!({
        "app": "acme#support",
        "at": 1735689600138_i64,
        "message": "acme#support/chat/1501234567890123456",
        "chat_kind": "chat",
        "conversation": "585e254679e815b26e67c70dd3586eaf",
        "sender": "0a104764abb035510f6bc48329b01e8c",
        "input": "message",
        "kind": "text",
        "characters": 24,
        "ruling": "asked",
        "reasons": [],
        "action": "pass",
        "rules": [],
        "dictionary": "4b5c6d7e",
        "reply": "intercept",
        "turn": "6f9d3a52-0f0e-5c11-9f3b-0d5d2c7a1b01",
        "merged": 1,
        "route": "app",
        "bundle": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "sent_at": 1735689600123_i64,
        "received_at": 1735689600135_i64,
        "queue_ms": 3,
        "decide_ms": 2,
        "tier": "",
        "class": "",
        "score": null,
        "arms": [],
        "targets": ["main", "spare"],
        "request": "6f9d3a52-0f0e-5c11-9f3b-0d5d2c7a1b02",
        "event_partition": 3,
        "event_offset": 42,
        "source_topic": "decisions",
        "source_partition": 3,
        "source_offset": 77,
        "builder": 6,
    });
    assert_eq!(row, expected);
    assert!(!row.to_string().contains("alice"));
}

#[test]
fn what_a_decision_does_not_tell_is_empty_or_null() {
    let mut decision = example!("decisions/valid-unconfigured.json");
    decision["reply"] = json!("pass");
    let row = row(&decision).unwrap().unwrap();
    for column in ["sender", "kind", "action", "dictionary", "route", "bundle"] {
        assert_eq!(row[column], "", "{column}");
    }
    for column in ["turn", "sent_at", "received_at", "queue_ms"] {
        assert_eq!(row[column], Value::Null, "{column}");
    }
    assert_eq!(row["ruling"], "unconfigured");
}

#[test]
fn decisions_on_other_inputs_give_no_row() {
    let mut decision = example!("decisions/valid-asked.json");
    decision["input"] = json!("missed");
    assert!(row(&decision).unwrap().is_some());
    for input in ["answered", "recall", "clock"] {
        decision["input"] = json!(input);
        assert_eq!(row(&decision).unwrap(), None);
    }
}

#[test]
fn what_a_message_leads_to_with_one_that_waited_gives_no_second_row_since_builder_6() {
    let mut decision = example!("decisions/valid-asked.json");
    decision.as_object_mut().unwrap().remove("reply");
    assert_eq!(row(&decision).unwrap(), None);
    let before = built(Topic::Decisions, &record(Topic::Decisions, "decision", &decision), 5).unwrap();
    assert_eq!(shown(&before[0])["input"], "message");
}

#[test]
fn a_senders_clock_may_be_nonsense_but_the_logs_may_not() {
    let mut decision = example!("decisions/valid-asked.json");
    decision["sent_at"] = json!(i64::MAX);
    assert_eq!(row(&decision).unwrap().unwrap()["sent_at"], Value::Null);
    decision["at"] = json!(-1);
    assert_eq!(row(&decision), Err(Refused::DeadLetter { reason: "time_out_of_range" }));
}

#[test]
fn a_decision_on_another_input_is_not_read_to_its_end_unless_its_version_is_unknown() {
    let mut decision = example!("decisions/valid-asked.json");
    decision["input"] = json!("answered");
    let mut cut = record(Topic::Decisions, "decision", &decision);
    cut.value.as_mut().unwrap().truncate(80);
    assert_eq!(rows(Topic::Decisions, &cut), Ok(vec![]));
    cut.headers.push(schemas::wire::SCHEMA, b"decisions/2");
    assert_eq!(rows(Topic::Decisions, &cut), Err(Refused::Pause { reason: "unknown_version" }));
    let mut of_message = record(Topic::Decisions, "decision", &example!("decisions/valid-asked.json"));
    of_message.value.as_mut().unwrap().truncate(80);
    assert_eq!(rows(Topic::Decisions, &of_message), Err(Refused::DeadLetter { reason: "malformed" }));
}

#[test]
fn a_message_has_the_tier_of_whoever_sent_it_since_builder_6() {
    let decision = example!("decisions/valid-of-a-tier.json");
    assert_eq!(row(&decision).unwrap().unwrap()["tier"], "gold");
    let before = built(Topic::Decisions, &record(Topic::Decisions, "decision", &decision), 5).unwrap();
    assert_eq!(shown(&before[0])["tier"], "");
}

#[test]
fn a_route_is_told_with_its_class_and_arms_since_builder_6() {
    let decision = example!("decisions/valid-routed.json");
    let row = row(&decision).unwrap().unwrap();
    let told = ["route", "class", "score", "arms", "targets"].map(|column| row[column].clone());
    assert_eq!(json!(told), json!(["hard", "hard", 712, ["tone=warm"], ["main", "spare"]]));
    let before = built(Topic::Decisions, &record(Topic::Decisions, "decision", &decision), 5).unwrap();
    let before = shown(&before[0]);
    let told = ["class", "score", "decide_ms", "event_offset", "route", "builder"]
        .map(|column| before[column].clone());
    assert_eq!(json!(told), json!(["", null, null, null, "hard", 5]));
}
