//! Spark's WebSocket, spoken without its client.

use crate::http::read;
use crate::wires::keyed;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt as _, StreamExt as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use simulators::Handle;
use std::time::{Duration, SystemTime};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// The signed address of a path at a time.
fn address(sim: &Handle, path: &str, secret: &str, at: SystemTime) -> String {
    let (host, date) = (sim.addr.to_string(), httpdate::fmt_http_date(at));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("host: {host}\ndate: {date}\nGET {path} HTTP/1.1").as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let origin = format!(
        "api_key=\"ak\", algorithm=\"hmac-sha256\", headers=\"host date request-line\", signature=\"{signature}\""
    );
    let query = [("authorization", STANDARD.encode(origin)), ("date", date), ("host", host.clone())];
    let query = reqwest::Url::parse_with_params(&format!("ws://{host}{path}"), query).unwrap();
    query.into()
}

async fn connect(address: &str, sim: &Handle) -> Result<WebSocketStream<TcpStream>, Error> {
    let stream = TcpStream::connect(sim.addr).await.unwrap();
    client_async(address, stream).await.map(|(socket, _)| socket)
}

fn frame(domain: &str) -> String {
    let text = [json!({"role": "user", "content": "hello there"})];
    json!({
        "header": {"app_id": "app", "uid": "u"}, "parameter": {"chat": {"domain": domain}},
        "payload": {"message": {"text": text}},
    })
    .to_string()
}

/// A conversation of one turn: the frames that came.
async fn turn(sim: &Handle, path: &str, said: String) -> Vec<Value> {
    let mut socket = connect(&address(sim, path, "sk", SystemTime::now()), sim).await.unwrap();
    socket.send(Message::text(said)).await.unwrap();
    let mut frames = Vec::new();
    while let Some(Ok(message)) = socket.next().await {
        if let Message::Text(text) = message {
            frames.push(serde_json::from_str(&text).unwrap());
        }
    }
    frames
}

#[tokio::test]
async fn frames_count_up_and_the_last_one_has_the_usage() {
    let sim = keyed().await;
    let frames = turn(&sim, "/spark/ws/v3.5/chat", frame("generalv3.5")).await;
    let statuses: Vec<&Value> = frames.iter().map(|frame| &frame["header"]["status"]).collect();
    assert_eq!((statuses[0], statuses[1], *statuses.last().unwrap()), (&json!(0), &json!(1), &json!(2)));
    let text = |frame: &Value| frame["payload"]["choices"]["text"][0]["content"].as_str().unwrap().to_owned();
    let heard: String = frames.iter().map(text).collect();
    assert!(heard.starts_with("I hear you say: \"hello there\"."), "{heard}");
    let (last, earlier) = frames.split_last().unwrap();
    assert!(earlier.iter().all(|frame| frame["payload"].get("usage").is_none()));
    let entry = read(&sim, "/control/ledger").await["entries"][0].clone();
    let usage = &last["payload"]["usage"]["text"];
    assert_eq!(
        (&usage["prompt_tokens"], &usage["completion_tokens"]),
        (&entry["prompt_tokens"], &entry["completion_tokens"])
    );
    assert_eq!(
        (&entry["key"], &entry["end"], &entry["stream"]),
        (&json!("key-2"), &json!("replied"), &json!(true))
    );
}

#[tokio::test]
async fn each_generation_has_its_path() {
    let sim = keyed().await;
    for (path, domain, code) in [
        ("/spark/ws/v1.1/chat", "lite", 0),
        ("/spark/ws/v3.1/chat", "generalv3", 0),
        ("/spark/ws/chat/pro-128k", "pro-128k", 0),
        ("/spark/ws/chat/max-32k", "max-32k", 0),
        ("/spark/ws/v4.0/chat", "4.0Ultra", 0),
        ("/spark/ws/v3.5/chat", "4.0Ultra", 10_404),
        ("/spark/ws/v3.5/chat", "sim-invalid-prompt", 10_013),
        ("/spark/ws/v3.5/chat", "sim-content-filter", 10_014),
    ] {
        let frames = turn(&sim, path, frame(domain)).await;
        let last = &frames.last().unwrap()["header"];
        assert_eq!((&last["code"], &last["status"]), (&json!(code), &json!(2)), "{path} {domain}");
    }
    let malformed = turn(&sim, "/spark/ws/v3.5/chat", "{}".to_owned()).await;
    assert_eq!(malformed[0]["header"]["code"], 10_163);
}

#[tokio::test]
async fn a_bad_signature_or_a_clock_that_is_wrong_is_refused_in_the_handshake() {
    let sim = keyed().await;
    let path = "/spark/ws/v3.5/chat";
    let now = SystemTime::now();
    let unsigned = format!("ws://{}{path}", sim.addr);
    for (address, expected) in [
        (address(&sim, path, "wrong", now), 401),
        (address(&sim, path, "sk", now - Duration::from_secs(301)), 403),
        (address(&sim, "/spark/ws/v4.0/chat", "sk", now).replace("v4.0", "v3.5"), 401),
        (unsigned, 401),
    ] {
        let Err(Error::Http(reply)) = connect(&address, &sim).await else { panic!("{address} was let in") };
        assert_eq!(reply.status(), expected);
        let body: Value = serde_json::from_slice(reply.body().as_deref().unwrap()).unwrap();
        assert!(body["message"].as_str().unwrap().starts_with("HMAC signature"), "{body}");
    }
}

#[tokio::test]
async fn a_client_that_hangs_up_is_billed_for_what_was_generated() {
    let sim = keyed().await;
    let address = address(&sim, "/spark/ws/v3.5/chat", "sk", SystemTime::now());
    let mut socket = connect(&address, &sim).await.unwrap();
    socket.send(Message::text(frame("sim-stall-2"))).await.unwrap();
    for _ in 0..2 {
        assert!(matches!(socket.next().await, Some(Ok(Message::Text(_)))));
    }
    drop(socket);
    let entry = async || read(&sim, "/control/ledger").await["entries"][0].clone();
    while entry().await["end"] == "running" {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let gone = entry().await;
    assert_eq!(
        (&gone["end"], &gone["chunks"], &gone["billed"]),
        (&json!("client_gone"), &json!(2), &json!(true))
    );
    assert!(gone["completion_tokens"].as_u64() > Some(0));
}
