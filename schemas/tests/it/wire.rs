//! The bytes: headers, versions, what may be discarded and what must wait.

use schemas::answer::Answer;
use schemas::event::Event;
use schemas::request::Request;
use schemas::wire::{self, DecodeError, Encoded};

fn request() -> Request {
    serde_json::from_str(include_str!("../../examples/requests/valid-answer.json")).unwrap()
}

fn header<'a>(encoded: &'a Encoded, name: &str) -> Option<&'a [u8]> {
    encoded.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_slice())
}

#[test]
fn headers_follow_the_cloudevents_binding_and_name_turn_and_kind() {
    let encoded = wire::encode(&request(), "/huiyin/test/decide").unwrap();
    let word = |name: &str| String::from_utf8(header(&encoded, name).unwrap_or_default().to_vec()).unwrap();
    assert_eq!(word("ce_specversion"), "1.0");
    assert_eq!(word("ce_id"), request().id.to_string());
    assert_eq!(word("ce_type"), "huiyin.requests.answer");
    assert_eq!(word("ce_source"), "/huiyin/test/decide");
    assert_eq!(word("ce_time"), "2025-01-01T00:00:00.138Z");
    assert_eq!(word("content-type"), "application/json");
    assert_eq!(word(wire::SCHEMA), "requests/1");
    assert_eq!(word(wire::TURN), request().turn.to_string());
    assert_eq!(word(wire::KIND), "answer");
    assert_eq!(word(wire::MESSAGE), request().message.to_string());
    assert_eq!(word("traceparent").len(), 55);
    assert_eq!(encoded.key.as_deref(), Some("acme#support/group/184524748161025@alice".as_bytes()));
}

#[test]
fn a_newer_major_version_or_kind_must_wait_and_is_never_discarded() {
    let encoded = wire::encode(&request(), "/t").unwrap();
    for (name, newer) in [(wire::SCHEMA, "requests/2"), (wire::KIND, "translation")] {
        let read = wire::decode::<Request>(
            |wanted| if wanted == name { Some(newer.as_bytes()) } else { header(&encoded, wanted) },
            Some(&encoded.value),
        );
        assert!(read.is_err_and(|error| error.may_be_newer()), "{name} {newer}");
    }
}

#[test]
fn what_is_broken_may_be_discarded() {
    let read = |value: Option<&[u8]>| wire::decode::<Event>(|_| None, value).unwrap_err();
    assert!(matches!(read(None), DecodeError::Empty));
    assert!(matches!(read(Some(b"{")), DecodeError::Malformed(_)));
    assert!(!read(Some(b"\xff")).may_be_newer());
}

#[test]
fn a_record_that_breaks_its_own_rules_is_not_written() {
    let mut answer: Answer =
        serde_json::from_str(include_str!("../../examples/answers/valid-model.json")).unwrap();
    answer.part = 9;
    assert!(wire::encode(&answer, "/t").is_err());
}

#[test]
fn a_time_that_no_calendar_has_is_no_header_and_no_panic() {
    for (at, written) in [(253_402_300_799_999, true), (253_402_300_800_000, false), (i64::MAX, false)] {
        let mut event: serde_json::Value =
            serde_json::from_str(include_str!("../../examples/events/valid-reaction.json")).unwrap();
        event["at"] = at.into();
        let event: Event = serde_json::from_value(event).unwrap();
        let encoded = wire::encode(&event, "/t").unwrap();
        assert_eq!(header(&encoded, "ce_time").is_some(), written, "{at}");
    }
}
