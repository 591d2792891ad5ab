use outbound::{HeaderMap, StatusCode};
use serde_json::json;

use super::*;

fn reply(status: u16, body: &str) -> Reply {
    Reply {
        status: StatusCode::from_u16(status).unwrap(),
        headers: HeaderMap::new(),
        body: body.to_owned().into(),
        received: std::time::SystemTime::UNIX_EPOCH,
    }
}

fn failed(status: u16, body: &str) -> Failure {
    match sent(&reply(status, body), "alice") {
        Err(Refused::Failed(failure)) => failure,
        other => panic!("{status}: {other:?}"),
    }
}

#[test]
fn every_refusal_has_the_class_that_its_body_says() {
    let send_error = |text: &str, code: u32| {
        json!({"error": "message_send_error", "error_description": text, "error_code": code}).to_string()
    };
    let named = |error: &str| json!({"error": error, "error_description": "no"}).to_string();
    let limit = json!({"error": "message_send_error", "error_description": "message send reach limit"});
    let page = "<html><body>Bad Gateway</body></html>".to_owned();
    let cases = [
        (400, named("invalid_request_body"), Class::BadRequest, Some("invalid_request_body")),
        (400, send_error("message is too large", 14_007), Class::BadRequest, Some("14007")),
        (400, send_error("param from can't be empty", 14_001), Class::BadRequest, Some("14001")),
        (403, limit.to_string(), Class::RateLimited, Some("message_send_error")),
        (403, named("forbidden_op"), Class::BadRequest, Some("forbidden_op")),
        (403, named("group_error"), Class::BadRequest, Some("group_error")),
        (404, named("service_resource_not_found"), Class::BadRequest, Some("service_resource_not_found")),
        (405, String::new(), Class::BadRequest, None),
        (408, String::new(), Class::Timeout, None),
        (413, page.clone(), Class::BadRequest, None),
        (415, named("web_application"), Class::BadRequest, Some("web_application")),
        (429, named("reach_limit"), Class::RateLimited, Some("reach_limit")),
        (429, String::new(), Class::RateLimited, None),
        (429, named("resource_limited"), Class::QuotaExhausted, Some("resource_limited")),
        (500, page.clone(), Class::ServerError, None),
        (502, page.clone(), Class::ServerError, None),
        (503, page.clone(), Class::Overloaded, None),
        (504, page, Class::Timeout, None),
    ];
    for (status, body, class, code) in cases {
        let failure = failed(status, &body);
        assert_eq!((failure.class, failure.code.as_deref()), (class, code), "{status} {body}");
        assert_eq!(failure.ambiguous, matches!(status, 502 | 504), "{status}");
    }
}

#[test]
fn a_status_says_enough_when_the_rest_of_the_reply_is_lost() {
    for (status, class, gave_up) in [
        (429, Class::RateLimited, false),
        (503, Class::Overloaded, false),
        (504, Class::Timeout, true),
        (400, Class::BadRequest, false),
    ] {
        let failure = refusal_of_status(status).unwrap();
        assert_eq!((failure.class, failure.ambiguous), (class, gave_up), "{status}");
    }
    assert!(refusal_of_status(200).is_none() && refusal_of_status(0).is_none());
}

#[test]
fn every_word_for_a_bad_token_asks_for_another() {
    for error in ["unauthorized", "expired_token", "auth_bad_access_token"] {
        let body = json!({"error": error, "exception": "x"}).to_string();
        assert!(matches!(sent(&reply(401, &body), "alice"), Err(Refused::Token)), "{error}");
    }
}

#[test]
fn the_id_of_the_sent_message_is_found() {
    let id = |body: &str| sent(&reply(200, body), "alice").unwrap();
    assert_eq!(id(r#"{"data": {"alice": "1501234567990001122"}, "duration": 4}"#), "1501234567990001122");
    assert_eq!(id(r#"{"data": {"bob": "1", "alice": "2"}}"#), "2");
    assert_eq!(id(r#"{"data": {"Alice": "3"}}"#), "3", "easemob's own spelling");
    assert_eq!(id(r#"{"data": {"alice": 1501234567990001122}}"#), "1501234567990001122");
}

#[test]
fn a_success_is_a_taken_message_whatever_its_body_says() {
    for body in [
        r#"{"error": "reach_limit", "error_description": "message send reach limit"}"#,
        r#"{"data": {"alice": {"id": 1}}}"#,
        r#"{"data": ["alice"]}"#,
        r#"{"data": {"alice": null}}"#,
        "\u{feff}{}",
        "ok",
        "null",
        "",
        "<html>",
        r#"{"data": {}}"#,
        r#"{"data": {"alice": ""}}"#,
        r#"{"data": {"bob": "1", "eve": "2"}}"#,
        r#"{"data": null}"#,
    ] {
        for status in [200, 201, 202, 204, 206] {
            assert_eq!(sent(&reply(status, body), "alice").unwrap(), "", "{status} {body}");
        }
    }
    let long = json!({"data": {"alice": "9".repeat(LONGEST_ID + 1)}}).to_string();
    assert_eq!(sent(&reply(200, &long), "alice").unwrap(), "");
}

#[test]
fn a_token_is_read_with_its_life() {
    let token = |body: &str| granted(&reply(200, body)).unwrap();
    let full = token(r#"{"access_token": "YWMt", "expires_in": 7200, "application": "x"}"#);
    assert_eq!((full.token.expose(), full.life.as_secs()), ("YWMt", 7_200));
    assert_eq!(token(r#"{"access_token": "YWMt"}"#).life, USUAL_LIFE);
    let endless = format!(r#"{{"access_token": "YWMt", "expires_in": {}}}"#, u64::MAX);
    assert_eq!(token(&endless).life, LONGEST_LIFE);
    assert_eq!(token(r#"{"access_token": "YWMt", "expires_in": 0}"#).life, USUAL_LIFE);
    assert_eq!(token(r#"{"access_token": "YWMt", "expires_in": 1}"#).life, SHORTEST_LIFE);
}

#[test]
fn a_token_that_no_header_carries_is_none() {
    for token in ["", "a b", "a\\u0000", "a\\r\\nx: y", "令牌"] {
        let body = format!(r#"{{"access_token": "{token}"}}"#);
        assert_eq!(granted(&reply(200, &body)).unwrap_err().class, Class::Protocol, "{token}");
    }
}

#[test]
fn wrong_credentials_are_told_apart_from_a_token_endpoint_in_trouble() {
    let refused =
        |status, error: &str| granted(&reply(status, &json!({"error": error}).to_string())).unwrap_err();
    assert_eq!(refused(400, "invalid_grant").class, Class::Auth);
    assert_eq!(refused(401, "unauthorized").class, Class::Auth);
    assert_eq!(refused(404, "organization_application_not_found").class, Class::Auth);
    assert_eq!(refused(429, "reach_limit").class, Class::RateLimited);
    assert_eq!(refused(500, "x").class, Class::ServerError);
    assert_eq!(granted(&reply(200, "{}")).unwrap_err().class, Class::Protocol);
}
