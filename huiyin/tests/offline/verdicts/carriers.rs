//! Places of a message in which a person's text may stand.

use serde_json::{Value, json};

const ADDRESS: &str = "https://a1.easemob.com/acme/support/chatfiles/6f9d3a52-0f0e-5c11-9f3b-0d5d2c7a1b06";

/// Payloads that have the text in one place each, with the name of the place.
pub(crate) fn all(text: &str) -> Vec<(&'static str, Value)> {
    let body =
        |body: Value| json!({"bodies": [body], "ext": {}, "from": "alice", "to": "bob", "type": "chat"});
    let ext = |ext: Value| json!({"bodies": [{"type": "txt", "msg": "hi"}], "ext": ext});
    let quote =
        json!({"msgID": "1501234567890123456", "msgPreview": text, "msgSender": "bob", "msgType": "txt"});
    let deep = json!({"a": json!({"b": json!({"c": text}).to_string()}).to_string()});
    vec![
        ("a body", body(json!({"type": "txt", "msg": text}))),
        ("a second body", json!({"bodies": [{"type": "txt", "msg": "hi"}, {"type": "txt", "msg": text}]})),
        ("a caption", body(json!({"type": "img", "url": ADDRESS, "filename": "a.jpg", "caption": text}))),
        ("the name of a picture", body(json!({"type": "img", "url": ADDRESS, "filename": text}))),
        (
            "the name of a file",
            body(json!({"type": "file", "url": ADDRESS, "filename": text, "file_length": 9})),
        ),
        ("a quoted text", ext(json!({ "msgQuote": quote }))),
        ("a quoted text within a text", ext(json!({ "msgQuote": quote.to_string() }))),
        ("the address of a place", body(json!({"type": "loc", "lat": 39.9, "lng": 116.4, "addr": text}))),
        (
            "the name of a building",
            body(json!({"type": "loc", "lat": 39.9, "lng": 116.4, "buildingName": text})),
        ),
        ("an ext", ext(json!({ "note": text }))),
        ("a nested ext", ext(json!({"deep": [{"deeper": {"deepest": [text]}}]}))),
        ("texts within an ext", ext(deep)),
        ("a custom event", body(json!({"type": "custom", "customEvent": text}))),
        ("a custom ext", body(json!({"type": "custom", "customEvent": "card", "customExts": [{"a": text}]}))),
        (
            "a new custom ext",
            body(json!({"type": "custom", "customEvent": "card", "v2:customExts": {"a": text}})),
        ),
        ("a command", body(json!({"type": "cmd", "action": text}))),
        (
            "the title of combined messages",
            body(
                json!({"type": "txt", "subType": "sub_combine", "title": text, "summary": "x", "url": ADDRESS}),
            ),
        ),
        (
            "the summary of combined messages",
            body(
                json!({"type": "txt", "subType": "sub_combine", "title": "x", "summary": text, "url": ADDRESS}),
            ),
        ),
        ("a push text", ext(json!({"em_push_ext": {"title": "x", "content": text}}))),
    ]
}
