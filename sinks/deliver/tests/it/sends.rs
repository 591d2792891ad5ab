//! What arrives, where, how fast.

use std::sync::Arc;
use std::time::Instant;

use pipeline::call::Handler;
use schemas::delivery::DeliveryResult;
use serde_json::json;
use simulators::easemob::QuotaConfig;

use crate::world::{World, answer, end};

#[tokio::test]
async fn a_part_arrives_at_its_user_group_or_room() {
    let world = World::new().await;
    for (lane, path, to) in [
        ("acme#support/chat/bot/alice", "users", "alice"),
        ("acme#support/group/77@alice", "chatgroups", "77"),
        ("acme#support/chatroom/88", "chatrooms", "88"),
    ] {
        let part = answer(lane, "你好", 10_000);
        let delivery = world.run(&part).await;
        let taken = world.taken().await.pop().unwrap();
        assert_eq!((&taken["path"], &taken["from"]), (&json!(path), &json!("bot")));
        assert_eq!(taken["body"], json!({"type": "txt", "msg": "你好"}));
        assert_eq!(taken["ext"]["huiyin"]["reply_id"], json!(part.id));
        let easemob_id = taken["msg_ids"][to].as_str().unwrap().to_owned();
        assert_eq!(delivery.result, DeliveryResult::Sent { easemob_id });
        assert_eq!((delivery.attempts, delivery.characters, delivery.part, delivery.parts), (1, 2, 1, 2));
        assert!(!delivery.rerun && delivery.ended_at >= delivery.started_at);
    }
}

#[tokio::test]
async fn a_part_that_is_too_large_or_too_late_is_not_sent() {
    let world = World::new().await;
    let large = world.send(&"x".repeat(5_100)).await;
    assert_eq!((end(&large), large.attempts), ("too_large", 0));
    let late = world.run(&answer("acme#support/chat/bot/alice", "late", -1)).await;
    assert_eq!((end(&late), late.attempts), ("expired", 0));
    let foreign = answer("acme#support/chat/bot/alice", "x", 1_000);
    let foreign = serde_json::to_string(&foreign).unwrap().replace("acme#support", "acme#other");
    let foreign = world.run(&serde_json::from_str(&foreign).unwrap()).await;
    assert_eq!((end(&foreign), foreign.attempts), ("unknown_app", 0));
    assert!(world.taken().await.is_empty());
}

#[tokio::test]
async fn an_instance_keeps_to_its_share_of_the_quota() {
    let quotas = QuotaConfig { users_calls_per_s: 24, ..QuotaConfig::default() };
    let world = Arc::new(World::with(quotas, "users_per_second = 40").await);
    world.step.ownership(&[0, 1, 2, 3], 8);
    world.send("warm").await;
    let begun = Instant::now();
    let running = (0..20).map(|i| {
        let world = Arc::clone(&world);
        tokio::spawn(async move { world.send(&format!("part {i}")).await })
    });
    for sent in running.collect::<Vec<_>>() {
        let sent = sent.await.unwrap();
        assert_eq!((end(&sent), sent.attempts), ("sent", 1), "no send met the limit");
    }
    let took = begun.elapsed().as_millis();
    assert!((850..5_000).contains(&took), "20 sends at 20 per second took {took} ms");
}

#[tokio::test]
async fn groups_at_their_limit_keep_no_private_chat_waiting_nor_does_a_refusal_of_theirs() {
    let quotas = QuotaConfig { groups_calls_per_s: 2, ..QuotaConfig::default() };
    let world = Arc::new(World::with(quotas, "groups_per_second = 2").await);
    world.send("warm").await;
    world.fault("chatgroups", 1, json!({"kind": "reach_limit"})).await;
    let groups: Vec<_> = (0..8)
        .map(|number| {
            let world = Arc::clone(&world);
            let part = answer(&format!("acme#support/group/{number}@alice"), &format!("{number}"), 60_000);
            tokio::spawn(async move { world.run(&part).await })
        })
        .collect();
    for number in 0..40 {
        let begun = Instant::now();
        assert_eq!(end(&world.send(&format!("private {number}")).await), "sent");
        assert!(begun.elapsed().as_millis() < 200, "{:?}", begun.elapsed());
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    for group in groups {
        assert_eq!(end(&group.await.unwrap()), "sent");
    }
}

#[tokio::test]
async fn who_gets_no_turn_before_its_time_expires() {
    let world = World::with(QuotaConfig::default(), "users_per_second = 1").await;
    world.send("first").await;
    let delivery = world.run(&answer("acme#support/chat/bot/alice", "second", 300)).await;
    assert_eq!((end(&delivery), delivery.attempts), ("expired", 0));
    world.step.ownership(&[], 8);
    let delivery = world.run(&answer("acme#support/chat/bot/alice", "third", 300)).await;
    assert_eq!(end(&delivery), "expired");
}
