//! What the driver asks for besides running: admission, overdue, crowded, oversize and dead records.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pipeline::call::{Done, Handler, Job};
use pipeline::{Record, Refused};
use schemas::answered::{Answered, Attempt, Outcome};
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
        (
            world.step.oversize(&broken, &Done::default()),
            Outcome::Failed { reason: "oversize".into(), verdict: None },
        ),
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

/// The attempts that may be billed and of which nothing more is known: target and why.
fn unseen(answered: &Answered) -> Vec<(&str, Option<&str>)> {
    assert!(answered.attempts.iter().all(|a| a.cost.is_none() && a.usage.is_none() && a.status.is_none()));
    let billed = answered.attempts.iter().filter(|attempt| attempt.may_be_billed);
    billed.map(|attempt| (attempt.target.as_str(), attempt.code.as_deref())).collect()
}

#[tokio::test]
async fn a_run_that_left_no_trace_has_an_attempt_that_may_be_billed_and_one_that_never_was_has_none() {
    let world = World::new().await;
    let record = record(&world.request("hello", 10_000));
    for (done, expected) in [
        (world.step.dead(&record, "crashed", true), Some("process_ended")),
        (world.step.crowded(&record, true), Some("process_ended")),
        (world.step.overdue(&record, false), Some("cut_off")),
        (world.step.overdue(&record, true), Some("cut_off")),
        (world.step.dead(&record, "malformed", false), None),
        (world.step.crowded(&record, false), None),
    ] {
        let answered = outcome(&record, done);
        assert_eq!(
            unseen(&answered),
            expected.map(|why| ("main", Some(why))).into_iter().collect::<Vec<_>>()
        );
        answered.check().unwrap();
        if let Some(attempt) = answered.attempts.first() {
            let of = (attempt.provider.as_str(), attempt.model.as_str(), attempt.region.as_str());
            assert_eq!(of, ("openai", "sim-main", "cn"));
        }
    }
}

#[tokio::test]
async fn an_outcome_that_is_too_large_keeps_what_was_paid() {
    let world = World::new().await;
    let paid = |answered: &Answered| -> Vec<_> {
        let of = |a: &Attempt| (a.cost.clone(), a.usage.clone(), a.status, a.may_be_billed);
        answered.attempts.iter().map(of).collect()
    };
    for unreadable in [0, 1] {
        world.fault("sim-main", unreadable, json!({"kind": "malformed_json"})).await;
        let record = record(&world.request("hello", 10_000));
        let written = world.step.run(world.job(&record)).await;
        let kept = outcome(&record, world.step.oversize(&record, &written));
        let whole = outcome(&record, written);
        assert_eq!(reason(&kept), "oversize");
        assert_eq!((attempts(&kept), paid(&kept)), (attempts(&whole), paid(&whole)));
        assert_eq!(
            (kept.attempts[0].cost.is_some(), kept.attempts[0].may_be_billed),
            (unreadable == 0, true)
        );
    }
}

#[tokio::test]
async fn a_request_is_decoded_once_when_it_is_admitted() {
    let world = World::new().await;
    let record = record(&world.request("hello", 10_000));
    let unreadable = Record { value: Some(b"{".to_vec()), ..record.clone() };
    let job = Job { record: Arc::new(unreadable), ..world.job(&record) };
    assert_eq!(attempts(&outcome(&record, world.step.run(job).await)), [("main", "ok")]);
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
