use schemas::topic::Topic;
use serde_json::{Value, json};

use crate::tables::tests::{example, rows_of};

fn row(kind: &str, value: &Value) -> Value {
    rows_of("audit", Topic::Events, kind, value).unwrap().remove(0)
}

fn told(row: &Value) -> Value {
    ["app", "kind", "operator", "subject", "why"].map(|column| row[column].clone()).to_vec().into()
}

#[test]
fn an_act_of_a_command_is_a_row_with_its_details() {
    let row = row("act", &example!("events/valid-act.json"));
    let why = "ticket 4712: a partition was refused";
    assert_eq!(told(&row), json!(["", "offsets_reset", "ops@acme", "call", why]));
    assert_eq!(row["details"], json!([["partitions", "2"], ["to", "committed"]]));
}

#[test]
fn a_bundle_that_was_applied_is_one_act_on_every_partition() {
    let switch = example!("events/valid-config.json");
    let row = row("config", &switch);
    assert_eq!(told(&row), json!(["", "config", "", switch["bundle"], ""]));
    assert!(row["id"].as_str().unwrap().starts_with("config:"), "the same on every partition");
}

#[test]
fn answers_taken_back_and_conversations_taken_over_are_told_by_pseudonyms() {
    let conversation = "585e254679e815b26e67c70dd3586eaf";
    let back = row("retract", &example!("events/valid-retract.json"));
    let why = "ticket 4711: wrong price";
    assert_eq!(told(&back), json!(["acme#support", "retract", "ops@acme", conversation, why]));
    assert_eq!(back["details"], json!([["answers", "1"], ["scope", "message"]]));
    let over = row("takeover", &example!("events/valid-takeover.json"));
    assert_eq!((&over["kind"], &over["subject"]), (&json!("takeover"), &json!(conversation)));
    assert_eq!(over["operator"].as_str().unwrap().len(), 32);
    assert!(!over.to_string().contains("agent_7") && !over.to_string().contains("alice"), "{over}");
    let hand_back = row("takeover", &example!("events/valid-hand-back.json"));
    assert_eq!((&hand_back["kind"], &hand_back["operator"]), (&json!("handback"), &json!("")));
}
