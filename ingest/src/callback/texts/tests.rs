use serde_json::{Value, json};

use super::gather::{MOST_BYTES, MOST_TEXTS};
use super::*;
use crate::callback::json;
use crate::callback::value::Json;

/// Texts of a payload; both ways of visiting must find the same, so that all that is judged can be masked.
fn texts(payload: Value) -> Vec<String> {
    let text = payload.to_string();
    let mut payload = json::read(&text).unwrap();
    let read = gather(&payload);
    assert!(!read.is_cut);
    let mut found = Vec::new();
    visit(&mut payload, &mut |text| found.push(text.clone()));
    found.retain(|text| !text.trim().is_empty());
    assert_eq!(read.texts, found);
    found
}

fn gathered(payload: &Value) -> Gathered {
    let text = payload.to_string();
    gather(&json::read(&text).unwrap())
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
fn what_programs_write_is_no_text_and_a_text_in_its_place_is_one() {
    let ids = json!({"em_at_list": ["bob", {"userId": "a-1"}], "msgQuote": {"msgID": "1501234567890123456"},
        "huiyin": {"v": 1, "reply_id": "6f9d3a52-0f0e"}, "AIGC": {"Label": "1"}});
    assert!(texts(json!({"bodies": [], "ext": ids})).is_empty());
    let hidden = json!({"em_at_list": ["赌", "[\"博\",\"bob\"]"], "msgQuote": "{\"msgID\":\"a b\"}", "huiyin": {"x": "c d"}});
    let found = texts(json!({"bodies": [], "ext": hidden}));
    assert_eq!(found, ["赌", "[\"博\",\"bob\"]", "博", "{\"msgID\":\"a b\"}", "a b", "c d"]);
    let body = json!({"type": "e f", "subType": "g", "url": "看 https://x/y", "secret": "赌", "thumb": "https://x/赌"});
    assert_eq!(texts(json!({"bodies": [body]})), ["e f", "看 https://x/y", "赌"]);
}

#[test]
fn numbers_count_where_people_see_them_and_not_where_programs_count() {
    let body = json!({"type": "custom", "customEvent": "order", "customExts": [{"no": 8964}], "file_length": 8964,
        "size": {"width": 8964}, "lat": 8.964});
    assert_eq!(texts(json!({"bodies": [body], "ext": {"at": 8964}})), ["order", "8964"]);
    assert_eq!(texts(json!({"type": "txt", "msg": 8964})), ["8964"]);
}

#[test]
fn the_first_texts_of_several_bodies_are_one_text_more() {
    let bodies =
        json!([{"type": "txt", "msg": "去赌"}, {"type": "img"}, {"type": "file", "filename": "博.pdf"}]);
    assert_eq!(gathered(&json!({"bodies": bodies})).texts, ["去赌", "博.pdf", "去赌博.pdf"]);
    assert_eq!(gathered(&json!({"bodies": [{"type": "txt", "msg": "去"}]})).texts, ["去"]);
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

#[test]
fn as_many_texts_are_judged_as_may_be_and_with_one_more_it_is_cut() {
    let many = |n: usize| json!({"ext": {"x": vec!["a"; n]}});
    assert!(!gathered(&many(MOST_TEXTS)).is_cut);
    assert!(gathered(&many(MOST_TEXTS + 1)).is_cut);
    let long = |n: usize| json!({"ext": {"x": ["a".repeat(n - 1), "b"]}});
    assert!(!gathered(&long(MOST_BYTES)).is_cut);
    assert!(gathered(&long(MOST_BYTES + 1)).is_cut);
}

#[test]
fn the_largest_message_that_easemob_takes_is_read_whole() {
    let texts: Vec<&str> = vec!["a"; 5_120 / 5];
    let text = json!({"bodies": [], "ext": texts}).to_string();
    assert!((4_000..5_120).contains(&text.len()), "{}", text.len());
    assert!(!gather(&json::read(&text).unwrap()).is_cut);
    let mut quoted = "赌".repeat(400);
    for _ in 0..5 {
        quoted = serde_json::to_string(&json!({ "q": quoted })).unwrap();
    }
    assert!(quoted.len() < 5_120, "{}", quoted.len());
    assert!(!gather(&Json::Text(quoted.into())).is_cut);
}

#[test]
fn texts_within_texts_do_not_multiply_what_is_read() {
    let mut text = "[]".to_owned();
    for _ in 0..4 {
        text = serde_json::to_string(&vec![text; 8]).unwrap();
    }
    let gathered = gather(&Json::Text(text.into()));
    assert!(gathered.is_cut);
    assert!(gathered.texts.iter().map(String::len).sum::<usize>() <= MOST_BYTES);
}
