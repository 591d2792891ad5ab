//! What is not a callback gets a clear answer, and the step stays up.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode, header};
use ingest::router;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::line::{Line, now, post, question, signed, source_request, timed};
use crate::publisher::Mood;

async fn refused(line: &Line, request: Request<Body>) -> (u16, String) {
    let (status, body) = line.send(request).await;
    assert!(body["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{body}");
    assert_eq!(line.memory.records().len(), 0);
    (status.as_u16(), body["error"].as_str().unwrap().to_owned())
}

fn is(status: u16, label: &str) -> (u16, String) {
    (status, label.to_owned())
}

#[tokio::test(start_paused = true)]
async fn bodies_that_are_no_callback_are_refused() {
    let line = Line::new("", Mood::Acknowledges);
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    let deep_inside =
        format!(r#"{{"payload":{}{}}}"#, "{\"a\":".repeat(5_000), "1".to_owned() + &"}".repeat(5_000));
    let bodies: [&[u8]; 6] = [b"", b"{", b"[]", b"\"text\"", b"\x00\xff\xfe garbage", deep.as_bytes()];
    for body in bodies {
        for path in ["/pre", "/post"] {
            assert_eq!(refused(&line, post(path, Bytes::copy_from_slice(body))).await, is(400, "bad_json"));
        }
    }
    for body in [&b"{\"callId\":\"\xff\xfe\"}"[..], deep_inside.as_bytes()] {
        assert_eq!(refused(&line, post("/pre", Bytes::copy_from_slice(body))).await, is(400, "bad_envelope"));
    }
    for missing in ["callId", "timestamp"] {
        let mut callback = signed(question("hi"), now());
        callback.as_object_mut().unwrap().remove(missing);
        assert_eq!(refused(&line, post("/pre", callback.to_string())).await, is(400, "bad_envelope"));
    }
    let mut callback = signed(question("hi"), now());
    callback["timestamp"] = json!("yesterday");
    assert_eq!(refused(&line, post("/pre", callback.to_string())).await, is(400, "bad_envelope"));
}

#[tokio::test(start_paused = true)]
async fn signatures_that_are_wrong_or_old_are_refused() {
    let line = Line::new("", Mood::Acknowledges);
    for security in [json!("9fcaf2f161e2002135cf4552b81b04fc"), json!(""), Value::Null, json!(["x"])] {
        let mut callback = signed(question("hi"), now());
        callback["security"] = security;
        assert_eq!(refused(&line, post("/pre", callback.to_string())).await, is(401, "bad_signature"));
    }
    let five_minutes = 300_000;
    for at in [now() - five_minutes - 10_000, now() + five_minutes + 10_000] {
        let body = signed(question("hi"), at).to_string();
        assert_eq!(refused(&line, post("/pre", body)).await, is(401, "stale_timestamp"));
    }
    let body = signed(question("hi"), now() - five_minutes + 10_000).to_string().to_ascii_uppercase();
    assert_eq!(refused(&line, post("/pre", body)).await, is(400, "bad_envelope"));
}

#[tokio::test(start_paused = true)]
async fn an_upper_case_signature_is_read() {
    let line = Line::new("", Mood::Acknowledges);
    let mut callback = signed(question("hi"), now());
    callback["security"] = json!(callback["security"].as_str().unwrap().to_ascii_uppercase());
    let (status, _) = line.send(post("/pre", callback.to_string())).await;
    assert_eq!((status, line.memory.records().len()), (StatusCode::OK, 1));
}

#[tokio::test(start_paused = true)]
async fn a_compressed_body_is_refused_and_never_inflated() {
    let line = Line::new("", Mood::Acknowledges);
    for encoding in ["gzip", "deflate", "br", "zstd", "GZIP", "identity, gzip", "x"] {
        let mut request = post("/pre", signed(question("hi"), now()).to_string());
        request.headers_mut().insert(header::CONTENT_ENCODING, encoding.parse().unwrap());
        assert_eq!(refused(&line, request).await, is(415, "content_encoding"));
    }
    let mut request = post("/pre", signed(question("hi"), now()).to_string());
    request.headers_mut().insert(header::CONTENT_ENCODING, "identity".parse().unwrap());
    assert_eq!(line.send(request).await.0, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn paths_and_methods_that_nothing_answers_are_refused() {
    let line = Line::new("", Mood::Acknowledges);
    for path in ["/", "/pre//", "/pre/x", "/metrics"] {
        assert_eq!(refused(&line, post(path, "{}")).await, is(404, "unknown_rule"));
    }
    for method in ["GET", "PUT", "DELETE", "OPTIONS", "PATCH"] {
        let request = Request::builder().method(method).uri("/pre").body(Body::empty()).unwrap();
        let response = router(&line.ingest).oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()[header::ALLOW], "POST");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slash_at_the_end_of_a_path_does_not_matter() {
    let line = Line::new("", Mood::Acknowledges);
    for path in ["/pre/", "/pre", "/post/", "/post"] {
        let (status, _) = line.call(path, question("hi")).await;
        assert_eq!(status, StatusCode::OK, "{path}");
    }
    let body = r#"{"conversation":"acme#support/group/1"}"#;
    let (status, _) = line.send(source_request("/takeover/", body, now(), "s3cr3t-F")).await;
    assert_eq!((status, line.memory.records().len()), (StatusCode::OK, 5));
    let get = Request::builder().method("GET").uri("/pre/").body(Body::empty()).unwrap();
    assert_eq!(router(&line.ingest).oneshot(get).await.unwrap().status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_too_large_is_refused_whether_it_says_so_or_not() {
    let line = Line::new("", Mood::Acknowledges);
    let large = vec![b' '; 64 * 1_024 + 1];
    assert_eq!(refused(&line, post("/pre", large.clone())).await, is(413, "too_large"));
    let mut declared = post("/pre", Body::empty());
    declared.headers_mut().insert(header::CONTENT_LENGTH, "65537".parse().unwrap());
    assert_eq!(refused(&line, declared).await, is(413, "too_large"));
    let chunks = futures_util::stream::iter(
        large.chunks(1_000).map(|c| Ok::<_, std::io::Error>(c.to_vec())).collect::<Vec<_>>(),
    );
    assert_eq!(refused(&line, post("/pre", Body::from_stream(chunks))).await, is(413, "too_large"));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_end_is_refused_in_time() {
    let line = Line::new("", Mood::Acknowledges);
    let endless = Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>());
    let (answer, took) = timed(refused(&line, post("/pre", endless))).await;
    assert_eq!((answer, took), (is(408, "slow_body"), Duration::from_secs(5)));
    let broken = futures_util::stream::iter([Err::<Bytes, _>(std::io::Error::other("cut"))]);
    assert_eq!(refused(&line, post("/pre", Body::from_stream(broken))).await, is(400, "broken_body"));
}

#[tokio::test(start_paused = true)]
async fn more_than_may_be_at_work_is_refused_and_taken_again_later() {
    let line = Line::with_limits("", Mood::Silent, |limits| limits.max_in_flight = 1);
    let first = line.before(question("hi"));
    let second = async {
        tokio::time::sleep(Duration::from_millis(10)).await;
        line.call("/pre", question("hi")).await
    };
    let (first, (status, body)) = tokio::join!(first, second);
    assert_eq!(first["valid"], true);
    assert_eq!(
        (status, body["error"].as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, Some("too_many_in_flight"))
    );
    assert_eq!(line.before(question("hi")).await["valid"], true);
}

#[tokio::test(start_paused = true)]
async fn a_rule_is_called_with_and_without_a_slash_at_its_end_and_nowhere_else() {
    for (path, status) in
        [("/pre", 200), ("/pre/", 200), ("/post/", 200), ("/pre//", 404), ("//pre", 404), ("/pre/x", 404)]
    {
        let line = Line::new("", Mood::Acknowledges);
        let (answered, body) = line.send(post(path, signed(question("hi"), now()).to_string())).await;
        assert_eq!(answered.as_u16(), status, "{path}: {body}");
    }
}
