//! Streams as hostile as the vendors' are.

use crate::http::{call, order, read};
use crate::model::{asking, start};
use crate::wires::{self, frames, keyed, said};
use serde_json::{Value, json};
use simulators::Handle;
use simulators::model::Config;
use std::time::{Duration, Instant};

fn streaming(sim: &Handle, model: &str, more: &Value) -> reqwest::RequestBuilder {
    let mut body = json!({"model": model, "stream": true, "messages": [{"role": "user", "content": "你好 hello there"}]});
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    asking(sim, model, &[]).json(&body)
}

async fn stream(sim: &Handle, model: &str, more: Value) -> String {
    let answered = call(streaming(sim, model, &more)).await.unwrap();
    assert_eq!(answered.status, 200, "{}", answered.text);
    answered.text
}

fn chunks(text: &str) -> Vec<Value> {
    frames(text).iter().filter_map(|frame| serde_json::from_str(frame).ok()).collect()
}

#[tokio::test]
async fn usage_comes_where_it_is_asked_for_or_where_a_fault_puts_it() {
    let sim = start(Config::default()).await;
    let places = async |model: &str, more: Value| {
        let chunks = chunks(&stream(&sim, model, more).await);
        let with_usage = chunks.iter().filter(|chunk| chunk["usage"].is_object());
        let own = with_usage.clone().filter(|chunk| chunk["choices"] == json!([])).count();
        (own, with_usage.count() - own, chunks.len())
    };
    let asked = json!({"stream_options": {"include_usage": true}});
    assert_eq!(places("m", json!({})).await, (0, 0, 8));
    assert_eq!(places("m", asked.clone()).await, (1, 0, 9));
    assert_eq!(places("sim-missing-usage", asked.clone()).await, (0, 0, 8));
    assert_eq!(places("sim-usage-in-choice", json!({})).await, (0, 1, 8));
    let (own, within, all) = places("sim-usage-everywhere", json!({})).await;
    assert!(own == 0 && within == all - 1, "all but the chunk of the role: {within} of {all}");
    let last = chunks(&stream(&sim, "m", asked).await).pop().unwrap();
    let billed = read(&sim, "/control/ledger").await["entries"][5].clone();
    assert_eq!(last["usage"]["completion_tokens"], billed["completion_tokens"]);
}

#[tokio::test]
async fn the_writing_of_a_stream_may_be_as_odd_as_the_standard_allows() {
    let sim = start(Config::default()).await;
    let usual = stream(&sim, "m", json!({})).await;
    let heard = said("openai", &usual);
    assert!(usual.starts_with("data: {") && !usual.contains('\r'));
    let tight = stream(&sim, "sim-tight-data", json!({})).await;
    assert!(tight.starts_with("data:{") && tight.contains("data:[DONE]"));
    let crlf = stream(&sim, "sim-crlf", json!({})).await;
    assert!(crlf.contains("data: [DONE]\r\n\r\n"));
    let mark = stream(&sim, "sim-byte-order-mark", json!({})).await;
    assert!(mark.starts_with("\u{feff}data: "));
    let pings = stream(&sim, "sim-pings-2", json!({})).await;
    assert_eq!(pings.matches(": ping\n\n").count(), 3);
    for text in [tight, crlf, mark, pings] {
        assert_eq!(said("openai", &text), heard);
    }
    let mut reply = streaming(&sim, "sim-split-utf8", &json!({})).send().await.unwrap();
    let (mut bytes, mut halves) = (Vec::new(), 0);
    while let Some(write) = reply.chunk().await.unwrap() {
        halves += usize::from(std::str::from_utf8(&write).is_err());
        bytes.extend_from_slice(&write);
    }
    assert!(halves > 0, "no write ended inside a character");
    assert_eq!(said("openai", std::str::from_utf8(&bytes).unwrap()), heard);
}

#[tokio::test]
async fn the_pace_is_set_by_configuration_and_by_fault() {
    let config = Config { chunk_every: Duration::from_millis(20), chunk_chars: 20, ..Config::default() };
    let sim = start(config).await;
    let timed = async |model: &str| {
        let begun = Instant::now();
        let text = stream(&sim, model, json!({})).await;
        (begun.elapsed(), chunks(&text).len())
    };
    let (usual, count) = timed("m").await;
    assert!(count == 6 && usual >= Duration::from_millis(80), "{count} in {usual:?}");
    let (paced, count) = timed("sim-paced-30x5ms").await;
    assert!(count == 32 && paced >= Duration::from_millis(150), "{count} in {paced:?}");
    let begun = Instant::now();
    let mut reply = streaming(&sim, "sim-slow-first-byte-200ms", &json!({})).send().await.unwrap();
    let headers = begun.elapsed();
    reply.chunk().await.unwrap().unwrap();
    assert!(headers < Duration::from_millis(150) && begun.elapsed() >= Duration::from_millis(200));
}

