//! Refusals never reach the count at which Easemob switches an app's rules off: 90 failures within 30 s.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use tokio::time::{Instant, advance};

use crate::line::{Line, now, post, question, signed};
use crate::publisher::Mood;

/// What Easemob counts.
const WITHIN: Duration = Duration::from_secs(30);
const BAN: usize = 90;

fn forged() -> Request<Body> {
    let mut callback = signed(question("hi"), now());
    callback["security"] = json!("9fcaf2f161e2002135cf4552b81b04fc");
    post("/post", callback.to_string())
}

fn signed_now(path: &str) -> Request<Body> {
    post(path, signed(question("hi"), now()).to_string())
}

fn compressed() -> Request<Body> {
    let mut request = post("/post", "{}");
    request.headers_mut().insert("content-encoding", "gzip".parse().unwrap());
    request
}

/// When callbacks of a storm failed.
async fn failures(line: &Line, storm: impl IntoIterator<Item = Request<Body>>) -> Vec<Instant> {
    let mut failed = Vec::new();
    for request in storm {
        // Some 15 a second: Easemob would see 450 failures in its 30 s.
        advance(Duration::from_millis(66)).await;
        let (status, body) = line.send(request).await;
        if status != StatusCode::OK {
            failed.push(Instant::now());
        }
        assert!(body["error"].is_string() || body["accepted"] == true, "{body}");
    }
    failed
}

fn most_within(failed: &[Instant]) -> usize {
    let within = |from: &Instant| failed.iter().filter(|at| **at >= *from && **at - *from < WITHIN).count();
    failed.iter().map(within).max().unwrap_or(0)
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_refused_callbacks_after_delivery_fails_less_often_than_easemob_tolerates() {
    type Storm = fn(usize) -> Request<Body>;
    let storms: [(&str, Mood, Storm); 10] = [
        ("forged", Mood::Acknowledges, |_| forged()),
        ("no json", Mood::Acknowledges, |_| post("/post", "{")),
        ("no envelope", Mood::Acknowledges, |_| post("/post", r#"{"security":"x"}"#)),
        ("too large", Mood::Acknowledges, |_| post("/post", vec![b' '; 70_000])),
        ("compressed", Mood::Acknowledges, |_| compressed()),
        ("cut off", Mood::Acknowledges, |_| {
            let cut = futures_util::stream::iter([Err::<Vec<u8>, _>(std::io::Error::other("cut"))]);
            post("/post", Body::from_stream(cut))
        }),
        ("queue full", Mood::Full, |_| signed_now("/post")),
        ("given up", Mood::GivesUp, |_| signed_now("/post")),
        ("no such path", Mood::Acknowledges, |_| post("/old", "{}")),
        ("all at once", Mood::Full, |n| match n % 4 {
            0 => forged(),
            1 => post("/post", "{"),
            2 => post("/old", "{}"),
            _ => signed_now("/post"),
        }),
    ];
    for (name, mood, request) in storms {
        let line = Line::new("", mood);
        let failed = failures(&line, (0..1_200).map(request)).await;
        let most = most_within(&failed);
        assert!((1..BAN).contains(&most), "{name}: {most} failures within 30 s");
        // Four instances together stay below it, unless all of them fail for every reason at once.
        assert!(name == "all at once" || most * 4 < BAN, "{name}: {most} failures within 30 s");
        // Errors still come later on, so that somebody sees that something is wrong.
        assert!(failed.len() > most, "{name}: it never failed again");
    }
}

#[tokio::test(start_paused = true)]
async fn forged_callbacks_do_not_use_up_the_failures_of_true_ones() {
    let line = Line::new("", Mood::Full);
    assert_eq!(failures(&line, (0..400).map(|_| forged())).await.len(), 20);
    let (status, body) = line.send(signed_now("/post")).await;
    assert_eq!((status, body["error"].as_str()), (StatusCode::SERVICE_UNAVAILABLE, Some("unqueued")));
    // Genuine callbacks are taken, however many were refused.
    line.memory.set(Mood::Acknowledges);
    assert_eq!(line.send(signed_now("/post")).await, (StatusCode::OK, json!({"accepted": true})));
    assert_eq!(line.memory.records().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn before_delivery_what_cannot_be_taken_gets_the_apps_policy_once_enough_has_failed() {
    for (policy, told) in
        [("pass", json!({"valid": true})), ("reject", json!({"valid": false, "code": "try again later"}))]
    {
        let policy = format!("no_acknowledgement = \"{policy}\"");
        let line = Line::with_limits(&policy, Mood::Silent, |limits| limits.max_in_flight = 1);
        let first = line.before(question("hi"));
        let storm = async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            let mut answers = Vec::new();
            for _ in 0..100 {
                answers.push(line.send(signed_now("/pre")).await);
            }
            answers
        };
        let (_, answers) = tokio::join!(first, storm);
        let failed = answers.iter().filter(|(status, _)| *status == StatusCode::SERVICE_UNAVAILABLE).count();
        assert_eq!(failed, 20);
        assert!(answers[20..].iter().all(|answer| *answer == (StatusCode::OK, told.clone())), "{policy}");
    }
}

#[tokio::test(start_paused = true)]
async fn before_delivery_what_cannot_be_believed_is_an_error_every_time() {
    let line = Line::new("", Mood::Acknowledges);
    let mut callback = signed(question("hi"), now());
    callback["security"] = json!("9fcaf2f161e2002135cf4552b81b04fc");
    let old = signed(question("hi"), now() - 600_000);
    for _ in 0..200 {
        for (body, error) in [(&callback, "bad_signature"), (&old, "stale_timestamp")] {
            let (status, answer): (_, Value) = line.send(post("/pre", body.to_string())).await;
            assert_eq!((status, answer["error"].as_str()), (StatusCode::UNAUTHORIZED, Some(error)));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn requests_that_are_no_callbacks_get_an_error_every_time() {
    let line = Line::new("", Mood::Acknowledges);
    for _ in 0..200 {
        let get = Request::get("/post").body(Body::empty()).unwrap();
        assert_eq!(line.send(get).await.0, StatusCode::METHOD_NOT_ALLOWED);
        let scan = Request::get("/old").body(Body::empty()).unwrap();
        assert_eq!(line.send(scan).await.0, StatusCode::NOT_FOUND);
    }
}
