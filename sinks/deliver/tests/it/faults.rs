//! What Easemob may do wrong, each fault from the first send on.

use std::time::Instant;

use serde_json::json;
use simulators::easemob::QuotaConfig;

use crate::world::{World, answer, end, of_class_drop, to_alice};

#[tokio::test]
async fn what_passes_is_waited_for() {
    let kinds = ["reach_limit", "message_limit", "server_error"];
    for kind in kinds {
        for class_drop in [false, true] {
            let world = World::new().await;
            world.fault("users", 2, json!({"kind": kind})).await;
            let part = if class_drop { of_class_drop(to_alice("hi")) } else { to_alice("hi") };
            let delivery = world.run(&part).await;
            assert_eq!((end(&delivery), delivery.attempts), ("sent", 3), "{kind}");
            assert_eq!(world.taken().await.len(), 1, "{kind}");
        }
    }
}

#[tokio::test]
async fn what_does_not_pass_is_not_repeated() {
    for (kind, reason) in [
        ("resource_limited", "quota_exhausted"),
        ("forbidden", "bad_request"),
        ("bad_request", "bad_request"),
    ] {
        let world = World::new().await;
        world.fault("users", 9, json!({"kind": kind})).await;
        let delivery = world.send("hi").await;
        assert_eq!((end(&delivery), delivery.attempts), (reason, 1), "{kind}");
        assert!(world.taken().await.is_empty());
    }
}

#[tokio::test]
async fn a_refusal_of_one_part_does_not_hold_up_the_next() {
    let world = World::new().await;
    world.fault("users", 1, json!({"kind": "forbidden"})).await;
    assert_eq!(end(&world.send("one").await), "bad_request");
    let begun = Instant::now();
    assert_eq!(end(&world.send("two").await), "sent");
    assert!(begun.elapsed().as_millis() < 500);
}

#[tokio::test]
async fn a_reset_after_acceptance_is_sent_again_by_class_resend_and_unknown_to_class_drop() {
    for kind in ["reset_after_accept", "reset"] {
        let accepted = usize::from(kind == "reset_after_accept");
        let world = World::new().await;
        world.fault("users", 1, json!({"kind": kind})).await;
        let delivery = world.send("hi").await;
        // The connection had been kept since the token was fetched: that it is dead is no attempt.
        assert_eq!((end(&delivery), delivery.attempts), ("sent", 1), "{kind}");
        let taken = world.taken().await;
        assert_eq!(taken.len(), 1 + accepted, "{kind}");
        assert_eq!(taken[0]["ext"], taken[accepted]["ext"], "a client can tell that it is the same part");

        let world = World::new().await;
        world.fault("users", 1, json!({"kind": kind})).await;
        let delivery = world.run(&of_class_drop(to_alice("hi"))).await;
        assert_eq!((end(&delivery), delivery.attempts), ("unknown", 1), "{kind}");
        assert_eq!(world.taken().await.len(), accepted, "{kind}");
    }
}

#[tokio::test]
async fn a_slow_send_and_a_gateway_that_gave_up_are_as_unknown_as_a_reset() {
    for fault in [json!({"kind": "slow_after_accept", "ms": 5_000}), json!({"kind": "bad_gateway"})] {
        let world = World::new().await;
        world.fault("users", 1, fault.clone()).await;
        assert_eq!(end(&world.run(&of_class_drop(to_alice("hi"))).await), "unknown", "{fault}");
        world.fault("users", 1, fault.clone()).await;
        assert_eq!(end(&world.send("hi").await), "sent", "{fault}");
    }
}

#[tokio::test]
async fn resends_end_at_their_limit_and_say_that_nobody_knows() {
    let world = World::new().await;
    world.fault("users", 9, json!({"kind": "reset_after_accept"})).await;
    let delivery = world.send("hi").await;
    assert_eq!((end(&delivery), delivery.attempts), ("unknown", 3));
}

#[tokio::test]
async fn trouble_that_outlasts_send_by_ends_with_its_class() {
    let world = World::new().await;
    world.fault("users", 999, json!({"kind": "server_error"})).await;
    let begun = Instant::now();
    let delivery = world.run(&answer("acme#support/chat/bot/alice", "hi", 2_500)).await;
    assert_eq!(end(&delivery), "server_error");
    assert!(delivery.attempts > 4, "it went on after the first run: {}", delivery.attempts);
    assert!(begun.elapsed().as_millis() < 4_000);
}

#[tokio::test]
async fn no_attempt_starts_that_the_hard_deadline_could_cut_off() {
    let world = World::new().await;
    world.fault("users", 999, json!({"kind": "server_error"})).await;
    let begun = Instant::now();
    // A second for the last attempt and ten of margin leave one.
    let part = answer("acme#support/chat/bot/alice", "hi", 60_000);
    let delivery = world.run_within(&part, false, std::time::Duration::from_secs(12)).await;
    assert_eq!(end(&delivery), "server_error");
    assert!(delivery.attempts > 0 && begun.elapsed().as_millis() < 2_500, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn an_outage_that_opens_the_breaker_delays_and_loses_nothing() {
    let world = World::new().await;
    world.fault("users", 6, json!({"kind": "server_error"})).await;
    let delivery = world.send("hi").await;
    assert_eq!((end(&delivery), delivery.attempts), ("sent", 7));
}

#[tokio::test]
async fn an_accepted_duplicate_is_one_delivery() {
    let world = World::new().await;
    world.fault("users", 1, json!({"kind": "duplicate"})).await;
    let delivery = world.send("hi").await;
    assert_eq!((end(&delivery), delivery.attempts), ("sent", 1));
    assert_eq!(world.taken().await.len(), 2);
}

#[tokio::test]
async fn a_quota_that_is_used_up_delays_and_loses_nothing() {
    let quotas = QuotaConfig { users_calls_per_s: 5, ..QuotaConfig::default() };
    let world = World::with(quotas, "").await;
    for i in 0..12 {
        assert_eq!(end(&world.send(&format!("part {i}")).await), "sent");
    }
    assert_eq!(world.taken().await.len(), 12);
}
