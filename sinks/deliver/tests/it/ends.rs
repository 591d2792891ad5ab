//! What the driver asks for besides running: admission, reruns, overdue, crowded, oversize and dead records.

use std::time::Duration;

use pipeline::Refused;
use pipeline::call::{Done, Handler};

use crate::world::{World, answer, end, of_class_drop, record, result, to_alice};

#[tokio::test]
async fn admission_names_lane_share_and_bound_and_commits_the_start_of_class_drop() {
    let world = World::new().await;
    let admission = world.step.admit(&record(&answer("acme#support/group/7@alice", "hi", 30_000))).unwrap();
    assert_eq!(&*admission.lane, b"acme#support/group/7@alice");
    let shares: Vec<_> = admission.shares.iter().map(|share| (share.kind, &*share.name)).collect();
    assert_eq!(shares, [("app", "acme#support")]);
    let bound = admission.hard_deadline;
    assert!(bound > Duration::from_secs(40) && bound <= Duration::from_secs(41), "{bound:?}");
    assert!(!admission.commit_start);
    assert!(world.step.admit(&record(&of_class_drop(to_alice("hi")))).unwrap().commit_start);
}

#[tokio::test]
async fn a_rerun_is_sent_again_by_class_resend_and_unknown_to_class_drop() {
    let world = World::new().await;
    let delivery = world.run_again(&to_alice("hi")).await;
    assert_eq!((end(&delivery), delivery.rerun), ("sent", true));
    let delivery = world.run_again(&of_class_drop(to_alice("hi"))).await;
    assert_eq!((end(&delivery), delivery.attempts, delivery.rerun), ("unknown", 0, true));
    let record = record(&to_alice("hi"));
    for rerun in [false, true] {
        assert_eq!(result(&record, world.step.overdue(&record, rerun)).rerun, rerun);
    }
    assert_eq!(world.taken().await.len(), 1);
}

#[tokio::test]
async fn what_a_newer_version_wrote_waits_and_what_nobody_can_read_does_not() {
    let world = World::new().await;
    let mut newer = record(&to_alice("hi"));
    newer.headers.push("huiyin_kind", b"card");
    assert_eq!(world.step.admit(&newer).unwrap_err(), Refused::Pause { reason: "unknown_kind" });
    let mut broken = record(&to_alice("hi"));
    broken.value = None;
    assert_eq!(world.step.admit(&broken).unwrap_err(), Refused::DeadLetter { reason: "empty" });
}

#[tokio::test]
async fn a_part_is_ended_from_its_headers_when_its_value_cannot_be_read() {
    let world = World::new().await;
    let part = to_alice("hi");
    let mut broken = record(&part);
    broken.value = Some(b"{".to_vec());
    for (done, reason) in [
        (world.step.dead(&broken, "malformed", false), "dead"),
        (world.step.overdue(&broken, false), "overdue"),
        (world.step.crowded(&broken, false), "crowded"),
        (world.step.oversize(&broken, &Done::default()), "oversize"),
    ] {
        let delivery = result(&broken, done);
        assert_eq!((delivery.answer, delivery.turn, &delivery.lane), (part.id, part.turn, &part.lane));
        assert_eq!((delivery.bot.as_str(), end(&delivery)), ("bot", reason));
    }
    broken.key = Some(b"acme#support/group/7".to_vec());
    assert_eq!(world.step.dead(&broken, "malformed", false).outputs, [], "its bot is not to be known");
}

#[tokio::test]
async fn every_end_of_one_part_has_the_same_id() {
    let world = World::new().await;
    let part = to_alice("hi");
    let dead = result(&record(&part), world.step.dead(&record(&part), "crashed", true));
    // The processes that ended over it may have sent it.
    assert_eq!((dead.result.label(), dead.rerun, dead.part, dead.parts), ("unknown", true, 1, 2));
    assert_eq!(world.run(&part).await.id, dead.id);
}
