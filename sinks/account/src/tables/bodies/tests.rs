use schemas::topic::Topic;
use serde_json::json;

use crate::tables::tests::{example, rows_of, rows_with_texts};

#[test]
fn no_text_is_kept_unless_the_range_was_opened_with_texts() {
    let message = example!("events/valid-message.json");
    assert!(rows_of("bodies", Topic::Events, "message", &message).unwrap().is_empty());
    assert_eq!(rows_with_texts(Topic::Events, "message", &message).len(), 1);
}

#[test]
fn personal_data_are_masked_and_what_is_long_is_cut() {
    let mut message = example!("events/valid-message.json");
    message["text"]["plain"] = json!("打13800138000 找我");
    let row = &rows_with_texts(Topic::Events, "message", &message)[0];
    assert_eq!((&row["text"], &row["characters"]), (&json!("打*********** 找我"), &json!(15)));
    assert_eq!((&row["role"], &row["message"]), (&json!("user"), &message["id"]));
    message["text"]["plain"] = json!("好".repeat(10_000));
    let row = &rows_with_texts(Topic::Events, "message", &message)[0];
    assert_eq!((row["text"].as_str().unwrap().len(), &row["characters"]), (16_383, &json!(10_000)));
}

#[test]
fn answers_have_their_turn_and_sealed_texts_no_row() {
    let answered = example!("events/valid-answered-done.json");
    let row = &rows_with_texts(Topic::Events, "answered", &answered)[0];
    assert_eq!((&row["role"], &row["turn"]), (&json!("assistant"), &answered["turn"]));
    assert_eq!(row["text"], "Open Settings, then Badge.");
    let sealed = example!("events/valid-message-in-group-sealed.json");
    assert!(rows_with_texts(Topic::Events, "message", &sealed).is_empty());
    assert!(
        rows_with_texts(Topic::Events, "answered", &example!("events/valid-answered-expired.json"))
            .is_empty()
    );
}
