//! The same verdict, with the same code, wherever in a message a word stands.

use axum::http::StatusCode;
use catalogue::{Contents, Engines};
use mangle::Input;
use proptest::prelude::*;
use proptest::sample::Index;
use safety::{Action, Direction};
use schemas::event::{Event, Message};
use schemas::text::Text;
use serde_json::{Value, json};
use tokio::runtime::Builder;

use crate::fuzz::payloads;
use crate::line::{Line, bundle, chat, now, post, signed};
use crate::publisher::Mood;

/// What a client may send, `@` where a person wrote something. Each is tried with every field planted by itself.
fn carriers() -> Vec<Value> {
    let of = |body: Value| json!({"bodies": [body], "ext": {}, "from": "alice", "to": "bob", "meta": {}, "type": "chat"});
    let with = |ext: Value| json!({"bodies": [{"type": "txt", "msg": "hi"}], "ext": ext});
    let address = "https://a1.easemob.com/acme/support/chatfiles/6f9d3a52-0f0e-5c11-9f3b-0d5d2c7a1b06";
    let quote = r#"{"msgID":"1501234567890123456","msgPreview":"@","msgSender":"@","msgType":"txt"}"#;
    vec![
        of(json!({"type": "txt", "msg": "@"})),
        json!({"type": "txt", "msg": "@"}),
        json!({"msg": "@"}),
        json!("@"),
        of(
            json!({"type": "img", "url": address, "filename": "@", "file_length": 9, "size": {"width": 1, "height": 2},
            "secret": "k", "thumbFilename": "@", "caption": "@"}),
        ),
        of(json!({"type": "audio", "url": address, "filename": "@", "length": 3})),
        of(json!({"type": "video", "url": address, "thumb": address, "filename": "@", "length": 3})),
        of(json!({"type": "file", "url": address, "filename": "@", "file_length": 9})),
        of(json!({"type": "loc", "lat": 39.9, "lng": 116.4, "addr": "@", "buildingName": "@"})),
        of(json!({"type": "cmd", "action": "@"})),
        of(json!({"type": "cmd", "msg": "@"})),
        of(json!({"type": "custom", "customEvent": "@", "customExts": {"a": "@", "b": ["@"]}})),
        of(json!({"type": "custom", "customEvent": "card", "customExts": [{"a": "@"}, {"no": 7}],
            "v2:customExts": {"a": "@", "@": "x"}})),
        of(
            json!({"type": "txt", "subType": "sub_combine", "combineLevel": 1, "title": "@", "summary": "@", "msg": "@",
            "url": address, "filename": "@"}),
        ),
        of(json!({"subType": "sub_combine", "title": "@", "summary": "@"})),
        of(json!({"type": "sticker", "whatever": {"deep": ["@"]}})),
        json!({"bodies": [{"type": "txt", "msg": "hi"}, {"type": "txt", "msg": "@"}, {"type": "file", "filename": "@"}]}),
        with(json!({"note": "@", "deep": [{"deeper": {"@": ["@"]}}]})),
        with(json!({"msgQuote": {"msgID": "1501234567890123456", "msgPreview": "@", "msgSender": "@"}})),
        with(json!({ "msgQuote": quote })),
        with(json!({"a": json!({"b": json!({"c": "@"}).to_string()}).to_string()})),
        with(json!({"em_push_ext": {"title": "@", "content": "@"}, "em_apns_ext": {"em_push_title": "@"}})),
        with(json!({"em_push_template": {"name": "t", "title_args": ["@"], "content_args": ["@"]}})),
        with(json!({"em_at_list": ["@", "bob"], "huiyin": {"reply_id": "@"}, "AIGC": {"Label": "@"}})),
        with(json!("@")),
    ]
}

/// The payload with the word in place of the `n`th `@`, and nothing in place of the others.
fn planted(carrier: &Value, n: usize, word: &str) -> Value {
    let text = carrier.to_string();
    let pieces: Vec<&str> = text.split('@').collect();
    let escaped = json!(word).to_string();
    let mut out = pieces[0].to_owned();
    for (at, piece) in pieces[1..].iter().enumerate() {
        out += if at == n { &escaped[1..escaped.len() - 1] } else { "x" };
        out += piece;
    }
    serde_json::from_str(&out).unwrap()
}

fn places(carrier: &Value) -> usize {
    carrier.to_string().matches('@').count()
}

fn message(payload: Value, to: &str) -> Value {
    let mut callback = chat("alice", to, "");
    callback["payload"] = payload;
    callback
}

/// What the guard makes of a record: the texts of it, judged by the same engine.
fn judged_again(message: &Message) -> (Action, Vec<String>) {
    let engines = Engines::of(&bundle(""), &Contents::default()).unwrap();
    let texts: Vec<&str> = message.text.iter().chain(&message.other_texts).filter_map(Text::plain).collect();
    let found = engines.shared().judge_all(Direction::Input, &texts);
    (found.action(), found.rules())
}

