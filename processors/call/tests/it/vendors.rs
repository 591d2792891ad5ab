//! Vendors with wires of their own, each as strict as the vendor is: what is asked, what comes of it, and what is on the invoice.

use catalogue::Provider;
use schemas::answered::{Answered, Flagged, Outcome};
use schemas::ids::TargetName;
use serde_json::{Value, json};
use simulators::model::{self, Config};

use crate::world::{World, attempts, reason, text};

/// Name of a target, its provider, its model, and the model as the stand-in's ledger and faults have it.
const TARGETS: [(&str, Provider, &str, &str); 4] = [
    ("claude-old", Provider::Claude, "claude-haiku-4-5", "claude-haiku-4-5"),
    ("claude-new", Provider::Claude, "claude-sonnet-5-5", "claude-sonnet-5-5"),
    ("ernie", Provider::Ernie, "ernie-5.1", "ernie-5.1"),
    ("ernie-v1", Provider::Ernie, "ERNIE-4.0-8K", "completions_pro"),
];

fn catalogue() -> String {
    let names: Vec<&str> = TARGETS.iter().map(|(name, ..)| *name).collect();
    let mut text = format!(
        r#"
        [[app]]
        key = "acme#support"
        chain = {names:?}
        allowed_regions = ["cn"]
        label = "AI"
        [[app.bot]]
        id = "bot"
        "#
    );
    for (name, provider, model, _) in TARGETS {
        let provider = provider.label();
        text += &format!(
            "[[target]]\nname = {name:?}\nprovider = {provider:?}\nmodel = {model:?}\nregion = \"cn\"\ntimeout = \"5s\"\n"
        );
    }
    text
}

async fn world() -> World {
    let config = Config { api_keys: vec!["sk-sim".into(), "ak:sk".into()], ..Config::default() };
    let sim = model::start(config).await.unwrap();
    let at = |path: &str| sim.url(path);
    let section = format!(
        r#"
        chain = {{ backoff_base = "5ms", backoff_cap = "20ms", min_useful = "50ms", max_attempts = 2 }}
        health = {{ pause_base = "20ms", breaker_failures_in_a_row = 50, breaker_min_lanes = 50 }}
        target = [
            {{ name = "claude-old", base_url = "{claude}", api_key = "sk-sim", prompt_cache = "1h" }},
            {{ name = "claude-new", base_url = "{claude}/v1", api_key = "sk-sim", api_version = "2026-10-21" }},
            {{ name = "ernie", base_url = "{v2}", api_key = "sk-sim", app_id = "app-1" }},
            {{ name = "ernie-v1", wire = "v1", base_url = "{v1}", api_key = "ak", api_secret = "sk" }},
        ]
        "#,
        claude = at("/claude"),
        v2 = at("/ernie/v2"),
        v1 = at("/ernie"),
    );
    World::built(sim, &catalogue(), &section)
}

async fn ask(world: &World, target: &str, question: &str) -> Answered {
    let mut request = world.request(question, 10_000);
    request.chain = vec![TargetName::new(target).unwrap()];
    let system = json!([{"role": "system", "text": {"plain": "Be kind. ".repeat(700)}}]);
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
    for (name, _, _, model) in TARGETS {
        let answered = ask(&world, name, "how do I reset my badge?").await;
        assert!(!text(&answered).is_empty(), "{name}");
        let [attempt] = answered.attempts.as_slice() else { panic!("{answered:?}") };
        let usage = attempt.usage.as_ref().unwrap();
        let entry = calls(&world).await.pop().unwrap();
        assert_eq!((entry["model"].as_str(), entry["stream"].as_bool()), (Some(model), Some(true)));
        assert_eq!(
            (usage.input, usage.output),
            (entry["prompt_tokens"].as_u64().unwrap(), entry["completion_tokens"].as_u64().unwrap()),
            "{name}: {entry}"
        );
        assert!(attempt.provider_request.is_some() && attempt.may_be_billed, "{name}");
    }
}

