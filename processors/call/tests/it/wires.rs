//! DashScope, Spark on both its wires, and servers of one's own, each as strict as it is: what is asked, what comes of it, and what
//! is on the invoice.

use std::time::Duration;

use schemas::answered::{Answered, Attempt};
use schemas::ids::TargetName;
use serde_json::{Value, json};
use simulators::model::{self, Config};

use crate::world::{World, text};

/// Name of a target, its provider, its model, and its address at the stand-in with what else its entry has.
const TARGETS: [(&str, &str, &str, &str, &str); 8] = [
    ("tongyi", "tongyi", "qwen-plus", "http /tongyi/compatible-mode/v1", r#"api_key = "sk-sim""#),
    ("qwq", "tongyi", "qwq-plus", "http /tongyi/compatible-mode/v1", r#"api_key = "sk-sim""#),
    ("spark", "spark", "4.0Ultra", "http /spark/v1", r#"api_key = "sk-sim""#),
    ("spark-x", "spark", "spark-x", "http /spark/x2", r#"api_key = "sk-sim""#),
    (
        "spark-websocket",
        "spark",
        "generalv3.5",
        "ws /spark/ws/v3.5/chat",
        r#"wire = "websocket", api_key = "ak", api_secret = "sk", app_id = "app9""#,
    ),
    ("ollama", "local", "qwen3:8b", "http /ollama", r#"wire = "ollama""#),
    ("vllm", "local", "Qwen/Qwen3-8B", "http /vllm/v1", r#"api_key = "sk-sim""#),
    ("llama-cpp", "local", "default", "http /llamacpp/v1", r#"api_key = "sk-sim""#),
];

/// Those of one provider's wires.
const TONGYI: &[&str] = &["tongyi"];
const SPARK: &[&str] = &["spark", "spark-websocket"];
const LOCAL: &[&str] = &["ollama", "vllm", "llama-cpp"];

type Entry = (&'static str, &'static str, &'static str, &'static str, &'static str);

fn entry(target: &str) -> Entry {
    *TARGETS.iter().find(|(name, ..)| *name == target).unwrap()
}

fn catalogue(targets: &[Entry]) -> String {
    let names: Vec<&str> = targets.iter().map(|(name, ..)| *name).collect();
    let mut text = format!(
        "[[app]]\nkey = \"acme#support\"\nchain = {names:?}\nallowed_regions = [\"cn\"]\nlabel = \"AI\"\n[[app.bot]]\nid = \"bot\"\n"
    );
    for (name, provider, model, ..) in targets {
        text += &format!(
            "[[target]]\nname = {name:?}\nprovider = {provider:?}\nmodel = {model:?}\nregion = \"cn\"\ntimeout = \"5s\"\n\
             context_tokens = 8000\n"
        );
    }
    text
}

async fn world() -> World {
    world_of(&TARGETS).await
}

async fn world_of(targets: &[Entry]) -> World {
    let config = Config { api_keys: vec!["sk-sim".into(), "ak:sk".into()], ..Config::default() };
    let sim = model::start(config).await.unwrap();
    let mut section = String::from(
        r#"
        chain = { backoff_base = "5ms", backoff_cap = "20ms", min_useful = "50ms", max_attempts = 1 }
        health = { pause_base = "20ms", breaker_failures_in_a_row = 50, breaker_min_lanes = 50 }
        "#,
    );
    for (name, _, _, address, entry) in targets {
        let (scheme, path) = address.split_once(' ').unwrap();
        let base = sim.url(path).replacen("http", scheme, 1);
        section +=
            &format!("[[target]]\nname = {name:?}\nbase_url = {base:?}\n{}\n", entry.replace(", ", "\n"));
    }
    World::built(sim, &catalogue(targets), &section)
}

async fn ask(world: &World, target: &str, question: &str) -> Answered {
    let mut request = world.request(question, 10_000);
    request.chain = vec![TargetName::new(target).unwrap()];
    let system = json!([{"role": "system", "text": {"plain": "Be kind."}}]);
    request.prompt.splice(0..0, serde_json::from_value::<Vec<_>>(system).unwrap());
    world.run(&request).await
}

/// The calls that the stand-in has in its ledger, in order.
async fn calls(world: &World) -> Vec<Value> {
    world.ledger().await["entries"].as_array().unwrap().clone()
}

#[tokio::test]
async fn every_wire_brings_an_answer_whose_tokens_are_those_of_the_invoice() {
    let world = world().await;
    for (name, _, model, ..) in TARGETS {
        let answered = ask(&world, name, "how do I reset my badge?").await;
        assert!(text(&answered).contains("how do I reset my badge?"), "{name}: {answered:?}");
        let [attempt] = answered.attempts.as_slice() else { panic!("{answered:?}") };
        let usage = attempt.usage.as_ref().unwrap();
        let entry = calls(&world).await.pop().unwrap();
        assert_eq!((entry["model"].as_str(), entry["stream"].as_bool()), (Some(model), Some(true)), "{name}");
        assert_eq!(
            (usage.input, usage.output),
            (entry["prompt_tokens"].as_u64().unwrap(), entry["completion_tokens"].as_u64().unwrap()),
            "{name}: {entry}"
        );
        assert!(attempt.may_be_billed, "{name}");
    }
}

#[tokio::test]
async fn an_answer_can_be_asked_again_and_again() {
    let world = world().await;
    for target in SPARK.iter().chain(TONGYI).chain(LOCAL) {
        for turn in ["one", "two", "three"] {
            assert!(text(&ask(&world, target, turn).await).contains(turn), "{target} {turn}");
        }
    }
}

#[tokio::test]
async fn the_vendors_reference_is_on_the_record() {
    let world = world().await;
    for target in SPARK {
        let answered = ask(&world, target, "hello").await;
        let reference = answered.attempts[0].provider_request.clone().unwrap();
        assert!(reference.contains('@'), "{target}: {reference} is a sid");
    }
}

/// What goes wrong, at which targets, and the class of it.
const FAULTS: &[(&str, &[&[&str]], &str)] = &[
    (r#"{"kind": "rate_limited"}"#, &[TONGYI, SPARK], "rate_limited"),
    (r#"{"kind": "token_limited"}"#, &[TONGYI, SPARK], "rate_limited"),
    (r#"{"kind": "ramp_limited"}"#, &[TONGYI], "ramp_limited"),
    (r#"{"kind": "concurrency_limited"}"#, &[SPARK, &["ollama"]], "rate_limited"),
    (r#"{"kind": "insufficient_quota"}"#, &[TONGYI, SPARK], "quota_exhausted"),
    (r#"{"kind": "spend_limit"}"#, &[TONGYI, SPARK], "quota_exhausted"),
    (r#"{"kind": "error", "code": "insufficient_quota"}"#, &[TONGYI], "rate_limited"),
    (r#"{"kind": "error", "code": "free_quota"}"#, &[TONGYI], "quota_exhausted"),
    (r#"{"kind": "error", "code": "AllocationQuota.FreeTierOnly"}"#, &[TONGYI], "quota_exhausted"),
    (r#"{"kind": "error", "code": "PrepaidBillOverdue"}"#, &[TONGYI], "quota_exhausted"),
    (r#"{"kind": "error", "code": "CommodityNotPurchased"}"#, &[TONGYI], "quota_exhausted"),
    (r#"{"kind": "error", "code": "InternalError.Timeout"}"#, &[TONGYI], "server_error"),
    (r#"{"kind": "error", "code": "10006"}"#, &[SPARK], "rate_limited"),
    (r#"{"kind": "error", "code": "10110"}"#, &[SPARK], "overloaded"),
    (r#"{"kind": "error", "code": "10222"}"#, &[SPARK], "server_error"),
    (r#"{"kind": "error", "code": "11500"}"#, &[SPARK], "auth"),
    (r#"{"kind": "server_error"}"#, &[TONGYI, SPARK, LOCAL], "server_error"),
    (r#"{"kind": "bad_gateway"}"#, &[TONGYI, &["spark"], LOCAL], "server_error"),
    (r#"{"kind": "overloaded"}"#, &[TONGYI, SPARK, &["vllm", "llama-cpp"]], "overloaded"),
    (r#"{"kind": "timeout"}"#, &[TONGYI, SPARK], "timeout"),
    (r#"{"kind": "invalid_api_key"}"#, &[TONGYI, &["spark", "vllm", "llama-cpp"]], "auth"),
    (r#"{"kind": "model_not_found"}"#, &[TONGYI, SPARK, LOCAL], "model_unavailable"),
    (r#"{"kind": "context_length_exceeded"}"#, &[TONGYI, SPARK, &["vllm", "llama-cpp"]], "context_too_long"),
    (r#"{"kind": "invalid_prompt"}"#, &[TONGYI, SPARK], "content_blocked"),
    (r#"{"kind": "content_filter"}"#, &[TONGYI, SPARK], "content_blocked"),
    (r#"{"kind": "empty_content"}"#, &[TONGYI, SPARK, LOCAL], "empty"),
    (r#"{"kind": "reasoning_only"}"#, &[TONGYI, &["spark-x"], LOCAL], "empty"),
    (r#"{"kind": "cut_stream", "after_chunks": 2}"#, &[TONGYI, SPARK, LOCAL], "protocol"),
    (r#"{"kind": "reset_stream", "after_chunks": 2}"#, &[TONGYI, SPARK, LOCAL], "protocol"),
    (r#"{"kind": "malformed_frame", "after_chunks": 2}"#, &[TONGYI, SPARK, LOCAL], "protocol"),
    (r#"{"kind": "missing_done"}"#, &[SPARK], "protocol"),
    (
        r#"{"kind": "stream_error", "after_chunks": 2, "code": "insufficient_quota"}"#,
        &[TONGYI],
        "rate_limited",
    ),
    (r#"{"kind": "stream_error", "after_chunks": 2, "code": "10014"}"#, &[SPARK], "content_blocked"),
    (r#"{"kind": "stream_error", "after_chunks": 2, "code": "10012"}"#, &[SPARK], "server_error"),
    (r#"{"kind": "stream_error", "after_chunks": 2}"#, &[TONGYI, SPARK], "overloaded"),
    (r#"{"kind": "stream_error", "after_chunks": 2}"#, &[&["ollama"]], "server_error"),
];

#[tokio::test]
async fn every_fault_of_a_server_has_its_class() {
    let mut wrong = Vec::new();
    for (fault, targets, expected) in FAULTS {
        // A world for each: what one fault leaves behind is not the next one's.
        let targets: Vec<Entry> = targets.iter().copied().flatten().map(|name| entry(name)).collect();
        let world = world_of(&targets).await;
        for (target, _, model, ..) in targets {
            world.fault(model, 1, serde_json::from_str(fault).unwrap()).await;
            let answered = ask(&world, target, "hello").await;
            let first = answered.attempts.first();
            let class = first.and_then(|attempt| attempt.error.as_deref());
            if class != Some(expected) {
                wrong.push(format!("{target} {fault}: {expected}, and not {class:?}: {first:?}"));
            }
            world.well().await;
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What is odd about a stream and harms nobody.
const ODD: &[(&str, &[&[&str]])] = &[
    (r#"{"kind": "split_utf8"}"#, &[TONGYI, SPARK, LOCAL]),
    (r#"{"kind": "tight_data"}"#, &[TONGYI, &["vllm", "llama-cpp"]]),
    (r#"{"kind": "crlf"}"#, &[TONGYI, &["spark"], LOCAL]),
    (r#"{"kind": "byte_order_mark"}"#, &[TONGYI, &["spark"], LOCAL]),
    (r#"{"kind": "pings"}"#, &[TONGYI, &["spark", "vllm", "llama-cpp"]]),
    (r#"{"kind": "usage_in_choice"}"#, &[TONGYI, &["vllm"]]),
    (r#"{"kind": "usage_everywhere"}"#, &[TONGYI, &["spark", "vllm"]]),
    (r#"{"kind": "missing_done"}"#, &[TONGYI, &["vllm"]]),
];

#[tokio::test]
async fn what_is_odd_about_a_stream_does_no_harm() {
    let world = world().await;
    let mut wrong = Vec::new();
    for (fault, targets) in ODD {
        for target in targets.iter().copied().flatten() {
            let (_, _, model, ..) = entry(target);
            world.fault(model, 1, serde_json::from_str(fault).unwrap()).await;
            let answered = ask(&world, target, "你好 hello").await;
            let entry = calls(&world).await.pop().unwrap();
            let told = |attempt: &Attempt| attempt.usage.as_ref().map(|usage| usage.output);
            let [attempt] = answered.attempts.as_slice() else { panic!("{answered:?}") };
            if attempt.error.is_some() || told(attempt) != entry["completion_tokens"].as_u64() {
                wrong.push(format!("{target} {fault}: {attempt:?}, {entry}"));
            }
            world.well().await;
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn a_call_that_is_given_up_leaves_its_server_at_once() {
    let targets = ["spark-websocket", "spark", "ollama"].map(entry);
    let world = world_of(&targets).await;
    for (target, _, model, ..) in targets {
        world.fault(model, 1, json!({"kind": "stall", "after_chunks": 2})).await;
        let given_up = tokio::time::timeout(Duration::from_millis(300), ask(&world, target, "hello"));
        assert!(given_up.await.is_err(), "{target}");
        let seen = async {
            while calls(&world).await.pop().unwrap()["end"] != "client_gone" {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        assert!(tokio::time::timeout(Duration::from_secs(5), seen).await.is_ok(), "{target}");
        world.well().await;
    }
}
