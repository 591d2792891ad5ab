use serde_json::{Value, json};

use super::*;

fn read(callback: Value) -> Callback<'static> {
    Callback::read(callback.to_string().leak()).unwrap()
}

#[test]
fn mentions_come_as_a_list_as_text_and_as_junk() {
    for (list, ids) in [
        (json!(["bot", 7, "alice", true]), vec!["bot", "7", "alice"]),
        (json!([]), vec![]),
        (json!("ALL"), vec![]),
        (json!(["ALL", "bot"]), vec!["bot"]),
        (json!("[\"bot\"]"), vec!["bot"]),
        (json!(["all"]), vec![]),
        (json!("bot"), vec!["bot"]),
        (json!(7), vec!["7"]),
        (json!("bot, alice"), vec!["bot", "alice"]),
        (json!("bot，a b；ALL"), vec!["bot", "a b"]),
        (
            json!([{"id": "bot"}, {"nick": "x", "user_id": 7}, {"userName": "alice"}]),
            vec!["bot", "7", "alice"],
        ),
        (json!("[{\"userId\":\"bot\"}]"), vec!["bot"]),
        (json!({"uid": "bot"}), vec!["bot"]),
        (json!([{"nick": "x"}, {}, []]), vec![]),
        (json!(true), vec![]),
        (json!({"a": 1}), vec![]),
    ] {
        let callback = read(json!({"payload": {"ext": {"em_at_list": list.clone()}}}));
        let mentioned = callback.mentioned();
        assert_eq!(mentioned.iter().map(UserId::as_str).collect::<Vec<_>>(), ids, "{list}");
    }
}

#[test]
fn a_place_is_the_group_wherever_it_says_so() {
    let group = |id: &str| Some(Place::Group(GroupId::new(id).unwrap()));
    let pair = |from: &str, to: &str| Some(Place::Pair(UserId::new(from).unwrap(), UserId::new(to).unwrap()));
    let room = |id: &str| Some(Place::Room(GroupId::new(id).unwrap()));
    for (callback, place) in [
        (json!({"chat_type": "group", "from": "a", "to": "b", "group_id": 42}), group("42")),
        (json!({"chat_type": "groupchat", "from": "a", "to": "42"}), group("42")),
        (json!({"chat_type": "chatroom", "from": "a", "to": "b", "group_id": "42"}), room("42")),
        (json!({"chat_type": "groupchat", "to": "42", "content_type": "chat:room:text"}), room("42")),
        (json!({"chat_type": "groupchat", "to": "42", "payload": {"type": "chatroom"}}), room("42")),
        (json!({"chat_type": "recall", "from": "a", "to": "b", "group_id": "42"}), group("42")),
        (json!({"chat_type": "chat", "from": 12, "to": "b/c@d|e f"}), pair("12", "b/c@d|e f")),
        (json!({"chat_type": "chat", "from": "a\nb", "to": "b"}), None),
        (json!({"chat_type": "chat", "from": 1.5, "to": "b"}), None),
        (json!({"chat_type": "group"}), None),
    ] {
        assert_eq!(read(callback.clone()).place(), place, "{callback}");
    }
}

#[test]
fn the_digits_of_the_envelope_are_those_of_the_body() {
    for (timestamp, digits) in
        [(json!(1735689600123_u64), "1735689600123"), (json!("1735689600123"), "1735689600123")]
    {
        let envelope = read(json!({"callId": "c", "timestamp": timestamp})).envelope().unwrap();
        assert_eq!((envelope.timestamp.as_str(), envelope.sent_at), (digits, 1735689600123));
    }
}

#[test]
fn the_raw_body_keeps_everything_but_the_signature() {
    for (body, raw) in [
        (
            r#"{"b":1501234567890123457,"security":"x","a":{"z":1.0,"y":2}}"#,
            r#"{"b":1501234567890123457,"a":{"z":1.0,"y":2}}"#,
        ),
        (r#"{"security":"x","a":{"security":"x"}}"#, r#"{"a":{"security":"x"}}"#),
        (r#"{"a":"\"security\":\"x\"","security":"x"}"#, r#"{"a":"\"security\":\"x\""}"#),
        (r#"{"security":"x"}"#, "{}"),
        ("{ \"a\" : [ 1 ] ,\n \"security\" : \"x\" }", "{ \"a\" : [ 1 ]  }"),
        ("{\n\"security\" : \"\" , \"a\":1}", "{ \"a\":1}"),
        (r#"{"a":1,"\u0073ecurity":"x","b":2}"#, r#"{"a":1,"b":2}"#),
        // These are written anew.
        (r#"{"a": 1, "security": "\u0078", "b": 2}"#, r#"{"a":1,"b":2}"#),
        (r#"{"a":"\ud83d","security":"x"}"#, "{\"a\":\"\u{fffd}\"}"),
        (r#"{"a":1,"security":["x"]}"#, r#"{"a":1}"#),
    ] {
        let cut = Callback::read(body).unwrap().without_signature();
        assert_eq!(cut, raw, "{body}");
        assert!(serde_json::from_str::<Value>(&cut).is_ok());
    }
}