#[tokio::test]
async fn a_client_that_leaves_a_stream_is_billed_for_the_prompt_and_what_was_generated() {
    let sim = start(Config::default()).await;
    let mut reply = streaming(&sim, "sim-stall-3", &json!({})).send().await.unwrap();
    let mut text = String::new();
    while frames(&text).len() < 4 {
        text += std::str::from_utf8(&reply.chunk().await.unwrap().unwrap()).unwrap();
    }
    let running = read(&sim, "/control/inflight").await["calls"][0].clone();
    assert_eq!((&running["end"], &running["completion_tokens"]), (&json!("running"), &json!(0)));
    drop(reply);
    let entry = async || read(&sim, "/control/ledger").await["entries"][0].clone();
    while entry().await["end"] == "running" {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let gone = entry().await;
    assert_eq!(
        (&gone["end"], &gone["chunks"], &gone["billed"]),
        (&json!("client_gone"), &json!(3), &json!(true))
    );
    let whole = call(asking(&sim, "m", &["你好 hello there"])).await.unwrap().json()["usage"].clone();
    assert_eq!(gone["prompt_tokens"], whole["prompt_tokens"]);
    let (some, all) =
        (gone["completion_tokens"].as_u64().unwrap(), whole["completion_tokens"].as_u64().unwrap());
    assert!(0 < some && some < all, "{some} of {all}");
    assert_eq!(read(&sim, "/control/traffic").await["models"]["sim-stall-3"]["running"], 0);
}

#[tokio::test]
async fn a_stream_that_is_held_back_costs_its_prompt_when_its_client_leaves() {
    let sim = start(Config::default()).await;
    order(&sim, "/control/hold", json!({"contains": "hello"})).await;
    let held = tokio::spawn(call(streaming(&sim, "m", &json!({}))));
    while read(&sim, "/control/inflight").await["calls"][0]["held"] != true {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    held.abort();
    let entry = async || read(&sim, "/control/ledger").await["entries"][0].clone();
    while entry().await["end"] == "running" {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let gone = entry().await;
    assert_eq!((&gone["billed"], &gone["completion_tokens"]), (&json!(true), &json!(0)));
    assert!(gone["prompt_tokens"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn a_reset_in_a_stream_is_a_reset_and_a_cut_is_an_end() {
    let sim = start(Config::default()).await;
    for (model, is_reset) in [("sim-reset-2", true), ("sim-reset-after-headers", true), ("sim-cut-2", false)]
    {
        let reply = streaming(&sim, model, &json!({})).send().await.unwrap();
        let error = format!("{:?}", reply.text().await.unwrap_err());
        assert_eq!(error.contains("ConnectionReset"), is_reset, "{model}: {error}");
    }
}

#[tokio::test]
async fn frames_of_the_native_wire_repeat_the_text_unless_they_are_asked_to_go_on() {
    let sim = keyed().await;
    let texts = async |incremental: Value| {
        let more = json!({"stream": true, "incremental_output": incremental});
        let answered = wires::ask(&sim, "native", "qwen-plus", more).await;
        let chunks = chunks(&answered.text).into_iter();
        let content =
            |chunk: Value| chunk["output"]["choices"][0]["message"]["content"].as_str().unwrap().to_owned();
        chunks.map(content).collect::<Vec<_>>()
    };
    let (parts, whole) = (texts(json!(true)).await, texts(json!(false)).await);
    assert_eq!(parts.concat(), *whole.last().unwrap());
    assert!(whole.windows(2).all(|pair| pair[1].starts_with(&pair[0])), "{whole:?}");
    assert_eq!(parts.last().unwrap(), "");
}

#[tokio::test]
async fn thoughts_come_before_the_text_and_are_counted() {
    let sim = keyed().await;
    for (wire, model, name, more) in [
        ("tongyi", "qwen-plus", "/choices/0/delta/reasoning_content", json!({"enable_thinking": true})),
        (
            "native",
            "qwen-plus",
            "/output/choices/0/message/reasoning_content",
            json!({"enable_thinking": true}),
        ),
        ("ernie", "ernie-x1.1", "/choices/0/delta/reasoning_content", json!({})),
        (
            "claude",
            "claude-sonnet-5",
            "/delta/thinking",
            json!({"max_tokens": 2_000, "thinking": {"type": "adaptive"}}),
        ),
        ("ollama", "sim-any", "/message/thinking", json!({"think": true})),
    ] {
        let mut asked = more;
        asked["stream"] = json!(true);
        let answered = wires::ask(&sim, wire, model, asked).await;
        let told = chunks(&answered.text);
        let thought = told.iter().filter_map(|chunk| {
            chunk.pointer(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
        });
        let thought: String = thought.collect();
        let is_model = model != "sim-any";
        assert_eq!(thought.starts_with("I hear"), is_model, "{wire}: {}", answered.text);
        assert!(said(wire, &answered.text).ends_with("tell me."), "{wire}");
    }
    let entries = read(&sim, "/control/ledger").await["entries"].clone();
    assert!(
        entries.as_array().unwrap()[..4].iter().all(|entry| entry["reasoning_tokens"].as_u64() > Some(0))
    );
}
