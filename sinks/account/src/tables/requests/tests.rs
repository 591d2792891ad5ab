use schemas::topic::Topic;
use serde_json::{Value, json};

use crate::tables::tests::{example, rows_of};

fn ended(value: &Value) -> Value {
    let mut rows = rows_of("requests", Topic::Events, "answered", value).unwrap();
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

fn told(row: &Value, columns: &[&str]) -> Value {
    columns.iter().map(|column| row[*column].clone()).collect()
}

#[test]
fn a_request_that_was_answered_has_a_row_with_the_time_of_each_step() {
    let row = ended(&example!("events/valid-answered-routed.json"));
    let ends = told(&row, &["outcome", "reason", "attempts", "target", "rule", "class", "arms"]);
    assert_eq!(ends, json!(["done", "", 2, "spare", "hard", "hard", ["tone=warm"]]));
    let times = told(&row, &["waiting_ms", "pacing_ms", "first_token_ms", "model_ms", "took_ms"]);
    assert_eq!(times, json!([35, 10, 695, 900, 1_385]));
    assert_eq!(row["user"], "0a104764abb035510f6bc48329b01e8c");
    assert!(!row.to_string().contains("alice"));
}

#[test]
fn a_request_that_ended_without_an_attempt_has_a_row_as_well() {
    for (example, outcome) in [
        (example!("events/valid-answered-expired.json"), "expired"),
        (example!("events/valid-answered-cancelled.json"), "cancelled"),
        (example!("events/valid-answered-dead.json"), "dead"),
    ] {
        let row = ended(&example);
        assert_eq!((&row["outcome"], &row["attempts"]), (&json!(outcome), &json!(0)), "{outcome}");
        assert_eq!(told(&row, &["pacing_ms", "model_ms"]), json!([null, null]), "{outcome}");
    }
    assert!(!ended(&example!("events/valid-answered-dead.json"))["reason"].as_str().unwrap().is_empty());
}

#[test]
fn a_review_says_what_was_found() {
    let row = ended(&example!("events/valid-answered-reviewed.json"));
    assert_eq!(row["outcome"], "reviewed");
    assert!(!row["level"].as_str().unwrap().is_empty() && row["kind"] == "review", "{row}");
}

#[test]
fn a_turn_whose_request_vanished_is_told_by_the_decision_that_gave_it_up() {
    let mut lost = example!("decisions/valid-asked.json");
    (lost["input"], lost["ruling"]) = (json!("clock"), json!("lost"));
    let rows = rows_of("requests", Topic::Decisions, "decision", &lost).unwrap();
    let told = told(&rows[0], &["outcome", "request", "kind", "took_ms"]);
    assert_eq!(told, json!(["lost", lost["request"], "", null]));
    let asked = example!("decisions/valid-asked.json");
    assert!(rows_of("requests", Topic::Decisions, "decision", &asked).unwrap().is_empty());
}
