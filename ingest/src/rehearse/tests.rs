use std::sync::Arc;

use catalogue::{Contents, Engines, RawCatalogue, validate};
use serde_json::json;

use super::*;

fn active() -> ActiveBundle {
    let text = "[[app]]\nkey = \"acme#support\"\nbot = [{ id = \"bot\", names = [\"小助手\"] }]\nchain = [\"m\"]\nallowed_regions = [\"cn\"]\n\
                label = \"AI\"\n[[target]]\nname = \"m\"\nprovider = \"local\"\nmodel = \"m\"\nregion = \"cn\"\n\
                [[filter.word]]\nid = \"weapons\"\nwords = [\"gun\"]\naction = \"block\"";
    let raw: RawCatalogue = toml::from_str(text).unwrap();
    let bundle = validate(&raw).unwrap();
    let engines = Engines::of(&bundle, &Contents::default()).unwrap();
    ActiveBundle::new(Arc::new(bundle), Arc::new(engines))
}

fn callback(chat: &str, to: &str, text: &str) -> Vec<u8> {
    json!({
        "callId": "acme#support_1", "timestamp": 1_735_689_600_000_i64, "chat_type": chat, "from": "alice", "to": to, "msg_id": "7",
        "payload": {"bodies": [{"type": "txt", "msg": text}], "ext": {}},
    })
    .to_string()
    .into_bytes()
}

fn incoming(body: &[u8], received_at: Millis) -> Incoming<'_> {
    Incoming { body, claim: None, received_at }
}

fn before(body: &[u8]) -> Result<Rehearsed, Untaken> {
    let app = AppKey::new("acme#support").unwrap();
    let codes = Codes { blocked: Some("no".to_owned()), ..Codes::default() };
    before_delivery(&active(), &app, &codes, incoming(body, 1_735_689_600_500))
}

#[test]
fn a_message_to_a_bot_is_recorded_as_if_its_record_were_acknowledged() {
    let told = before(&callback("chat", "bot", "hello")).unwrap();
    assert_eq!((told.reply.as_str(), told.result), (r#"{"valid":false}"#, "intercepted"));
    let message = told.message.unwrap();
    assert_eq!(message.bot.unwrap().as_str(), "bot");
    assert_eq!((message.sent_at, message.received_at), (1_735_689_600_000, 1_735_689_600_500));
    let group = before(&callback("group", "42", "＠小助手 hello")).unwrap().message.unwrap();
    assert_eq!(group.text.unwrap().plain(), Some("hello"));
}

#[test]
fn a_claim_is_in_the_record_as_if_the_app_had_signed_it() {
    let (app, body) = (AppKey::new("acme#support").unwrap(), callback("chat", "bot", "hello"));
    let claim = Some(TierClaim { tier: "gold".to_owned(), expires_at: 9 });
    let claiming = Incoming { claim: claim.clone(), ..incoming(&body, 1) };
    let told = before_delivery(&active(), &app, &Codes::default(), claiming.clone()).unwrap();
    assert_eq!(told.message.unwrap().claim, claim);
    let events = after_delivery(&active(), &app, claiming).unwrap();
    assert!(matches!(events.as_slice(), [Event::Missed(missed)] if missed.claim == claim), "{events:?}");
}

#[test]
fn what_is_stopped_or_among_people_is_answered_as_the_rule_answers() {
    let stopped = before(&callback("chat", "bot", "a gun")).unwrap();
    assert_eq!((stopped.reply.as_str(), stopped.result), (r#"{"valid":false,"code":"no"}"#, "blocked"));
    let among = before(&callback("chat", "bob", "hello")).unwrap();
    assert_eq!((among.reply.as_str(), among.result, among.message), (r#"{"valid":true}"#, "passed", None));
}

#[test]
fn a_recall_is_an_event_and_what_is_no_callback_is_told() {
    let mut recall: serde_json::Value = serde_json::from_slice(&callback("chat", "bot", "")).unwrap();
    recall["chat_type"] = json!("recall");
    recall["recall_id"] = json!("7");
    let app = AppKey::new("acme#support").unwrap();
    let events = after_delivery(&active(), &app, incoming(recall.to_string().as_bytes(), 1)).unwrap();
    assert!(
        matches!(events.as_slice(), [Event::Recall(reference)] if reference.message.as_str() == "acme#support/chat/7")
    );
    for body in [&b"[]"[..], b"{}", br#"{"callId":"1","timestamp":1,"a":1,"a":2}"#] {
        assert!(before(body).is_err(), "{}", String::from_utf8_lossy(body));
    }
}
