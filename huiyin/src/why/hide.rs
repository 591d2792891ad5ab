//! Takes out of a record what people said and who they are.

use serde_json::Value;

/// Fields that name people as Easemob does.
const PEOPLE: [&str; 6] = ["sender", "user", "others", "lane", "conversation", "person"];

/// Hides every text, with its length left, and every name of a person.
pub(super) fn texts(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(texts),
        Value::Object(fields) => {
            let said = fields.get("plain").and_then(Value::as_str).map(|text| text.chars().count());
            if let Some(characters) = said.filter(|_| fields.len() == 1) {
                *value = Value::from(format!("({characters} characters)"));
                return;
            }
            for (name, field) in fields.iter_mut() {
                match name.as_str() {
                    name if PEOPLE.contains(&name) => *field = Value::from("(hidden)"),
                    // What the client of whoever wrote put there.
                    "tags" => *field = Value::from("(hidden)"),
                    _ => texts(field),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_text_and_no_name_is_left() {
        let mut value = json!({
            "text": {"plain": "我的电话"}, "other_texts": [{"plain": "ab"}], "sender": "alice", "kind": "text",
            "outcome": {"text": {"plain": "secret"}, "end": "done"}, "tags": {"a": "b"}, "sealed": {"sealed": {"key": "k", "bytes": "x"}},
        });
        texts(&mut value);
        assert_eq!(
            value,
            json!({
                "text": "(4 characters)", "other_texts": ["(2 characters)"], "sender": "(hidden)", "kind": "text",
                "outcome": {"text": "(6 characters)", "end": "done"}, "tags": "(hidden)", "sealed": {"sealed": {"key": "k", "bytes": "x"}},
            })
        );
    }

    #[test]
    fn no_example_of_a_record_says_anything_once_it_is_hidden() {
        for text in [
            include_str!("../../../schemas/examples/events/valid-message.json"),
            include_str!("../../../schemas/examples/events/valid-answered-done.json"),
            include_str!("../../../schemas/examples/requests/valid-answer.json"),
            include_str!("../../../schemas/examples/answers/valid-model.json"),
        ] {
            let mut value: Value = serde_json::from_str(text).unwrap();
            texts(&mut value);
            let left = value.to_string();
            assert!(!left.contains("plain") && !left.contains("alice"), "{left}");
        }
    }
}
