//! Which targets may be called, when, and what is reviewed.

use std::time::Instant;

use schemas::answered::Outcome;
use schemas::ids::TargetName;
use schemas::verdict::Action;
use serde_json::json;

use crate::world::{World, attempts, catalogue, reason, text};

fn names(names: &[&str]) -> Vec<TargetName> {
    names.iter().map(|name| TargetName::new(*name).unwrap()).collect()
}

#[tokio::test]
async fn an_unknown_target_is_passed_over_and_a_chain_of_them_fails() {
    let world = World::new().await;
    let mut request = world.request("hello", 10_000);
    request.chain = names(&["future", "spare"]);
    assert_eq!(attempts(&world.run(&request).await), [("spare", "ok")]);
    request.chain = names(&["future"]);
    // It waits for a bundle that knows the target, and nobody is called.
    tokio::time::pause();
    let answered = world.run(&request).await;
    assert_eq!((reason(&answered), answered.attempts.len()), ("unknown_target", 0));
}

#[tokio::test]
async fn a_target_outside_the_allowed_regions_is_never_called() {
    let world = World::new().await;
    let mut request = world.request("hello", 10_000);
    request.allowed_regions = vec!["eu".into()];
    assert_eq!(attempts(&world.run(&request).await), [("spare", "ok")]);
    request.allowed_regions = vec!["us".into()];
    assert_eq!(reason(&world.run(&request).await), "region");
    assert_eq!(world.ledger().await["totals"]["requests"], 1);
}

#[tokio::test]
async fn a_request_that_is_late_expires_without_a_call() {
    let world = World::new().await;
    for within in [-1, 0, 20] {
        let answered = world.run(&world.request("hello", within)).await;
        assert_eq!((&answered.outcome, answered.attempts.len()), (&Outcome::Expired, 0), "{within}");
    }
    assert_eq!(world.ledger().await["totals"]["requests"], 0);
}

#[tokio::test]
async fn time_that_runs_out_between_attempts_expires_the_request_and_keeps_the_record() {
    let world = World::new().await;
    world.fault("sim-main", 9, json!({"kind": "hang"})).await;
    let mut request = world.request("hello", 400);
    request.chain = names(&["main"]);
    let answered = world.run(&request).await;
    assert_eq!(answered.outcome, Outcome::Expired);
    assert_eq!(attempts(&answered), [("main", "timeout")]);
}

#[tokio::test]
async fn a_wall_clock_that_jumps_ahead_stops_the_next_attempt() {
    let world = World::new().await;
    world.fault("sim-main", 1, json!({"kind": "hang"})).await;
    let request = world.request("hello", 2_000);
    let jump = async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        world.clock.forward(60_000);
    };
    let (answered, ()) = tokio::join!(world.run(&request), jump);
    assert_eq!(answered.outcome, Outcome::Expired);
    assert_eq!(attempts(&answered), [("main", "timeout")], "the refused start is no attempt");
    assert_eq!(world.ledger().await["totals"]["requests"], 1);
}

#[tokio::test]
async fn one_target_is_tried_again_after_a_pause() {
    let world = World::new().await;
    world.fault("sim-main", 2, json!({"kind": "server_error"})).await;
    let mut request = world.request("hello", 10_000);
    request.chain = names(&["main"]);
    let answered = world.run(&request).await;
    assert_eq!(attempts(&answered), [("main", "server_error"), ("main", "server_error"), ("main", "ok")]);
    let numbers: Vec<_> = answered.attempts.iter().map(|attempt| attempt.number).collect();
    assert_eq!(numbers, [1, 2, 3]);
    let ledger = world.ledger().await;
    assert_eq!(ledger["entries"][2]["request_id"], format!("{}-3", answered.request));
}

