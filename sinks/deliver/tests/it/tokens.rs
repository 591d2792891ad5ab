//! Tokens: refused, revoked, not to be had.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use simulators::easemob::QuotaConfig;

use crate::world::{World, answer, end, of_class_drop, while_time_passes};

/// Fifty sends at once.
async fn fifty(world: &Arc<World>) -> Vec<u16> {
    let running = (0..50).map(|i| {
        let world = Arc::clone(world);
        tokio::spawn(async move { world.send(&format!("part {i}")).await })
    });
    let mut attempts = Vec::new();
    for sent in running.collect::<Vec<_>>() {
        let sent = sent.await.unwrap();
        assert_eq!(end(&sent), "sent");
        attempts.push(sent.attempts);
    }
    attempts
}

#[tokio::test]
async fn fifty_sends_share_one_token_and_after_a_revocation_one_more() {
    let limits = "users_per_second = 5000\nmessages_per_minute = 300000";
    let world = Arc::new(World::with(QuotaConfig::default(), limits).await);
    assert_eq!(fifty(&world).await, [1; 50]);
    assert_eq!(world.calls("token").await, 1);
    world.order("/control/tokens/revoke", json!({"app": "acme#support"})).await;
    let attempts = fifty(&world).await;
    assert!(attempts.contains(&2) && attempts.iter().all(|attempts| *attempts <= 3), "{attempts:?}");
    assert_eq!(world.calls("token").await, 2);
    assert_eq!(world.taken().await.len(), 100);
}

#[tokio::test(start_paused = true)]
async fn refused_tokens_cost_moments_and_no_part() {
    let (world, _) = while_time_passes(World::new()).await;
    let passing = while_time_passes(async {
        world.fault("users", 1, json!({"kind": "unauthorized"})).await;
        world.send("one").await
    });
    let (delivery, _) = passing.await;
    assert_eq!((end(&delivery), delivery.attempts), ("sent", 2));
    let passing = while_time_passes(async {
        world.fault("users", 2, json!({"kind": "unauthorized"})).await;
        world.send("two").await
    });
    let (delivery, took) = passing.await;
    assert_eq!((end(&delivery), delivery.attempts), ("sent", 3));
    assert!(took < Duration::from_secs(3), "{took:?}");
    assert_eq!(while_time_passes(world.taken()).await.0.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn without_a_token_nothing_is_sent_and_nothing_is_in_doubt() {
    for (fault, class) in [
        (json!({"kind": "reset"}), "protocol"),
        (json!({"kind": "slow", "after": "1m"}), "timeout"),
        (json!({"kind": "bad_gateway"}), "server_error"),
        (json!({"kind": "bad_request"}), "auth"),
    ] {
        let passing = while_time_passes(async {
            let world = World::new().await;
            world.fault("token", 99, fault.clone()).await;
            world.run(&of_class_drop(answer("acme#support/chat/bot/alice", "hi", 1_500))).await
        });
        let (delivery, _) = passing.await;
        assert_eq!((end(&delivery), delivery.attempts), (class, 0), "{fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_endpoint_in_trouble_delays_and_loses_nothing() {
    for kind in ["bad_request", "reset", "server_error", "reach_limit", "unauthorized"] {
        let (world, _) = while_time_passes(World::new()).await;
        while_time_passes(world.fault("token", 2, json!({"kind": kind}))).await;
        let (delivery, took) = while_time_passes(world.send("hi")).await;
        assert_eq!((end(&delivery), delivery.attempts), ("sent", 1), "{kind}");
        assert!(took > Duration::from_secs(2) && took < Duration::from_secs(5), "{kind}: {took:?}");
    }
}
