use schemas::topic::Topic;
use serde_json::{Value, json};

use crate::tables::tests::{example, rows_of};

fn event(kind: &str, value: &Value) -> Value {
    rows_of("feedback", Topic::Events, kind, value).unwrap().remove(0)
}

#[test]
fn what_a_signed_source_tells_is_a_row_without_the_remark() {
    let mut feedback = example!("events/valid-feedback.json");
    let row = event("feedback", &feedback);
    let told = ["kind", "origin", "rating", "characters", "easemob_id"].map(|column| row[column].clone());
    assert_eq!(json!(told), json!(["rating", "source", 5, 2, "1501234567890129999"]));
    assert!(!row.to_string().contains("谢谢") && !row.to_string().contains("alice"), "{row}");
    feedback.as_object_mut().unwrap().remove("rating");
    let row = event("feedback", &feedback);
    assert_eq!((&row["kind"], &row["rating"]), (&json!("remark"), &Value::Null));
}

#[test]
fn an_emoji_is_a_row_whether_it_was_put_or_taken_off() {
    let mut reaction = example!("events/valid-reaction.json");
    reaction["reaction"] = json!("好".repeat(100));
    let row = event("reaction", &reaction);
    assert_eq!(
        (&row["kind"], &row["origin"], &row["put"]),
        (&json!("reaction"), &json!("chat"), &json!(true))
    );
    assert_eq!(row["reaction"].as_str().unwrap().len(), 63, "its name is bounded");
    assert!(!row.to_string().contains("alice"));
    reaction["put"] = json!(false);
    assert_eq!(event("reaction", &reaction)["put"], false);
}

#[test]
fn a_rating_by_command_is_told_by_its_decision() {
    let mut decision = example!("decisions/valid-asked.json");
    (decision["ruling"], decision["rating"]) = (json!("noted"), json!(4));
    let row = rows_of("feedback", Topic::Decisions, "decision", &decision).unwrap().remove(0);
    let told = ["kind", "origin", "rating", "turn", "user"].map(|column| row[column].clone());
    let user = "0a104764abb035510f6bc48329b01e8c";
    assert_eq!(json!(told), json!(["rating", "command", 4, decision["turn"], user]));
    let unrated = example!("decisions/valid-asked.json");
    assert!(rows_of("feedback", Topic::Decisions, "decision", &unrated).unwrap().is_empty());
}
