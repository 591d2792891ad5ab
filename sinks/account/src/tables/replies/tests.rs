use schemas::topic::Topic;
use serde_json::{Value, json};

use crate::tables::tests::{example, record, rows};

fn row(delivery: &Value) -> Value {
    rows(Topic::Deliveries, &record(Topic::Deliveries, "delivery", delivery)).unwrap().remove(0).1
}

#[test]
fn a_delivery_is_a_row() {
    assert_eq!(
        row(&example!("deliveries/valid-sent.json")),
        json!({
            "app": "acme#support",
            "at": 1735689601683_i64,
            "answer": "6f9d3a52-0f0e-5c11-9f3b-0d5d2c7a1b06",
            "turn": "6f9d3a52-0f0e-5c11-9f3b-0d5d2c7a1b01",
            "message": "acme#support/chat/1501234567890123456",
            "chat_kind": "chat",
            "conversation": "585e254679e815b26e67c70dd3586eaf",
            "bot": "bot_helpdesk",
            "part": 1,
            "parts": 2,
            "characters": 14,
            "result": "sent",
            "reason": "",
            "easemob_id": "1501234567890990001",
            "attempts": 1,
            "rerun": false,
            "decided_at": 1735689601623_i64,
            "started_at": 1735689601633_i64,
            "delivery_ms": 60,
            "user": "0a104764abb035510f6bc48329b01e8c",
        "source_topic": "deliveries",
            "source_partition": 3,
            "source_offset": 77,
            "builder": 6,
        })
    );
}

#[test]
fn a_retraction_is_a_row_of_its_own_with_its_end() {
    let told = |delivery: &Value| {
        let rows = rows(Topic::Deliveries, &record(Topic::Deliveries, "retraction", delivery)).unwrap();
        assert_eq!((rows.len(), rows[0].0), (1, "replies"));
        (rows[0].1["result"].clone(), rows[0].1["reason"].clone(), rows[0].1["easemob_id"].clone())
    };
    let row = |result: &str, reason: &str| (json!(result), json!(reason), json!(""));
    assert_eq!(told(&example!("deliveries/valid-retracted.json")), row("retracted", ""));
    assert_eq!(told(&example!("deliveries/valid-retract-of-nothing-sent.json")), row("not_sent", ""));
    assert_eq!(told(&example!("deliveries/valid-unretractable.json")), row("unretractable", "unknown_id"));
}

#[test]
fn what_was_not_sent_says_why_and_what_may_have_been_says_so() {
    let undelivered = row(&example!("deliveries/valid-undelivered.json"));
    let told = (&undelivered["result"], &undelivered["reason"], &undelivered["easemob_id"]);
    assert_eq!(told, (&json!("undelivered"), &json!("expired"), &json!("")));
    let unknown = row(&example!("deliveries/valid-unknown.json"));
    assert_eq!((&unknown["result"], &unknown["rerun"]), (&json!("unknown"), &json!(true)));
}
