//! Parts that are taken back: what is known of their sends, and what Easemob says.

use std::sync::atomic::Ordering;
use std::time::Duration;

use pipeline::call::{Done, Handler};
use schemas::delivery::DeliveryResult;
use schemas::wire::REPLAY;
use serde_json::json;
use simulators::easemob::{AppConfig, QuotaConfig};
use tokio::time::Instant;

use crate::world::{World, answer, end, of_class_drop, record, result, retract, to_alice};

#[tokio::test]
async fn what_was_sent_is_recalled_by_the_id_that_easemob_gave_it() {
    let world = World::new().await;
    for lane in ["acme#support/chat/bot/alice", "acme#support/group/7@alice", "acme#support/chatroom/8"] {
        let part = answer(lane, lane, 10_000);
        let text = format!("another part in {lane}");
        let other = answer(lane, &text, 10_000);
        world.run(&part).await;
        world.run(&other).await;
        let back = world.retract(&part).await;
        assert_eq!(
            (end(&back), back.attempts, back.answer, back.part),
            ("retracted", 1, part.id, 1),
            "{lane}"
        );
        let standing = world.standing().await;
        assert_eq!((standing.len(), &standing[0]["text"]), (1, &json!(text)), "{lane}");
        world.retract(&other).await;
    }
    assert!(world.standing().await.is_empty());
    assert_eq!(world.log.lookups.load(Ordering::Relaxed), 0, "this process knows its own sends");
}

#[tokio::test]
async fn a_process_that_did_not_send_it_finds_the_id_in_the_log() {
    let mut world = World::new().await;
    let part = to_alice("hi");
    let sent = world.run(&part).await;
    world.log.commit(&sent);
    world.restart();
    world.log.away.store(2, Ordering::Relaxed);
    tokio::time::pause();
    let (back, _) = crate::world::while_time_passes(world.retract(&part)).await;
    assert_eq!(end(&back), "retracted");
    assert_eq!(world.log.lookups.load(Ordering::Relaxed), 3, "a log that does not answer is asked again");
    tokio::time::resume();
    assert!(world.standing().await.is_empty());
}

#[tokio::test]
async fn a_record_of_a_replay_is_given_up_before_easemob_is_asked_and_has_no_result() {
    let world = World::new().await;
    let part = to_alice("hi");
    world.run(&part).await;
    let of_replay = |mut record: pipeline::Record| {
        record.headers.push(REPLAY, b"cheaper");
        record
    };
    let refused = pipeline::Refused::DeadLetter { reason: "replay" };
    for record in [of_replay(record(&part)), of_replay(record(&retract(&part))), {
        let unreadable = of_replay(record(&part));
        pipeline::Record { value: Some(b"{".to_vec()), ..unreadable }
    }] {
        assert_eq!(world.step.admit(&record).err(), Some(refused.clone()));
        for rerun in [false, true] {
            assert_eq!(
                world.step.dead(&record, "replay", rerun).outputs,
                [],
                "its part has a result of its own"
            );
        }
    }
    let other = to_alice("another one");
    world.step.admit(&of_replay(record(&retract(&other)))).unwrap_err();
    assert_eq!(end(&world.run(&other).await), "sent", "a forged retract calls nothing off");
    assert_eq!(
        end(&world.retract(&part).await),
        "retracted",
        "the result that is known is that of the real part"
    );
}

#[tokio::test]
async fn a_part_that_was_not_sent_yet_is_not_sent_any_more() {
    let world = World::new().await;
    let part = to_alice("hi");
    world.step.admit(&record(&retract(&part))).unwrap();
    let sent = world.run(&part).await;
    assert_eq!((end(&sent), sent.attempts), ("retracted", 0));
    assert!(matches!(sent.result, DeliveryResult::Undelivered { .. }));
    let back = world.retract(&part).await;
    assert_eq!((end(&back), back.attempts), ("not_sent", 0));
    assert!(world.taken().await.is_empty());
}

#[tokio::test]
async fn a_part_that_waits_while_its_retract_is_read_is_not_sent_when_it_could_be() {
    let world = World::new().await;
    world.fault("users", 1, json!({"kind": "server_error"})).await;
    let part = to_alice("hi");
    let (sent, ()) = tokio::join!(world.run(&part), async {
        while world.calls("users").await == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        world.step.admit(&record(&retract(&part))).unwrap();
    });
    // The first attempt may have been refused and repeated before the retract was read.
    let back = world.retract(&part).await;
    match end(&sent) {
        "retracted" => assert_eq!(end(&back), "not_sent"),
        other => assert_eq!((other, end(&back)), ("sent", "retracted")),
    }
    assert!(world.standing().await.is_empty());
}

#[tokio::test]
async fn a_part_that_a_dead_process_may_have_sent_is_never_called_not_sent() {
    let world = World::new().await;
    for part in [to_alice("hi"), of_class_drop(to_alice("ho"))] {
        world.step.admit(&record(&retract(&part))).unwrap();
        assert_eq!(end(&world.run_again(&part).await), "unknown");
        let back = world.retract(&part).await;
        assert_eq!((end(&back), back.attempts), ("unknown_id", 0));
        assert!(matches!(back.result, DeliveryResult::Unretractable { .. }));
    }
}

#[tokio::test]
async fn what_nobody_knows_the_id_of_says_why() {
    let world = World::new().await;
    let (lost, unsaid, refused, gone) = (to_alice("a"), to_alice("b"), to_alice("c"), to_alice("d"));
    world.fault("users", 1, json!({"kind": "reset_after_accept"})).await;
    world.run(&lost).await;
    let silent = json!({"kind": "reply", "accepted": true, "status": 200, "body": "{}"});
    world.fault("users", 1, silent).await;
    world.run(&unsaid).await;
    world.fault("users", 1, json!({"kind": "forbidden"})).await;
    world.run(&refused).await;
    let mut ends = Vec::new();
    for part in [&lost, &unsaid, &refused, &gone] {
        ends.push(end(&world.retract(part).await).to_owned());
    }
    assert_eq!(ends, ["unknown_id", "unknown_id", "not_sent", "not_recorded"]);
    assert_eq!(world.calls("msg_recall").await, 0);
}