#[tokio::test(start_paused = true)]
async fn a_word_is_stopped_in_every_field_of_every_kind_and_decide_finds_it_in_the_record() {
    for (word, rule) in [
        ("去赌博吧", "gamble"),
        ("赌\u{200b}\u{fe0f}博", "gamble"),
        ("賭博", "gamble"),
        ("ｓｔｒａｎｇｅ　ｂｒｅｗ", "odd"),
    ] {
        for to in ["bob", "bot_helpdesk"] {
            for carrier in carriers() {
                for place in 0..places(&carrier) {
                    let line = Line::new("record = \"all\"", Mood::Acknowledges);
                    let payload = planted(&carrier, place, word);
                    let reply = line.before(message(payload.clone(), to)).await;
                    assert_eq!(reply, json!({"valid": false, "code": "blocked"}), "{payload}");
                    let events = line.memory.events();
                    let [Event::Message(recorded)] = &events[..] else { panic!("{events:?}") };
                    assert_eq!(recorded.verdict.rules, [rule], "{payload}");
                    let verdict = (recorded.verdict.action, recorded.verdict.rules.clone());
                    assert_eq!(judged_again(recorded), verdict, "{payload}");
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_messages_without_the_word_are_delivered() {
    for carrier in carriers() {
        let line = Line::new("", Mood::Silent);
        let payload = planted(&carrier, usize::MAX, "");
        assert_eq!(line.before(message(payload.clone(), "bob")).await, json!({"valid": true}), "{payload}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_word_that_begins_in_one_body_and_ends_in_the_next_is_found_in_the_callback_and_in_the_record() {
    let line = Line::new("record = \"all\"", Mood::Acknowledges);
    let bodies = json!({"bodies": [{"type": "txt", "msg": "去赌"}, {"type": "txt", "msg": "博吧"}]});
    assert_eq!(line.before(message(bodies, "bob")).await["valid"], false);
    let Event::Message(recorded) = &line.memory.events()[0] else { panic!() };
    assert_eq!(judged_again(recorded), (Action::Block, vec!["gamble".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn what_has_more_texts_than_are_judged_is_not_delivered_and_not_recorded() {
    let more: Vec<String> = (0..1_100).map(|n| format!("text {n}")).collect();
    let mut text = "[]".to_owned();
    for _ in 0..3 {
        text = serde_json::to_string(&vec![text; 12]).unwrap();
    }
    for ext in [json!(more), json!({ "x": text })] {
        let line = Line::new("record = \"all\"", Mood::Acknowledges);
        let callback = message(json!({"bodies": [{"type": "txt", "msg": "hi"}], "ext": ext}), "bob");
        assert_eq!(line.before(callback.clone()).await, json!({"valid": false, "code": "blocked"}));
        let (status, reply) = line.call("/post", callback).await;
        assert_eq!((status, reply), (StatusCode::OK, json!({"accepted": true})));
        assert_eq!(line.memory.records().len(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_verdict_on_the_worst_message_takes_no_more_than_its_size() {
    let line = Line::with_limits("", Mood::Silent, |limits| limits.sender.burst = 1_000);
    let brackets = "[".repeat(30_000);
    let quotes = "\\\"".repeat(15_000);
    let tiny: Vec<&str> = vec!["{"; 7_000];
    for ext in
        [json!(brackets), json!(quotes), json!(tiny), json!({"[1": brackets}), json!("赌".repeat(10_000))]
    {
        let body = signed(message(json!({"msg": "hi", "ext": ext}), "bob"), now()).to_string();
        let began = std::time::Instant::now();
        assert_eq!(line.send(post("/pre", body)).await.0, StatusCode::OK);
        // Unoptimised and on a busy machine; what takes quadratic time takes minutes.
        assert!(began.elapsed().as_secs() < 10, "{:?}", began.elapsed());
    }
}

/// Fields that Easemob's server writes.
const OF_THE_SERVER: [&str; 7] =
    ["from", "to", "meta", "msg_config", "edit_message_id", "ack_message_id", "recall_id"];

/// Where a person could have written something: every text and every object's new field, as JSON pointers.
fn fields(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(at.to_owned()),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, item)| fields(item, &format!("{at}/{n}"), found));
        }
        Value::Object(members) => {
            found.push(format!("{at}/ "));
            for (name, member) in members.iter().filter(|(name, _)| !OF_THE_SERVER.contains(&name.as_str())) {
                let name = name.replace('~', "~0").replace('/', "~1");
                fields(member, &format!("{at}/{name}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn plant(payload: &mut Value, at: &str, text: String) {
    match at.strip_suffix("/ ").and_then(|object| payload.pointer_mut(object)) {
        Some(Value::Object(members)) => drop(members.insert(text, json!(1))),
        _ => *payload.pointer_mut(at).unwrap() = json!(text),
    }
}

fn reply_to(payload: Value) -> (StatusCode, Value) {
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let line = Line::with_limits("", Mood::Silent, |limits| limits.max_body_bytes = 2 * 1_024 * 1_024);
    runtime.block_on(line.call("/pre", message(payload, "bob")))
}

proptest! {
    #![proptest_config(mangle::cases(600))]

    /// Valid messages of every kind, damaged in other places, with the word anywhere in the middle of other text.
    #[test]
    fn a_word_planted_in_a_random_field_of_a_random_message_is_always_stopped(
        payload in mangle::json(payloads()),
        field in any::<Index>(),
        before in mangle::unicode(),
        after in mangle::unicode(),
    ) {
        let read = |Input(bytes): &Input| serde_json::from_slice::<Value>(bytes).ok();
        let Some(mut payload) = read(&payload) else { return Ok(()) };
        let mut places = Vec::new();
        fields(&payload, "", &mut places);
        prop_assume!(!places.is_empty());
        let place: &String = field.get(&places);
        plant(&mut payload, place, format!("{before}赌博{after}"));
        let blocked = (StatusCode::OK, json!({"valid": false, "code": "blocked"}));
        prop_assert_eq!(reply_to(payload), blocked);
    }
}