#[tokio::test]
async fn instructions_are_written_to_the_cache_once_and_read_from_there() {
    let world = world().await;
    let first = ask(&world, "claude-old", "hello").await.attempts[0].usage.clone().unwrap();
    let second = ask(&world, "claude-old", "hello again").await.attempts[0].usage.clone().unwrap();
    assert!(first.input_cache_write_1h > 0 && first.input_cache_write_5m == 0, "{first:?}");
    assert_eq!((first.cached, second.cached), (0, first.input_cache_write_1h));
    assert!(second.input > second.cached && second.input_cache_write_1h == 0, "{second:?}");
}

#[tokio::test]
async fn a_token_that_has_expired_is_got_anew_within_the_attempt_and_only_once() {
    let world = world().await;
    text(&ask(&world, "ernie-v1", "one").await);
    world.expire_tokens().await;
    let answered = ask(&world, "ernie-v1", "two").await;
    assert_eq!(attempts(&answered), [("ernie-v1", "ok")]);
    let before = calls(&world).await.len();
    world.fault("completions_pro", 10, json!({"kind": "expired_token"})).await;
    let answered = ask(&world, "ernie-v1", "three").await;
    assert_eq!(attempts(&answered), [("ernie-v1", "auth")]);
    assert_eq!(answered.attempts[0].code.as_deref(), Some("111"));
    assert_eq!(calls(&world).await.len() - before, 2, "one call with the old token and one with the new");
}

#[tokio::test]
async fn a_key_that_gets_no_token_is_told_as_a_bad_key() {
    let world = world().await;
    let refused = json!({"error": "invalid_client", "error_description": "unknown client id"});
    let script = json!({"kind": "reply", "status": 401, "body": refused.to_string()});
    world.fault("oauth", 1, script).await;
    let answered = ask(&world, "ernie-v1", "hello").await;
    assert_eq!(attempts(&answered), [("ernie-v1", "auth")]);
    assert_eq!(answered.attempts[0].code.as_deref(), Some("invalid_client"));
}

