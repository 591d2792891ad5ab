//! What is said in a message: a text, a list of parts, or nothing.

use serde_json::Value;

/// Kinds of parts that are said aloud. Thoughts, calls of tools and what is not known here are not.
const ALOUD: [&str; 5] = ["text", "output_text", "text_delta", "plain_text", "markdown"];
/// Deepest list of lists that is looked into.
const DEPTH: u8 = 4;

/// The text of a message's content.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) text: String,
    /// A part says that the model refuses.
    pub(super) refused: bool,
}

impl Content {
    pub(super) fn of(value: &Value) -> Self {
        let mut content = Self::default();
        content.add(value, DEPTH);
        content
    }

    /// This, and then the other.
    pub(super) fn then(mut self, other: Self) -> Self {
        self.text.push_str(&other.text);
        self.refused |= other.refused;
        self
    }

    fn add(&mut self, value: &Value, depth: u8) {
        match value {
            Value::String(text) => self.text.push_str(text),
            Value::Number(number) => self.text.push_str(&number.to_string()),
            Value::Array(parts) if depth > 0 => parts.iter().for_each(|part| self.add(part, depth - 1)),
            Value::Object(part) => {
                let kind = part.get("type").and_then(Value::as_str).map(str::to_ascii_lowercase);
                let thought = part.get("thought") == Some(&Value::Bool(true));
                self.refused |= kind.as_deref() == Some("refusal");
                let aloud = kind.is_none_or(|kind| ALOUD.contains(&kind.as_str())) && !thought;
                // Some put the text one level deeper.
                let said = ["text", "content", "value", "parts"].iter().find_map(|name| part.get(*name));
                if let (true, Some(said), true) = (aloud, said, depth > 0) {
                    self.add(said, depth - 1);
                }
            }
            Value::Null | Value::Bool(_) | Value::Array(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn content_is_read_in_every_form() {
        let cases = [
            (json!("ANSWER"), "ANSWER"),
            (json!(null), ""),
            (json!(false), ""),
            (json!(42), "42"),
            (json!([]), ""),
            (json!({}), ""),
            (json!(["ANS", "WER"]), "ANSWER"),
            (json!([{"type": "text", "text": "ANS"}, {"type": "text", "text": "WER"}]), "ANSWER"),
            (json!([{"text": "ANS"}, {"type": "output_text", "text": "WER", "annotations": []}]), "ANSWER"),
            (json!([{"type": "Text", "text": {"value": "ANSWER", "annotations": []}}]), "ANSWER"),
            (json!({"type": "text", "text": "ANSWER"}), "ANSWER"),
            (json!({"parts": [{"text": "hm", "thought": true}, {"text": "ANSWER"}]}), "ANSWER"),
            (json!([[{"type": "text", "text": "ANSWER"}]]), "ANSWER"),
            (
                json!([{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "ANSWER"}]),
                "ANSWER",
            ),
            (json!([{"type": "thinking", "thinking": "hm", "text": "hm"}, "ANSWER"]), "ANSWER"),
            (
                json!([{"type": "reasoning", "text": "hm"}, {"type": "redacted_thinking", "data": "x"}, {"type": "text", "text": "ANSWER"}]),
                "ANSWER",
            ),
            (
                json!([{"type": "image_url", "image_url": {"url": "u"}}, {"type": "text", "text": "ANSWER"}, null, 
                {"type": "tool_use", "text": "no"}]),
                "ANSWER",
            ),
        ];
        for (content, expected) in cases {
            assert_eq!(Content::of(&content), Content { text: expected.into(), refused: false }, "{content}");
        }
        let refusal = json!([{"type": "refusal", "refusal": "I cannot."}, {"type": "text", "text": "x"}]);
        assert!(Content::of(&refusal).refused);
    }
}
