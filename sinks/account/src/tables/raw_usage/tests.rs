use schemas::topic::Topic;
use serde_json::json;

use crate::tables::tests::{example, rows_of};

#[test]
fn an_attempt_that_told_its_usage_or_its_id_is_a_row_and_others_are_none() {
    let mut answered = example!("events/valid-answered-routed.json");
    let rows = |value: &serde_json::Value| rows_of("raw_usage", Topic::Events, "answered", value).unwrap();
    let told = rows(&answered);
    assert_eq!(told.len(), 1, "the first attempt was refused without a word");
    assert_eq!((&told[0]["attempt"], &told[0]["provider_request"]), (&json!(2), &json!("chatcmpl-1")));
    assert_eq!(told[0]["usage"], answered["attempts"][1]["raw_usage"]);
    answered["attempts"][1].as_object_mut().unwrap().remove("provider_request");
    assert_eq!(rows(&answered).len(), 1, "usage alone will do");
    answered["attempts"][1].as_object_mut().unwrap().remove("raw_usage");
    assert!(rows(&answered).is_empty());
}

#[test]
fn the_review_of_an_answer_is_told_by_its_kind() {
    let mut answered = example!("events/valid-answered-done-after-a-review.json");
    answered["review"]["attempts"][0]["provider_request"] = json!("r-1");
    let rows = rows_of("raw_usage", Topic::Events, "answered", &answered).unwrap();
    let last = rows.last().unwrap();
    assert_eq!((&last["kind"], &last["provider_request"]), (&json!("review"), &json!("r-1")));
}