/// The faults of all wires, the class that the first attempt has for each, and whether tokens are told.
const FAULTS: &[(&str, &[&str], &str)] = &[
    (
        r#"{"kind": "rate_limited", "retry_after": "1s"}"#,
        &["claude-old", "ernie", "ernie-v1"],
        "rate_limited",
    ),
    (r#"{"kind": "rate_limited"}"#, &["claude-old"], "quota_exhausted"),
    (r#"{"kind": "token_limited"}"#, &["ernie", "ernie-v1"], "rate_limited"),
    (r#"{"kind": "ramp_limited"}"#, &["claude-old"], "ramp_limited"),
    (r#"{"kind": "insufficient_quota"}"#, &["claude-old", "ernie", "ernie-v1"], "quota_exhausted"),
    (r#"{"kind": "spend_limit"}"#, &["claude-old", "ernie-v1"], "quota_exhausted"),
    (r#"{"kind": "server_error"}"#, &["claude-old", "ernie", "ernie-v1"], "server_error"),
    (r#"{"kind": "bad_gateway"}"#, &["claude-old", "ernie", "ernie-v1"], "server_error"),
    (r#"{"kind": "overloaded"}"#, &["claude-old", "ernie", "ernie-v1"], "overloaded"),
    (r#"{"kind": "timeout"}"#, &["claude-old"], "timeout"),
    (r#"{"kind": "invalid_api_key"}"#, &["claude-old", "ernie"], "auth"),
    (r#"{"kind": "permission_denied"}"#, &["claude-old", "ernie", "ernie-v1"], "auth"),
    (r#"{"kind": "model_not_found"}"#, &["claude-old", "ernie", "ernie-v1"], "model_unavailable"),
    (r#"{"kind": "model_retired"}"#, &["claude-old", "ernie", "ernie-v1"], "model_unavailable"),
    (r#"{"kind": "context_length_exceeded"}"#, &["claude-old", "ernie", "ernie-v1"], "context_too_long"),
    (r#"{"kind": "content_filter"}"#, &["claude-old", "ernie", "ernie-v1"], "content_blocked"),
    (r#"{"kind": "refusal"}"#, &["claude-old", "ernie-v1"], "content_blocked"),
    (r#"{"kind": "flagged"}"#, &["ernie", "ernie-v1"], "content_blocked"),
    (r#"{"kind": "empty_content"}"#, &["claude-old", "ernie", "ernie-v1"], "empty"),
    (r#"{"kind": "reasoning_only"}"#, &["claude-old", "ernie"], "empty"),
    (r#"{"kind": "cut_stream", "after_chunks": 2}"#, &["claude-old", "ernie", "ernie-v1"], "protocol"),
    (r#"{"kind": "malformed_frame", "after_chunks": 2}"#, &["claude-old", "ernie", "ernie-v1"], "protocol"),
    (r#"{"kind": "stream_error", "after_chunks": 2}"#, &["claude-old", "ernie", "ernie-v1"], "*"),
];

#[tokio::test]
async fn every_fault_of_a_vendor_has_its_class() {
    let world = world().await;
    for (fault, targets, expected) in FAULTS {
        for target in *targets {
            let (.., model) = TARGETS.iter().find(|(name, ..)| name == target).unwrap();
            world.fault(model, 1, serde_json::from_str(fault).unwrap()).await;
            let answered = ask(&world, target, "hello").await;
            let error = answered.attempts[0].error.as_deref();
            let fits = error == Some(expected) || (*expected == "*" && error.is_some());
            assert!(fits, "{target} {fault}: {:?}", answered.attempts[0]);
            if matches!(answered.outcome, Outcome::Failed { .. }) {
                assert_eq!(Some(reason(&answered)), answered.attempts.last().unwrap().error.as_deref());
            }
            world.well().await;
            tokio::time::sleep(std::time::Duration::from_millis(30)).await;
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_at_the_cap_is_one_and_reasoning_never_is() {
    let world = world().await;
    for (name, _, _, model) in TARGETS {
        world.fault(model, 1, json!({"kind": "length"})).await;
        let answered = ask(&world, name, "hello").await;
        assert!(matches!(answered.outcome, Outcome::Done { truncated: true, .. }), "{name}: {answered:?}");
    }
}

#[tokio::test]
async fn a_turn_that_a_filter_objects_to_is_named_and_without_it_the_conversation_goes_on() {
    let world = world().await;
    for (target, model) in [("ernie", "ernie-5.1"), ("ernie-v1", "completions_pro")] {
        world.fault(model, 100, json!({"kind": "flagged", "contains": "weapons"})).await;
        let line = |role: &str, text: &str| json!({"role": role, "text": {"plain": text}});
        let prompt = [
            line("user", "hello"),
            line("assistant", "hi"),
            line("user", "where do I buy weapons?"),
            line("assistant", "nowhere"),
            line("user", "and a badge?"),
            line("assistant", "at the desk"),
            line("user", "when?"),
        ];
        let ask = async |prompt: &[Value]| {
            let mut request = world.request("", 10_000);
            request.chain = vec![TargetName::new(target).unwrap()];
            request.prompt = serde_json::from_value(json!(prompt)).unwrap();
            world.run(&request).await
        };
        for (count, flagged) in [(7, Flagged::Earlier(2)), (5, Flagged::Earlier(1)), (3, Flagged::Question)] {
            let answered = ask(&prompt[..count]).await;
            assert_eq!(reason(&answered), "content_blocked", "{target}");
            assert_eq!(answered.attempts[0].flagged, Some(flagged), "{target} {count}");
        }
        let answered = ask(&[&prompt[..2], &prompt[4..]].concat()).await;
        assert!(!text(&answered).is_empty() && answered.attempts[0].flagged.is_none(), "{target}");
    }
}