#[tokio::test]
async fn a_provider_that_stays_down_fails_with_its_class() {
    let world = World::new().await;
    for model in ["sim-main", "sim-spare"] {
        world.fault(model, 99, json!({"kind": "server_error"})).await;
    }
    let answered = world.ask("hello").await;
    assert_eq!((reason(&answered), answered.attempts.len()), ("server_error", 4));
}

/// A request of somebody, of an app.
fn of(world: &World, lane: &str) -> schemas::request::Request {
    let mut request = world.request("hello", 10_000);
    request.lane = lane.parse().unwrap();
    let app = request.lane.conversation.app();
    request.message = schemas::ids::MessageId::new(format!("{app}/chat/1")).unwrap();
    request
}

#[tokio::test]
async fn a_dead_key_that_two_people_meet_sends_everybody_to_the_spare_target_at_once() {
    let world = World::new().await;
    world.fault("sim-main", 99, json!({"kind": "invalid_api_key"})).await;
    for user in ["alice", "bob"] {
        let answered = world.run(&of(&world, &format!("acme#support/group/7@{user}"))).await;
        assert_eq!(attempts(&answered), [("main", "auth"), ("spare", "ok")]);
    }
    let begun = Instant::now();
    assert_eq!(attempts(&world.ask("two").await), [("spare", "ok")], "main cools down");
    assert!(begun.elapsed().as_millis() < 1_000);
}

#[tokio::test]
async fn what_one_person_or_one_app_meets_keeps_nobody_else_away() {
    for fault in [json!({"kind": "invalid_api_key"}), json!({"kind": "server_error"})] {
        let world = World::new().await;
        world.fault("sim-main", 60, fault.clone()).await;
        for user in (0..30).map(|number| format!("user{}", number % 3)) {
            let answered = world.run(&of(&world, &format!("acme#support/group/7@{user}"))).await;
            assert_eq!(attempts(&answered).last(), Some(&("spare", "ok")), "{fault}");
        }
        world.well().await;
        let answered = world.run(&of(&world, "acme#sales/group/7@carol")).await;
        assert_eq!(attempts(&answered), [("main", "ok")], "{fault}");
    }
}

#[tokio::test]
async fn the_reviewer_stops_and_masks() {
    let world = World::new().await;
    let stopped = world.ask("a bad word please").await;
    let Outcome::Failed { reason, verdict: Some(verdict) } = &stopped.outcome else { panic!("{stopped:?}") };
    assert_eq!((reason.as_str(), verdict.action), ("blocked_output", Action::Block));
    assert_eq!(verdict.rules, ["gamble"]);
    assert_eq!(attempts(&stopped), [("main", "ok")], "the call is recorded and not repeated elsewhere");
    let masked = world.ask("the number please").await;
    assert_eq!(text(&masked), "call ***** now");
}

#[tokio::test]
async fn a_price_that_nobody_configured_is_unknown_and_a_new_bundle_brings_it() {
    let world = World::new().await;
    let mut request = world.request("hello", 10_000);
    request.chain = names(&["spare"]);
    let unpriced = world.run(&request).await;
    assert!(unpriced.attempts[0].usage.is_some());
    assert_eq!((&unpriced.attempts[0].cost, &unpriced.attempts[0].price), (&None, &None));
    let row = r#"
        [[price]]
        provider = "local"
        model = "sim-spare"
        currency = "CNY"
        from = "2020-01-01"
        input = "0"
        output = "1"
    "#;
    world.apply(&format!("{}{row}", catalogue("sim-main", "sim-spare")));
    let priced = world.run(&request).await;
    let output = priced.attempts[0].usage.as_ref().unwrap().output;
    assert_eq!(priced.attempts[0].cost.as_ref().unwrap().pico, i128::from(output) * 1_000_000);
}

#[tokio::test]
async fn a_new_bundle_changes_the_model_of_a_target() {
    let world = World::new().await;
    world.apply(&catalogue("sim-other", "sim-spare"));
    assert_eq!(world.ask("hello").await.attempts[0].model_answered.as_deref(), Some("sim-other"));
}
