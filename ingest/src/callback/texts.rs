//! Every text of a payload: all its strings, except addresses and words of the protocol.

use std::borrow::Cow;

use super::json;
use super::value::Json;

/// Fields that a client does not show: words of the protocol, ids, addresses.
const PROTOCOL: [&str; 16] = [
    "type",
    "subType",
    "url",
    "secret",
    "thumb",
    "thumb_secret",
    "from",
    "to",
    "meta",
    "chat_type",
    "channel_type",
    "operation",
    "msg_config",
    "edit_message_id",
    "ack_message_id",
    "recall_id",
];
/// How often a text that is JSON may hold another text that is JSON.
const MAX_NESTING: usize = 4;

/// Calls `on` with every text of a payload, the same ones as [`visit`], which needs a copy of the payload.
pub(super) fn each(payload: &Json<'_>, on: &mut dyn FnMut(&str)) {
    let Json::Object(fields) = payload else { return each_value(payload, 0, on) };
    for (name, value) in fields.iter() {
        match (name, value) {
            ("bodies", Json::List(bodies)) => bodies.iter().for_each(|body| each_of_body(body, on)),
            ("ext", ext) => each_value(ext, 0, on),
            (name, value) if !PROTOCOL.contains(&name) => each_value(value, 0, on),
            _ => {}
        }
    }
}

fn each_of_body(body: &Json<'_>, on: &mut dyn FnMut(&str)) {
    let Json::Object(fields) = body else { return each_value(body, 0, on) };
    for (_, value) in fields.iter().filter(|(name, _)| !PROTOCOL.contains(name)) {
        each_value(value, 0, on);
    }
}

fn each_value(value: &Json<'_>, nesting: usize, on: &mut dyn FnMut(&str)) {
    match value {
        Json::Text(text) => each_of_text(text, nesting, on),
        Json::List(items) => items.iter().for_each(|item| each_value(item, nesting, on)),
        Json::Object(fields) => {
            for (name, value) in fields.iter() {
                if !is_identifier(name) {
                    on(name);
                }
                each_value(value, nesting, on);
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

fn each_of_text(text: &str, nesting: usize, on: &mut dyn FnMut(&str)) {
    on(text);
    if !text.trim_start().starts_with(['{', '[']) {
        return;
    }
    match json::read(text) {
        Ok(inner) if nesting < MAX_NESTING => each_value(&inner, nesting + 1, on),
        _ => {
            let plain = json::unescaped(text);
            if plain != *text {
                on(&plain);
            }
        }
    }
}

/// Calls `on` with every text of a payload, and puts what `on` makes of it in its place.
pub(super) fn visit(payload: &mut Json<'_>, on: &mut dyn FnMut(&mut String)) {
    let Json::Object(fields) = payload else { return visit_value(payload, 0, on) };
    for (name, value) in fields.iter_mut() {
        match (name, value) {
            ("bodies", Json::List(bodies)) => bodies.iter_mut().for_each(|body| visit_body(body, on)),
            ("ext", ext) => visit_value(ext, 0, on),
            (name, value) if !PROTOCOL.contains(&name) => visit_value(value, 0, on),
            _ => {}
        }
    }
}

fn visit_body(body: &mut Json<'_>, on: &mut dyn FnMut(&mut String)) {
    match body {
        Json::Object(fields) => {
            for (_, value) in fields.iter_mut().filter(|(name, _)| !PROTOCOL.contains(name)) {
                visit_value(value, 0, on);
            }
        }
        other => visit_value(other, 0, on),
    }
}

/// The JSON parser bounds how deep values are nested; `nesting` counts how deep texts that are JSON are.
fn visit_value(value: &mut Json<'_>, nesting: usize, on: &mut dyn FnMut(&mut String)) {
    match value {
        Json::Text(text) => visit_text(text, nesting, on),
        Json::List(items) => items.iter_mut().for_each(|item| visit_value(item, nesting, on)),
        Json::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                if !is_identifier(name) {
                    on(&mut name.to_owned());
                }
                visit_value(value, nesting, on);
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// Visits a text, and if it is JSON the texts in it, which are escaped there.
fn visit_text(text: &mut Cow<'_, str>, nesting: usize, on: &mut dyn FnMut(&mut String)) {
    on(text.to_mut());
    if !text.trim_start().starts_with(['{', '[']) {
        return;
    }
    let changed = match json::read(text) {
        Ok(mut inner) if nesting < MAX_NESTING => {
            let before = inner.clone();
            visit_value(&mut inner, nesting + 1, on);
            (inner != before).then(|| inner.to_string())
        }
        // We cannot read it as JSON, but another reader may: its escapes are decoded and the whole is one text.
        _ => {
            let mut plain = json::unescaped(text);
            if plain != **text {
                on(&mut plain);
            }
            None
        }
    };
    if let Some(changed) = changed {
        *text = changed.into();
    }
}

/// Whether a name is one for programs. Clients might show any other name to people.
fn is_identifier(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':'))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// Texts of a payload; both ways of visiting must find the same, so that all that is judged can be masked.
    fn texts(payload: Value) -> Vec<String> {
        let text = payload.to_string();
        let mut payload = json::read(&text).unwrap();
        let (mut read, mut found) = (Vec::new(), Vec::new());
        each(&payload, &mut |text| read.push(text.to_owned()));
        visit(&mut payload, &mut |text| found.push(text.clone()));
        assert_eq!(read, found);
        found
    }

    #[test]
    fn texts_are_found_wherever_a_client_could_show_them() {
        let payload = json!({
            "bodies": [{"type": "file", "url": "https://x/y", "filename": "a.pdf", "secret": "k", "unknown": ["u"]}],
            "ext": {"deep": [{"deeper": "d"}], "msgQuote": "{\"msgPreview\":\"\\u8d4c\"}", "看 我": 1},
            "from": "alice", "to": "bot", "type": "chat", "meta": {"x": "y"}
        });
        assert_eq!(texts(payload), ["a.pdf", "u", "d", "{\"msgPreview\":\"\\u8d4c\"}", "赌", "看 我"]);
        assert_eq!(texts(json!({"type": "txt", "msg": "hello"})), ["hello"]);
    }

    #[test]
    fn changes_reach_the_payload_even_inside_of_nested_json() {
        let text = r#"{"bodies":[{"type":"txt","msg":"bad"}],"ext":{"q":"{\"p\":\"bad\"}"}}"#;
        let mut payload = json::read(text).unwrap();
        visit(&mut payload, &mut |text| {
            if text == "bad" {
                *text = "***".into();
            }
        });
        assert_eq!(payload.to_string(), text.replace("bad", "***"));
    }

    #[test]
    fn json_nested_in_text_without_end_is_given_up_and_read_as_text() {
        let mut text = "end".to_owned();
        for _ in 0..8 {
            text = serde_json::to_string(&[text]).unwrap();
        }
        assert_eq!(texts(json!({"ext": {"x": text}})).len(), MAX_NESTING + 2);
    }
}
