//! A second attempt beside one whose first token is late, and blocks after which another vendor may be asked.

use std::time::Duration;

use schemas::answered::{Answered, UsageSource};
use schemas::request::Request;
use serde_json::json;

use crate::server::{Act, Answer, Server};
use crate::world::{World, attempts, reason, text};

const AFTER_MS: u32 = 150;
const PATIENCE: Duration = Duration::from_secs(3);

fn delta(text: &str) -> String {
    let chunk = json!({"id": "c1", "model": "m", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": null}]});
    format!("data: {chunk}\n\n")
}

fn whole(text: &str) -> String {
    let finish = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]});
    let usage =
        json!({"choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}});
    format!("{}data: {finish}\n\ndata: {usage}\n\ndata: [DONE]\n\n", delta(text))
}

fn rest(ms: u64) -> Act {
    Act::Rest(Duration::from_millis(ms))
}

/// The outcome of a question that is hedged, at two servers that answer with these streams.
async fn hedged(main: Vec<Act>, spare: Vec<Act>) -> Answered {
    let servers = (Server::start().await, Server::start().await);
    servers.0.will([Answer::stream(main)]);
    servers.1.will([Answer::stream(spare)]);
    let world = World::of_streams(&servers.0, &servers.1, PATIENCE).await;
    let request = Request { hedge_after_ms: Some(AFTER_MS), ..world.request("hello there", 10_000) };
    world.run(&request).await
}

#[tokio::test]
async fn the_second_answers_and_what_the_first_said_is_booked_as_an_estimate() {
    let late = "This answer has some forty characters or so";
    let main = vec![rest(400), Act::send(delta(late)), Act::Hang];
    let answered = hedged(main, vec![rest(600), Act::send(whole("from spare"))]).await;
    assert_eq!(text(&answered), "from spare");
    assert_eq!(attempts(&answered), [("main", "cancelled"), ("spare", "ok")]);
    let [cut, answer] = &answered.attempts[..] else { panic!("{:?}", answered.attempts) };
    let usage = cut.usage.as_ref().unwrap();
    assert!(usage.source == UsageSource::Estimated && usage.output >= 10, "{usage:?}");
    assert!(cut.may_be_billed && cut.cost.is_some());
    assert_eq!(cut.detail.as_deref(), Some("another target answered first"));
    assert_eq!(answer.usage.as_ref().unwrap().source, UsageSource::Provider);
    assert!(answer.started_at >= cut.started_at + i64::from(AFTER_MS) - 5);
    answered.check().unwrap();
}

#[tokio::test]
async fn the_first_answers_and_its_attempt_is_the_last_of_the_record() {
    let main = vec![rest(500), Act::send(whole("from main"))];
    let answered = hedged(main, vec![Act::send(delta("I am")), Act::Hang]).await;
    assert_eq!(text(&answered), "from main");
    assert_eq!(attempts(&answered), [("spare", "cancelled"), ("main", "ok")]);
    let [cut, answer] = &answered.attempts[..] else { panic!("{:?}", answered.attempts) };
    assert_eq!(
        cut.usage.as_ref().unwrap().source,
        UsageSource::Estimated,
        "its own notes, not those of the other"
    );
    assert_eq!(answer.usage.as_ref().map(|usage| usage.input), Some(100));
    answered.check().unwrap();
}

#[tokio::test]
async fn a_stream_that_has_begun_is_left_alone_and_so_is_one_of_an_app_that_does_not_hedge() {
    let main = || vec![Act::send(delta("well")), rest(500), Act::send(whole(", hello"))];
    let answered = hedged(main(), vec![Act::send(whole("from spare"))]).await;
    assert_eq!(attempts(&answered), [("main", "ok")]);
    let servers = (Server::start().await, Server::start().await);
    servers.0.will([Answer::stream([rest(500), Act::send(whole("from main"))])]);
    let world = World::of_streams(&servers.0, &servers.1, PATIENCE).await;
    assert_eq!(attempts(&world.ask("hello there").await), [("main", "ok")]);
    assert!(servers.1.asked().is_empty());
}

#[tokio::test]
async fn after_a_block_another_vendor_is_asked_where_the_app_says_so() {
    let blocked = || {
        let error =
            json!({"error": {"code": "content_filter", "message": "no", "type": "invalid_request_error"}});
        Answer::new(400, error.to_string())
    };
    for (says, expected) in [
        (None, vec![("main", "content_blocked")]),
        (Some(false), vec![("main", "content_blocked")]),
        (Some(true), vec![("main", "content_blocked"), ("spare", "ok")]),
    ] {
        let servers = (Server::start().await, Server::start().await);
        servers.0.will([blocked()]);
        let world = World::of_streams(&servers.0, &servers.1, PATIENCE).await;
        let request = Request { fallback_after_block: says, ..world.request("hello there", 10_000) };
        let answered = world.run(&request).await;
        assert_eq!(attempts(&answered), expected);
        if says != Some(true) {
            assert_eq!(reason(&answered), "content_blocked");
        }
    }
}
