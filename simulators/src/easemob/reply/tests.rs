use super::{Failure, Verdict, read, rewrite, sender_view};
use crate::easemob::app::{Rule, validated_rules};
use crate::easemob::config::{Fallback, RuleConfig};
use crate::easemob::exchange::Exchange;
use serde_json::{Value, json};

fn reply(status: u16, text: &str) -> Exchange {
    Exchange { status: Some(status), reply: text.into(), failure: None, latency_ms: 1.0 }
}

fn rule(fallback: Fallback, report_error: bool) -> Rule {
    let url = "http://127.0.0.1:1/".into();
    let config = RuleConfig { url, fallback, report_error, ..RuleConfig::default() };
    validated_rules(vec![config]).unwrap().first().unwrap().clone()
}

fn intercept(code: Option<&str>) -> Result<Verdict, Failure> {
    Ok(Verdict::Intercept { code: code.map(Into::into) })
}

#[test]
fn well_formed_replies_are_verdicts_and_nulls_count_as_absent() {
    assert_eq!(read(&reply(200, r#"{"valid":true}"#)), Ok(Verdict::Pass { payload: None }));
    assert_eq!(read(&reply(200, r#"{"valid":false,"code":"no"}"#)), intercept(Some("no")));
    assert_eq!(read(&reply(200, r#"{"valid":false,"code":"","payload":null}"#)), intercept(Some("")));
}

#[test]
fn every_kind_of_broken_reply_is_a_failure_of_its_own_name() {
    let long = format!(r#"{{"valid":true,"code":"{}"}}"#, "x".repeat(1_000));
    for (status, text, failure) in [
        (403, r#"{"valid":false}"#, Failure::Status),
        (200, long.as_str(), Failure::TooLong),
        (200, "ok", Failure::NotJson),
        (200, "[true]", Failure::NotJson),
        (200, "{}", Failure::IllTyped),
        (200, r#"{"valid":"true"}"#, Failure::IllTyped),
        (200, r#"{"valid":true,"code":7}"#, Failure::IllTyped),
        (200, r#"{"valid":true,"payload":[]}"#, Failure::IllTyped),
    ] {
        assert_eq!(read(&reply(status, text)), Err(failure), "{status} {text}");
    }
}

#[test]
fn a_reply_of_a_thousand_wide_characters_is_just_short_enough() {
    let fill = 1_000 - r#"{"valid":true,"code":""}"#.len();
    let text = format!(r#"{{"valid":true,"code":"{}"}}"#, "字".repeat(fill));
    assert!(read(&reply(200, &text)).is_ok());
}

#[test]
fn a_sender_sees_errors_only_when_the_rule_reports_them() {
    let seen = |read: Result<Verdict, Failure>, fallback, report| {
        let (delivered, error) = sender_view(&read, &rule(fallback, report));
        (delivered, error.map(|error| (error.error, error.text)))
    };
    let blocked = |text: &str| (false, Some((508, text.to_owned())));
    assert_eq!(seen(intercept(Some("no")), Fallback::Pass, true), blocked("no"));
    assert_eq!(seen(intercept(None), Fallback::Pass, true), blocked("custom logic denied"));
    assert_eq!(seen(intercept(Some("")), Fallback::Pass, true), blocked("Message blocked by external logic"));
    assert_eq!(seen(intercept(Some("no")), Fallback::Pass, false), (false, None));
    assert_eq!(seen(Err(Failure::Timeout), Fallback::Pass, true), (true, None));
    assert_eq!(seen(Err(Failure::Timeout), Fallback::Block, true), blocked("custom internal error"));
    assert_eq!(seen(Err(Failure::Status), Fallback::Block, false), (false, None));
}

#[test]
fn only_a_short_text_payload_rewrites() {
    let object = |value: Value| value.as_object().unwrap().clone();
    let text = json!({"bodies": [{"type": "txt", "msg": "***"}], "ext": {"a": 1}});
    let (body, ext) = rewrite(&object(text)).unwrap();
    assert_eq!(body.get("msg"), Some(&json!("***")));
    assert_eq!(ext, Some(json!({"a": 1})));
    assert!(rewrite(&object(json!({"type": "txt", "msg": "***"}))).is_some());
    assert!(rewrite(&object(json!({"type": "cmd", "action": "x"}))).is_none());
    assert!(rewrite(&object(json!({"type": "txt", "msg": "x".repeat(1_100)}))).is_none());
}
