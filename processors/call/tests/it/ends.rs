//! What the driver asks for besides running: admission, overdue, crowded, oversize and dead records.

use std::time::{Duration, Instant};

use pipeline::Refused;
use pipeline::call::{Handler, Job};
use schemas::answered::Outcome;
use serde_json::json;

use crate::world::{World, attempts, outcome, reason, record};

#[tokio::test]
async fn admission_names_lane_shares_and_a_bound() {
    let world = World::new().await;
    let admission = world.step.admit(&record(&world.request("hello", 30_000))).unwrap();
    assert_eq!(&*admission.lane, b"acme#support/group/7@alice");
    let shares: Vec<_> = admission.shares.iter().map(|share| (share.kind, &*share.name)).collect();
    assert_eq!(shares, [("app", "acme#support"), ("target", "main")]);
    let bound = admission.hard_deadline;
    assert!(bound > Duration::from_secs(35) && bound <= Duration::from_secs(40), "{bound:?}");
    assert!(!admission.commit_start);
}

#[tokio::test]
async fn what_a_newer_version_wrote_waits_and_what_nobody_can_read_does_not() {
    let world = World::new().await;
    let mut newer = record(&world.request("hello", 1_000));
    newer.headers.push("huiyin_schema", b"requests/2");
    assert_eq!(world.step.admit(&newer).unwrap_err(), Refused::Pause { reason: "unknown_version" });
    let mut broken = record(&world.request("hello", 1_000));
    broken.value = Some(b"{".to_vec());
    assert_eq!(world.step.admit(&broken).unwrap_err(), Refused::DeadLetter { reason: "malformed" });
}

#[tokio::test]
async fn a_record_is_ended_from_its_headers_when_its_value_cannot_be_read() {
    let world = World::new().await;
    let request = world.request("hello", 1_000);
    let mut broken = record(&request);
    broken.value = Some(vec![0xff]);
    for (done, expected) in [
        (world.step.dead(&broken, "malformed", false), Outcome::Dead { reason: "malformed".into() }),
        (world.step.overdue(&broken, false), Outcome::Failed { reason: "overdue".into(), verdict: None }),
        (world.step.crowded(&broken, false), Outcome::Failed { reason: "crowded".into(), verdict: None }),
        (world.step.oversize(&broken), Outcome::Failed { reason: "oversize".into(), verdict: None }),
    ] {
        let answered = outcome(&broken, done);
        assert_eq!((answered.request, answered.turn), (request.id, request.turn));
        assert_eq!((&answered.lane, &answered.message), (&request.lane, &request.message));
        assert_eq!(answered.outcome, expected);
    }
}

#[tokio::test]
async fn a_record_that_names_no_request_has_no_outcome() {
    let world = World::new().await;
    let mut nameless = record(&world.request("hello", 1_000));
    (nameless.value, nameless.headers) = (None, pipeline::Headers::default());
    assert_eq!(world.step.dead(&nameless, "empty", false).outputs, []);
}

#[tokio::test]
async fn every_end_of_one_request_has_the_same_id() {
    let world = World::new().await;
    let request = world.request("hello", 10_000);
    let dead = outcome(&record(&request), world.step.dead(&record(&request), "crashed", true));
    assert_eq!(reason(&dead), "crashed");
    assert!(dead.rerun, "what its runs cost is unknown");
    assert!(outcome(&record(&request), world.step.crowded(&record(&request), true)).rerun);
    assert_eq!(world.run(&request).await.id, dead.id);
}

#[tokio::test]
async fn a_rerun_is_passed_on() {
    let world = World::new().await;
    let record = record(&world.request("hello", 10_000));
    let job = Job { rerun: true, ..world.job(&record) };
    assert!(outcome(&record, world.step.run(job).await).rerun);
    for rerun in [false, true] {
        assert_eq!(outcome(&record, world.step.overdue(&record, rerun)).rerun, rerun);
    }
}

#[tokio::test]
async fn a_provider_that_hangs_is_ended_by_the_step_with_its_attempts_and_never_by_the_hard_deadline() {
    // The second time the wall clock is set back after admission, so that `answer_by` seems to be an hour away.
    for back in [0, 3_600_000] {
        let world = World::new().await;
        for model in ["sim-main", "sim-spare"] {
            world.fault(model, 9, json!({"kind": "hang"})).await;
        }
        let record = record(&world.request("hello", 600));
        let job = world.job(&record);
        world.clock.forward(-back);
        let (began, bound) = (Instant::now(), job.hard_deadline);
        let done = tokio::time::timeout(bound, world.step.run(job)).await.expect("ended by the step itself");
        assert!(began.elapsed() + Duration::from_secs(9) < bound, "{:?} of {bound:?}", began.elapsed());
        let answered = outcome(&record, done);
        assert_eq!(attempts(&answered), [("main", "timeout"), ("spare", "timeout")], "{back}");
        assert_eq!(answered.outcome, Outcome::Expired);
    }
}
