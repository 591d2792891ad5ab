//! What the provider may do wrong, each fault from the first attempt on.

use schemas::answered::Outcome;
use serde_json::{Value, json};

use crate::world::{World, attempts, reason, text};

/// Plans the fault for the first call of `main` and asks.
async fn after(fault: Value) -> (World, schemas::answered::Answered) {
    let world = World::new().await;
    world.fault("sim-main", 1, fault).await;
    let answered = world.ask("hello").await;
    (world, answered)
}

#[tokio::test]
async fn a_healthy_provider_answers_and_is_recorded_in_full() {
    let world = World::new().await;
    let answered = world.ask("hello").await;
    assert_eq!(text(&answered), "I hear you say: \"hello\". This is the first thing you tell me.");
    let [attempt] = answered.attempts.as_slice() else { panic!("{answered:?}") };
    let ledger = world.ledger().await;
    let bill = &ledger["entries"][0];
    assert_eq!(bill["request_id"], format!("{}-1", answered.request));
    assert_eq!(attempt.provider_request.as_deref(), Some("req_1"));
    assert_eq!((attempt.status, attempt.finish.as_deref()), (Some(200), Some("stop")));
    assert_eq!(attempt.model_answered.as_deref(), Some("sim-main"));
    let usage = attempt.usage.as_ref().unwrap();
    assert_eq!(bill["prompt_tokens"], usage.input);
    assert_eq!(bill["completion_tokens"], usage.output);
    assert!(usage.reasoning > 0);
    let fresh = i128::from((usage.input - usage.cached) * 2_000_000 + usage.cached * 200_000);
    let cost = attempt.cost.as_ref().unwrap();
    assert_eq!((cost.currency.as_str(), cost.pico), ("USD", fresh + i128::from(usage.output) * 10_000_000));
    assert_eq!(attempt.price.as_deref(), Some("openai/sim-main/*/1577836800000"));
}

#[tokio::test]
async fn a_passing_or_final_refusal_moves_on_to_the_spare_target_at_once() {
    let cases = [
        (json!({"kind": "rate_limited", "retry_after": "10m"}), "rate_limited", Some(429)),
        (json!({"kind": "rate_limited", "retry_after_date": "10m"}), "rate_limited", Some(429)),
        (json!({"kind": "rate_limited", "retry_after_in_ms": "10m"}), "rate_limited", Some(429)),
        (json!({"kind": "insufficient_quota"}), "quota_exhausted", Some(429)),
        (json!({"kind": "server_error"}), "server_error", Some(500)),
        (json!({"kind": "bad_gateway"}), "server_error", Some(502)),
        (json!({"kind": "overloaded"}), "overloaded", Some(503)),
        (json!({"kind": "gateway_timeout"}), "server_error", Some(504)),
        (json!({"kind": "invalid_api_key"}), "auth", Some(401)),
        (json!({"kind": "model_not_found"}), "model_unavailable", Some(404)),
        (json!({"kind": "context_length_exceeded"}), "context_too_long", Some(400)),
        (json!({"kind": "empty_content"}), "empty", Some(200)),
        (json!({"kind": "reasoning_only"}), "empty", Some(200)),
        (json!({"kind": "malformed_json"}), "protocol", Some(200)),
        (json!({"kind": "wrong_length"}), "protocol", None),
        (json!({"kind": "cut"}), "protocol", None),
        (json!({"kind": "reset"}), "protocol", None),
        (json!({"kind": "reset_after_headers"}), "protocol", None),
    ];
    for (fault, class, status) in cases {
        let (_world, answered) = after(fault.clone()).await;
        assert_eq!(attempts(&answered), [("main", class), ("spare", "ok")], "{fault}");
        assert_eq!(answered.attempts[0].status, status, "{fault}");
        assert!(text(&answered).contains("hello"), "{fault}");
        let Outcome::Done { target, .. } = &answered.outcome else { panic!() };
        assert_eq!(target.as_str(), "spare");
    }
}

#[tokio::test]
async fn a_safety_block_ends_the_request_and_shops_nowhere() {
    for kind in ["invalid_prompt", "content_filter"] {
        let (_world, answered) = after(json!({"kind": kind})).await;
        assert_eq!(attempts(&answered), [("main", "content_blocked")], "{kind}");
        assert_eq!(reason(&answered), "content_blocked");
        assert_eq!(answered.attempts[0].code.as_deref(), Some(kind));
    }
}

#[tokio::test]
async fn a_hanging_target_leaves_time_for_the_next() {
    let world = World::new().await;
    world.fault("sim-main", 1, json!({"kind": "hang"})).await;
    let answered = world.run(&world.request("hello", 1_500)).await;
    assert_eq!(attempts(&answered), [("main", "timeout"), ("spare", "ok")]);
    let took = answered.attempts[0].duration_ms;
    assert!((700..=1_200).contains(&took), "{took}");
}

#[tokio::test]
async fn an_answer_cut_at_the_limit_goes_out_marked() {
    let (_world, answered) = after(json!({"kind": "length"})).await;
    let Outcome::Done { truncated, .. } = &answered.outcome else { panic!("{answered:?}") };
    assert!(truncated);
    assert_eq!(answered.attempts[0].finish.as_deref(), Some("length"));
}

#[tokio::test]
async fn a_missing_usage_is_left_unknown_and_costs_nothing_known() {
    let (_world, answered) = after(json!({"kind": "missing_usage"})).await;
    let attempt = &answered.attempts[0];
    assert_eq!((&attempt.error, &attempt.usage, &attempt.cost, &attempt.price), (&None, &None, &None, &None));
}

#[tokio::test]
async fn every_form_of_error_code_is_read() {
    let world = World::new().await;
    for (form, expected) in [("text", "server_error"), ("integer", "500"), ("null", "server_error")] {
        let order = json!({"kind": "server_error"});
        world.fault_with_code("sim-main", order, form).await;
        let answered = world.ask("hello").await;
        assert_eq!(answered.attempts[0].code.as_deref(), Some(expected), "{form}");
    }
}

#[tokio::test]
async fn our_sum_of_tokens_is_the_providers_invoice_where_it_told_us() {
    let world = World::new().await;
    let kinds =
        ["server_error", "empty_content", "reasoning_only", "content_filter", "length", "rate_limited"];
    let mut ours = [0, 0, 0, 0];
    for kind in kinds {
        world.fault("sim-main", 1, json!({"kind": kind})).await;
        let answered = world.ask(&format!("tell me about {kind}")).await;
        for usage in answered.attempts.iter().filter_map(|attempt| attempt.usage.as_ref()) {
            let counts = [usage.input, usage.cached, usage.output, usage.reasoning];
            ours = std::array::from_fn(|i| ours[i] + counts[i]);
        }
    }
    let totals = &world.ledger().await["totals"];
    let names = ["prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens"];
    assert_eq!(names.map(|name| totals[name].as_u64().unwrap()), ours);
    assert!(ours[0] > 0 && ours[3] > 0);
}
