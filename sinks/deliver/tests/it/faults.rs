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
async fn a_send_that_has_no_status_is_unknown_and_never_repeated() {
    for (fault, accepted) in [
        (json!({"kind": "reset_after_accept"}), 1),
        (json!({"kind": "reset"}), 0),
        (json!({"kind": "slow_after_accept", "after": "5s"}), 1),
    ] {
        for part in [to_alice("hi"), of_class_drop(to_alice("hi"))] {
            let world = World::new().await;
            world.fault("users", 9, fault.clone()).await;
            let delivery = world.run(&part).await;
            assert_eq!((end(&delivery), delivery.attempts), ("unknown", 1), "{fault} {:?}", part.class);
            assert_eq!(world.taken().await.len(), accepted, "{fault}");
        }
    }
}

#[tokio::test]
async fn a_send_that_takes_long_is_waited_for() {
    let world = World::new().await;
    world.fault("users", 9, json!({"kind": "slow_after_accept", "after": "700ms"})).await;
    for part in [to_alice("one"), of_class_drop(to_alice("two"))] {
        let delivery = world.run(&part).await;
        assert_eq!((end(&delivery), delivery.attempts), ("sent", 1));
    }
    assert_eq!(world.taken().await.len(), 2);
}

#[tokio::test]
async fn a_gateway_that_gave_up_is_a_refusal_and_to_class_drop_a_doubt() {
    let world = World::new().await;
    world.fault("users", 1, json!({"kind": "bad_gateway"})).await;
    let delivery = world.send("hi").await;
    assert_eq!((end(&delivery), delivery.attempts), ("sent", 2));
    world.fault("users", 1, json!({"kind": "bad_gateway"})).await;
    let delivery = world.run(&of_class_drop(to_alice("hi"))).await;
    assert_eq!((end(&delivery), delivery.attempts), ("unknown", 1));
}

#[tokio::test]
async fn a_part_that_fails_while_others_are_taken_does_not_hold_its_lane_for_ever() {
    let world = World::new().await;
    let order = json!({"scope": {"path": "users", "contains": "poison"}, "times": 999, "fault": {"kind": "server_error"}});
    world.order("/control/faults", order).await;
    let others = async {
        loop {
            world.run(&answer("acme#support/chat/bot/bob", "fine", 10_000)).await;
        }
    };
    let delivery = tokio::select! {
        delivery = world.send("poison") => delivery,
        never = others => never,
    };
    assert_eq!(end(&delivery), "server_error");
    assert!((10..60).contains(&delivery.attempts), "{}", delivery.attempts);
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
    world.fault("users", 12, json!({"kind": "server_error"})).await;
    let begun = Instant::now();
    let part = |user: &str| answer(&format!("acme#support/chat/bot/{user}"), "hi", 10_000);
    let users: Vec<String> = (0..8).map(|user| format!("user{user}")).collect();
    let parts: Vec<_> = users.iter().map(|user| part(user)).collect();
    let sent = futures(parts.iter().map(|part| world.run(part))).await;
    assert!(sent.iter().all(|delivery| end(delivery) == "sent"), "{sent:?}");
    assert!(begun.elapsed().as_millis() < 5_000, "{:?}", begun.elapsed());
    assert_eq!(world.taken().await.len(), 8);
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

/// Runs futures together.
async fn futures<F: Future>(all: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = all.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        for (future, output) in running.iter_mut().filter(|(_, output)| output.is_none()) {
            if let std::task::Poll::Ready(ready) = future.as_mut().poll(context) {
                *output = Some(ready);
            }
        }
        let done = running.iter().all(|(_, output)| output.is_some());
        if done { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    running.into_iter().filter_map(|(_, output)| output).collect()
}
