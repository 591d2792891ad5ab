use crate::http::{call, client, order, post, read};
use crate::line::{APP, Line, Reply, easemob, rule};
use serde_json::{Value, json};
use simulators::easemob::{ChatKind, Fallback, GroupWord, PayloadShape, RuleConfig};
use std::time::Duration;

fn hello(more: Value) -> Value {
    let mut body =
        json!({"app": APP, "chat_type": "chat", "from": "alice", "to": "bot_helpdesk", "text": "hello"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[tokio::test]
async fn the_documented_sample_goes_out_with_the_documented_signature() {
    let line = Line::start(r#"{"valid":true}"#).await;
    let sim = easemob(vec![rule("before", &line.url)]).await;
    let sent = order(
        &sim,
        "/control/send",
        hello(json!({
            "text": "how do I reset my badge?",
            "ext": {"ease_chat_uikit_user_info": {"nickname": "Alice", "avatarURL": ""}},
            "msg_id": "1501234567890123456",
            "timestamp": 1_735_689_600_123_u64,
            "faults": {"call_id": "acme#support_3b0f6f0e-7c1e-4d0a-9c55-2f1b8f0c9a11"},
        })),
    )
    .await;
    assert_eq!(sent["delivered"], true);
    assert_eq!(sent["decided_by"], "verdict");
    assert_eq!(sent["status"], 200);
    assert_eq!(sent["msg_id"], "1501234567890123456");
    assert!(sent["latency_ms"].as_f64().unwrap() > 0.0);
    let expected = json!({
        "callId": "acme#support_3b0f6f0e-7c1e-4d0a-9c55-2f1b8f0c9a11",
        "timestamp": 1_735_689_600_123_u64,
        "chat_type": "chat", "from": "alice", "to": "bot_helpdesk", "msg_id": "1501234567890123456",
        "payload": {
            "bodies": [{"type": "txt", "msg": "how do I reset my badge?"}],
            "ext": {"ease_chat_uikit_user_info": {"nickname": "Alice", "avatarURL": ""}},
            "from": "alice", "to": "bot_helpdesk", "meta": {}, "type": "chat"
        },
        "security": "9fcaf2f161e2002135cf4552b81b04fc"
    });
    assert_eq!(line.last(), expected);
    assert_eq!(line.last_headers()["content-type"], "application/json");
}

#[tokio::test]
async fn an_intercepted_message_reaches_nobody_and_its_sender_is_told_if_the_rule_says_so() {
    let line = Line::start(r#"{"valid":false,"code":"blocked: policy 12"}"#).await;
    let sim = easemob(vec![RuleConfig { report_error: true, ..rule("before", &line.url) }]).await;
    let sent = order(&sim, "/control/send", hello(json!({}))).await;
    assert_eq!(sent["delivered"], false);
    assert_eq!(sent["sender_error"], json!({"error": 508, "text": "blocked: policy 12"}));
    assert_eq!(read(&sim, "/control/inbox?user=bot_helpdesk").await["messages"], json!([]));
}

#[tokio::test]
async fn a_late_reply_lets_the_fallback_decide() {
    let line = Line::start(r#"{"valid":false}"#).await;
    line.answer_with(Reply { after: Duration::from_secs(30), ..Reply::text(r#"{"valid":false}"#) });
    for (fallback, delivered) in [(Fallback::Pass, true), (Fallback::Block, false)] {
        let short = RuleConfig {
            wait: Some(Duration::from_millis(60)),
            fallback,
            report_error: true,
            ..rule("before", &line.url)
        };
        let sim = easemob(vec![short]).await;
        let sent = order(&sim, "/control/send", hello(json!({}))).await;
        assert_eq!(sent["delivered"], delivered);
        assert_eq!(sent["decided_by"], "fallback");
        assert_eq!(sent["fallback_reason"], "timeout");
        assert_eq!(sent["status"], Value::Null);
        let latency = sent["latency_ms"].as_f64().unwrap();
        assert!((60.0..5_000.0).contains(&latency), "{latency}");
        assert_eq!(
            sent["sender_error"]["text"],
            if delivered { Value::Null } else { "custom internal error".into() }
        );
        let inbox = read(&sim, "/control/inbox?user=bot_helpdesk").await;
        assert_eq!(inbox["messages"].as_array().unwrap().len(), usize::from(delivered));
    }
}

#[tokio::test]
async fn refusals_by_status_broken_replies_and_a_dead_server_are_failures() {
    let line = Line::start("{}").await;
    let sim = easemob(vec![rule("before", &line.url)]).await;
    let long = format!(r#"{{"valid":false,"code":"{}"}}"#, "x".repeat(1_000));
    for (status, text, reason) in [
        (403, r#"{"valid":false}"#, "status"),
        (200, r#"{"valid":"false"}"#, "ill_typed"),
        (200, "no", "not_json"),
        (200, long.as_str(), "too_long"),
    ] {
        line.answer_with(Reply { status, ..Reply::text(text) });
        let sent = order(&sim, "/control/send", hello(json!({}))).await;
        assert_eq!((&sent["fallback_reason"], &sent["delivered"]), (&json!(reason), &json!(true)));
        assert_eq!(sent["status"], status);
    }
    let dead = easemob(vec![rule("before", "http://127.0.0.1:1/")]).await;
    assert_eq!(order(&dead, "/control/send", hello(json!({}))).await["fallback_reason"], "connect");
}

#[tokio::test]
async fn a_repeat_sends_the_very_same_bytes_and_copies_go_out_together() {
    let line = Line::start(r#"{"valid":true}"#).await;
    let sim = easemob(vec![rule("before", &line.url)]).await;
    let sent = order(&sim, "/control/send", hello(json!({}))).await;
    let again = order(&sim, "/control/repeat", json!({"callback": sent["callback"]})).await;
    assert_eq!((&again["status"], &again["outcome"]), (&json!(200), &json!("pass")));
    let bodies = line.bodies();
    assert_eq!(bodies.len(), 2);
    assert_eq!(bodies.first(), bodies.last());
    order(&sim, "/control/send", hello(json!({"faults": {"copies": 2}}))).await;
    assert_eq!(line.bodies().len(), 5);
    assert_eq!(line.bodies()[2..].iter().collect::<std::collections::BTreeSet<_>>().len(), 1);
    let delivered = read(&sim, "/control/inbox?user=bot_helpdesk").await;
    assert_eq!(delivered["messages"].as_array().unwrap().len(), 2, "a repeat delivers nothing");
    let log = read(&sim, "/control/callbacks?rule=before").await;
    assert_eq!(log["callbacks"].as_array().unwrap().len(), 5);
    assert_eq!(log["callbacks"][1]["attempt"], Value::Null);
}

#[tokio::test]
async fn signatures_fields_and_clocks_can_be_spoilt() {
    let line = Line::start(r#"{"valid":true}"#).await;
    let sim = easemob(vec![rule("before", &line.url)]).await;
    let knobs = |knobs: Value| hello(json!({"timestamp": 1_000_000, "faults": knobs}));
    let call_id = "acme#support_x";
    order(&sim, "/control/send", knobs(json!({"call_id": call_id}))).await;
    let right = line.last()["security"].as_str().unwrap().to_owned();
    order(&sim, "/control/send", knobs(json!({"call_id": call_id, "signature": "uppercase"}))).await;
    assert_eq!(line.last()["security"], right.to_uppercase());
    order(&sim, "/control/send", knobs(json!({"call_id": call_id, "signature": "wrong"}))).await;
    let wrong = line.last()["security"].as_str().unwrap().to_owned();
    assert_eq!(wrong.len(), 32);
    assert_ne!(wrong.to_lowercase(), right);
    order(
        &sim,
        "/control/send",
        knobs(json!({"signature": "missing", "omit": ["to"], "extra": {"zone": 3}})),
    )
    .await;
    let last = line.last();
    assert!(last.get("security").is_none() && last.get("to").is_none());
    assert_eq!(last["zone"], 3);
    let late = json!({"clock_skew_ms": -600_000, "timestamp_as_string": true, "chat_type_word": "circle"});
    order(&sim, "/control/send", knobs(late)).await;
    assert_eq!(line.last()["timestamp"], "400000");
    assert_eq!(line.last()["chat_type"], "circle");
    let skipped = order(&sim, "/control/send", knobs(json!({"skip_pre": true}))).await;
    assert_eq!((&skipped["decided_by"], &skipped["delivered"]), (&json!("no_rule"), &json!(true)));
    assert_eq!(line.bodies().len(), 5);
}

#[tokio::test]
async fn groups_and_rooms_carry_their_id_in_the_word_and_shape_of_the_rule() {
    let line = Line::start(r#"{"valid":true}"#).await;
    let flat = RuleConfig {
        payload_shape: PayloadShape::B,
        group_chat_type: GroupWord::Group,
        include_security_version: true,
        include_extra_fields: true,
        kinds: vec![ChatKind::Group],
        ..rule("flat", &line.url)
    };
    let sim = easemob(vec![flat, rule("rest", &line.url)]).await;
    let to = |kind: &str| {
        json!({"app": APP, "chat_type": kind, "from": "alice", "group_id": "184524748161025", "text": "hi",
            "ext": {"em_at_list": ["bot_helpdesk"]}})
    };
    order(&sim, "/control/send", to("group")).await;
    let seen = line.last();
    assert_eq!((&seen["chat_type"], &seen["group_id"]), (&json!("group"), &json!("184524748161025")));
    assert_eq!(seen["payload"], json!({"type": "txt", "msg": "hi"}));
    assert_eq!((&seen["securityVersion"], &seen["appkey"]), (&json!("1.0.0"), &json!(APP)));
    order(&sim, "/control/send", to("chatroom")).await;
    let seen = line.last();
    assert_eq!((&seen["chat_type"], &seen["payload"]["type"]), (&json!("chatroom"), &json!("chatroom")));
    assert_eq!(seen["payload"]["ext"], json!({"em_at_list": ["bot_helpdesk"]}));
    let group = read(&sim, "/control/inbox?group=184524748161025").await;
    assert_eq!(group["messages"].as_array().unwrap().len(), 2);
    assert_eq!(read(&sim, "/control/inbox?user=184524748161025").await["messages"], json!([]));
}

#[tokio::test]
async fn a_reply_may_replace_the_text() {
    let line = Line::start(r#"{"valid":true,"payload":{"bodies":[{"type":"txt","msg":"h***o"}]}}"#).await;
    let sim = easemob(vec![rule("before", &line.url)]).await;
    assert_eq!(order(&sim, "/control/send", hello(json!({}))).await["rewritten"], true);
    assert_eq!(read(&sim, "/control/inbox?user=bot_helpdesk").await["messages"][0]["text"], "h***o");
}

#[tokio::test]
async fn raw_bytes_reach_the_rule_as_they_are() {
    let line = Line::start(r#"{"valid":true}"#).await;
    let sim = easemob(vec![rule("before", &line.url)]).await;
    let raw = json!({"app": APP, "rule": "before", "body": "{oops", "headers": {"content-type": "text/plain", "x-a": "1"}});
    assert_eq!(order(&sim, "/control/raw", raw).await["status"], 200);
    assert_eq!(line.bodies(), ["{oops"]);
    assert_eq!(
        (&line.last_headers()["content-type"], &line.last_headers()["x-a"]),
        (&"text/plain".parse().unwrap(), &"1".parse().unwrap())
    );
    order(&sim, "/control/raw", json!({"app": APP, "rule": "before", "body_hex": "7bff7d"})).await;
    assert_eq!(line.bodies()[1], "{\u{FFFD}}");
    assert_eq!(post(&sim, "/control/raw", json!({"app": APP, "rule": "none"})).await.status, 404);
}

#[tokio::test]
async fn rules_can_be_replaced_while_it_runs_and_bad_orders_are_refused() {
    let line = Line::start(r#"{"valid":false}"#).await;
    let sim = easemob(vec![]).await;
    assert_eq!(order(&sim, "/control/send", hello(json!({}))).await["decided_by"], "no_rule");
    let rules =
        json!({"app": APP, "rules": [{"name": "before", "url": line.url, "secret": "s", "wait": "2s"}]});
    let replaced = call(client().put(sim.url("/control/rules")).json(&rules)).await.unwrap();
    assert_eq!(replaced.json(), json!({"rules": 1}));
    assert_eq!(order(&sim, "/control/send", hello(json!({}))).await["delivered"], false);
    assert_eq!(post(&sim, "/control/send", hello(json!({"app": "no#app"}))).await.status, 404);
    let without_text = json!({"app": APP, "chat_type": "chat", "from": "a", "to": "b"});
    assert_eq!(post(&sim, "/control/send", without_text).await.json()["error"], "missing");
    assert_eq!(post(&sim, "/control/repeat", json!({"callback": 99})).await.status, 404);
}

#[tokio::test]
async fn message_ids_repeat_with_the_seed() {
    let ids = async || {
        let sim = easemob(vec![]).await;
        let first =
            order(&sim, "/control/send", hello(json!({}))).await["msg_id"].as_str().unwrap().to_owned();
        let second =
            order(&sim, "/control/send", hello(json!({}))).await["msg_id"].as_str().unwrap().to_owned();
        (first, second)
    };
    let (first, second) = ids().await;
    assert!(first.len() == 19 && first < second);
    assert_eq!(ids().await, (first, second));
}

#[tokio::test]
async fn readings_can_go_on_after_a_number_and_a_reset_forgets_everything() {
    let sim = easemob(vec![]).await;
    order(&sim, "/control/send", hello(json!({"text": "one"}))).await;
    let seen =
        read(&sim, "/control/inbox?user=bot_helpdesk").await["messages"][0]["number"].as_u64().unwrap();
    order(&sim, "/control/send", hello(json!({"text": "two"}))).await;
    let fresh = read(&sim, &format!("/control/inbox?user=bot_helpdesk&after={seen}")).await;
    assert_eq!(fresh["messages"].as_array().unwrap().len(), 1);
    assert_eq!(fresh["messages"][0]["text"], "two");
    order(&sim, "/control/reset", json!({})).await;
    assert_eq!(read(&sim, "/control/inbox").await["messages"], json!([]));
    order(&sim, "/control/send", hello(json!({"text": "three"}))).await;
    let number = read(&sim, "/control/inbox").await["messages"][0]["number"].as_u64().unwrap();
    assert!(number > seen + 1, "numbers go on after a reset");
}

#[tokio::test]
async fn a_configuration_that_cannot_work_is_refused_by_name() {
    use simulators::easemob::{AppConfig, Config, start};
    let nameless =
        Config { apps: vec![AppConfig { app: "acme".into(), ..AppConfig::default() }], ..Config::default() };
    let error = start(nameless).await.err().unwrap();
    assert_eq!((error.label(), error.to_string().contains("org#app")), ("config", true), "{error}");
    let untrusted = Config { trusted_certificates: Some("/no/such/file.pem".into()), ..Config::default() };
    assert_eq!(start(untrusted).await.err().unwrap().label(), "client");
}

#[tokio::test]
async fn of_two_servers_behind_one_rule_one_that_is_down_is_passed_over() {
    let line = Line::start(r#"{"valid":true}"#).await;
    let down = "http://127.0.0.1:9/callback".to_owned();
    let sim = easemob(vec![RuleConfig { spare_urls: vec![down], ..rule("before", &line.url) }]).await;
    for _ in 0..4 {
        let sent = order(&sim, "/control/send", hello(json!({}))).await;
        assert_eq!(sent["decided_by"], "verdict", "{sent}");
    }
    assert_eq!(line.bodies().len(), 4);
}
