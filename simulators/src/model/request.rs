//! A chat request, read leniently.

use serde_json::{Map, Value};

/// One message of a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) role: String,
    pub(crate) text: String,
}

/// What matters of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ChatRequest {
    pub(crate) model: String,
    pub(crate) turns: Vec<Turn>,
    /// Deprecated limit.
    pub(crate) max_tokens: Option<u64>,
    pub(crate) max_completion_tokens: Option<u64>,
    pub(crate) stream: bool,
}

impl ChatRequest {
    /// Reads the body of a request; the error says which field is missing or wrong.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, &'static str> {
        let fields: Map<String, Value> =
            serde_json::from_slice(bytes).map_err(|_| "body is not a JSON object")?;
        let model =
            fields.get("model").and_then(Value::as_str).ok_or("you must provide a model parameter")?;
        let messages = fields.get("messages").and_then(Value::as_array).ok_or("missing messages")?;
        let turns = messages.iter().map(turn).collect::<Option<Vec<_>>>().ok_or("a message is malformed")?;
        if turns.is_empty() {
            return Err("messages is empty");
        }
        let number = |name: &str| fields.get(name).and_then(Value::as_u64);
        Ok(Self {
            model: model.to_owned(),
            turns,
            max_tokens: number("max_tokens"),
            max_completion_tokens: number("max_completion_tokens"),
            stream: fields.get("stream").and_then(Value::as_bool).unwrap_or_default(),
        })
    }

    /// Texts of the user's messages, oldest first.
    pub(crate) fn user_texts(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.turns.iter().filter(|turn| turn.role == "user").map(|turn| turn.text.as_str())
    }

    /// Text of the user's last message.
    pub(crate) fn last_user(&self) -> &str {
        self.user_texts().next_back().unwrap_or_default()
    }
}

fn turn(message: &Value) -> Option<Turn> {
    let role = message.get("role")?.as_str()?.to_owned();
    let text = match message.get("content")? {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part.get("text")?.as_str()).collect(),
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => return None,
    };
    Some(Turn { role, text })
}

#[cfg(test)]
mod tests {
    use super::ChatRequest;

    #[test]
    fn content_may_be_text_or_parts() {
        let body = br#"{"model":"m","messages":[{"role":"system","content":"be brief"},
            {"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]}"#;
        let request = ChatRequest::read(body).unwrap();
        assert_eq!(request.last_user(), "ab");
        assert_eq!(request.user_texts().count(), 1);
        assert_eq!(request.max_tokens, None);
    }

    #[test]
    fn a_request_without_what_it_needs_is_refused_by_name() {
        assert_eq!(ChatRequest::read(b"[]"), Err("body is not a JSON object"));
        assert_eq!(ChatRequest::read(b"{}"), Err("you must provide a model parameter"));
        assert_eq!(ChatRequest::read(br#"{"model":"m"}"#), Err("missing messages"));
        assert_eq!(ChatRequest::read(br#"{"model":"m","messages":[]}"#), Err("messages is empty"));
        assert_eq!(ChatRequest::read(br#"{"model":"m","messages":[{}]}"#), Err("a message is malformed"));
    }
}