#[tokio::test]
async fn what_passes_is_waited_for_and_an_unclear_end_is_repeated() {
    for kind in ["reach_limit", "message_limit", "server_error", "bad_gateway", "unauthorized", "reset"] {
        let world = World::new().await;
        let part = to_alice("hi");
        world.run(&part).await;
        world.fault("msg_recall", 2, json!({"kind": kind})).await;
        let back = world.retract(&part).await;
        assert_eq!((end(&back), back.attempts), ("retracted", 3), "{kind}");
        assert!(world.standing().await.is_empty(), "{kind}");
    }
}

#[tokio::test]
async fn a_recall_that_may_have_been_done_is_done_when_easemob_does_not_find_the_message() {
    let world = World::new().await;
    let part = to_alice("one");
    world.run(&part).await;
    world.fault("msg_recall", 1, json!({"kind": "reset_after_accept"})).await;
    let back = world.retract(&part).await;
    assert_eq!((end(&back), back.attempts), ("retracted", 2), "it met its own recall");
    let again = world.run_retract(&retract(&part), true).await;
    assert_eq!((end(&again), again.rerun), ("retracted", true), "the process before may have done it");
    // Somebody else did.
    let back = world.retract(&part).await;
    assert_eq!((end(&back), back.attempts), ("not_found", 1));
}

#[tokio::test]
async fn what_does_not_pass_is_not_repeated() {
    for (kind, reason) in [
        ("resource_limited", "quota_exhausted"),
        ("forbidden", "bad_request"),
        ("bad_request", "bad_request"),
    ] {
        let world = World::new().await;
        let part = to_alice("hi");
        world.run(&part).await;
        world.fault("msg_recall", 9, json!({"kind": kind})).await;
        let back = world.retract(&part).await;
        assert_eq!((end(&back), back.attempts), (reason, 1), "{kind}");
    }
}

#[tokio::test]
async fn an_app_whose_recall_service_is_closed_says_so() {
    let world = World::at(AppConfig { recall_closed: true, ..AppConfig::default() }, "").await;
    let part = to_alice("hi");
    world.run(&part).await;
    assert_eq!(end(&world.retract(&part).await), "recall_closed");
    assert_eq!(end(&world.send("another").await), "sent", "its sends go on");
}

#[tokio::test]
async fn a_message_of_any_age_is_recalled() {
    let app = AppConfig { recall_time: Some(Duration::ZERO), ..AppConfig::default() };
    let world = World::at(app, "").await;
    let part = to_alice("hi");
    world.run(&part).await;
    tokio::time::sleep(Duration::from_millis(2)).await;
    assert_eq!(end(&world.retract(&part).await), "retracted");
}

#[tokio::test]
async fn recalls_keep_to_a_pace_of_their_own() {
    let quotas = QuotaConfig { recall_calls_per_s: 10, ..QuotaConfig::default() };
    let world = World::with(quotas, "recalls_per_second = 10").await;
    let parts: Vec<_> = (0..15).map(|n| to_alice(&format!("part {n}"))).collect();
    for part in &parts {
        world.run(part).await;
    }
    let begun = Instant::now();
    for part in &parts {
        assert_eq!(end(&world.retract(part).await), "retracted");
    }
    assert!(begun.elapsed() > Duration::from_millis(400), "{:?}", begun.elapsed());
    assert_eq!(world.calls("msg_recall").await, 15, "none was refused");
}

#[tokio::test]
async fn a_retract_has_the_lane_of_its_part_and_ends_from_its_record_when_it_does_not_run() {
    let world = World::new().await;
    let part = answer("acme#support/group/7@alice", "hi", 10_000);
    let back = record(&retract(&part));
    let admission = world.step.admit(&back).unwrap();
    assert_eq!(&*admission.lane, b"acme#support/group/7@alice");
    assert!(!admission.commit_start);
    for (done, reason) in [
        (world.step.dead(&back, "crashed", true), "dead"),
        (world.step.overdue(&back, false), "overdue"),
        (world.step.crowded(&back, false), "crowded"),
        (world.step.oversize(&back, &Done::default()), "oversize"),
    ] {
        let delivery = result(&back, done);
        assert_eq!((delivery.answer, end(&delivery)), (part.id, reason));
        assert!(delivery.result.is_retraction());
    }
    let mut broken = back;
    broken.value = Some(b"{".to_vec());
    assert_eq!(world.step.dead(&broken, "malformed", false).outputs, [], "only its value names the part");
}

#[tokio::test]
async fn a_retract_that_comes_too_late_or_for_an_app_that_is_gone_makes_no_call() {
    let world = World::new().await;
    let part = to_alice("hi");
    world.run(&part).await;
    let mut late = retract(&part);
    late.retract_by = late.decided_at;
    late.decided_at -= 60_000;
    late.retract_by -= 30_000;
    assert_eq!(end(&world.run_retract(&late, false).await), "expired");
    let other = schemas::retract::Retract {
        lane: "acme#other/chat/bot/alice".parse().unwrap(),
        message: schemas::ids::MessageId::new("acme#other/chat/1").unwrap(),
        ..retract(&part)
    };
    assert_eq!(end(&world.run_retract(&other, false).await), "unknown_app");
    assert_eq!(world.standing().await.len(), 1);
}
