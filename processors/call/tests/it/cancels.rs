//! A request that is cancelled: while its call hangs, while it is streamed, while it waits, and before it runs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pipeline::call::{Cancellation, Handler, Job};
use pipeline::{Record, Refused};
use schemas::answered::{Answered, Outcome, UsageSource};
use schemas::cancel::Cancel;
use schemas::request::Request;
use schemas::wire;
use serde_json::json;

use crate::server::{Act, Answer, Server};
use crate::world::{World, attempts, outcome, record};

fn cancel(request: &Request) -> Record {
    let cancel = Cancel {
        id: Cancel::id_of(request.id),
        request: request.id,
        turn: request.turn,
        lane: request.lane.clone(),
        message: request.message.clone(),
        decided_at: request.decided_at,
    };
    let encoded = wire::encode(&cancel, "/huiyin/demo/decide").unwrap();
    let (headers, value) = (encoded.headers.into_iter().collect(), Some(encoded.value));
    Record { key: encoded.key, headers, value, offset: 42, ..record(request) }
}

impl World {
    /// What comes of a request that is cancelled after this time, and how long it took then.
    async fn cancelled_after(&self, after: Duration) -> (Answered, Duration) {
        let record = record(&self.request("hello", 20_000));
        let (canceller, cancellation) = Cancellation::new();
        let job = Job { cancellation, ..self.job(&record) };
        let cut = async {
            tokio::time::sleep(after).await;
            canceller.cancel();
            Instant::now()
        };
        let (done, at) = tokio::join!(async { (self.step.run(job).await, Instant::now()) }, cut);
        (outcome(&record, done.0), done.1.saturating_duration_since(at))
    }

    /// How the provider's first call ended, once it has.
    async fn provider_saw(&self) -> serde_json::Value {
        let until = Instant::now() + Duration::from_secs(1);
        loop {
            let call = self.ledger().await["entries"][0].clone();
            if call["end"] != json!("running") {
                return call;
            }
            assert!(Instant::now() < until, "the provider goes on: {call}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

#[tokio::test]
async fn a_call_that_hangs_is_cut_at_once_and_may_be_billed() {
    let world = World::new().await;
    world.fault("sim-main", 1, json!({"kind": "hang"})).await;
    let (answered, took) = world.cancelled_after(Duration::from_millis(200)).await;
    assert!(took < Duration::from_millis(500), "{took:?}");
    assert_eq!((&answered.outcome, attempts(&answered)), (&Outcome::Cancelled, vec![("main", "cancelled")]));
    let attempt = &answered.attempts[0];
    assert_eq!((&attempt.usage, attempt.may_be_billed), (&None, true));
    assert_eq!(answered.user.as_ref().map(|user| user.as_str()), Some("alice"));
    assert_eq!(world.provider_saw().await["end"], "client_gone");
}

#[tokio::test]
async fn a_stream_that_is_cut_is_recorded_with_what_it_said_so_far_and_no_more_of_it_is_billed() {
    let world = World::new().await;
    world.fault("sim-main", 1, json!({"kind": "stall", "after_chunks": 8})).await;
    let (answered, took) = world.cancelled_after(Duration::from_millis(1_500)).await;
    assert!(took < Duration::from_millis(500), "{took:?}");
    assert_eq!((&answered.outcome, attempts(&answered)), (&Outcome::Cancelled, vec![("main", "cancelled")]));
    let attempt = &answered.attempts[0];
    let usage = attempt.usage.as_ref().unwrap();
    assert!(
        usage.source == UsageSource::Estimated && usage.output > 0 && attempt.cost.is_some(),
        "{usage:?}"
    );
    let call = world.provider_saw().await;
    assert_eq!((&call["end"], &call["billed"]), (&json!("client_gone"), &json!(true)));
}

#[tokio::test]
async fn a_request_that_waits_for_its_next_attempt_keeps_the_ones_before() {
    let world = World::new().await;
    world.fault("sim-main", 1, json!({"kind": "rate_limited", "retry_after_in_ms": "15s"})).await;
    world.fault("sim-spare", 1, json!({"kind": "rate_limited", "retry_after_in_ms": "15s"})).await;
    let (answered, took) = world.cancelled_after(Duration::from_millis(500)).await;
    assert!(took < Duration::from_millis(500), "{took:?}");
    assert_eq!(answered.outcome, Outcome::Cancelled);
    assert_eq!(attempts(&answered), [("main", "rate_limited"), ("spare", "rate_limited")]);
    assert!(answered.attempts.iter().all(|attempt| attempt.usage.is_none() && !attempt.may_be_billed));
}

#[tokio::test]
async fn cancelled_calls_say_nothing_of_the_targets_health() {
    let world = World::new().await;
    world.fault("sim-main", 30, json!({"kind": "hang"})).await;
    for _ in 0..30 {
        world.cancelled_after(Duration::from_millis(20)).await;
    }
    world.well().await;
    let answered = world.ask("hello").await;
    assert_eq!(attempts(&answered), [("main", "ok")], "nothing is open or cools down");
}

#[tokio::test]
async fn one_that_was_cancelled_before_it_ran_has_no_attempt_unless_it_may_have_run_before() {
    let world = World::new().await;
    let record = record(&world.request("hello", 10_000));
    let fresh = outcome(&record, world.step.cancelled(&record, false));
    assert_eq!((fresh.outcome, fresh.rerun, fresh.attempts.len()), (Outcome::Cancelled, false, 0));
    let again = outcome(&record, world.step.cancelled(&record, true));
    assert_eq!((again.outcome, again.rerun), (Outcome::Cancelled, true));
    assert_eq!(again.attempts[0].code.as_deref(), Some("process_ended"));
    assert!(again.attempts[0].may_be_billed);
}

#[tokio::test]
async fn a_cancel_names_its_request_as_the_request_names_itself() {
    let world = World::new().await;
    let request = world.request("hello", 10_000);
    let (asked, cancel) = (record(&request), cancel(&request));
    let named = world.step.cancels(&cancel).unwrap();
    assert!(named.is_some() && named == world.step.admit(&asked).unwrap().name);
    assert_eq!(world.step.cancels(&asked).unwrap(), None);
}

#[tokio::test]
async fn a_cancel_that_cannot_be_read_ends_as_a_dead_letter_without_an_outcome() {
    let world = World::new().await;
    let request = world.request("hello", 10_000);
    let broken = Record { value: Some(b"{".to_vec()), ..cancel(&request) };
    assert_eq!(world.step.cancels(&broken).unwrap_err(), Refused::DeadLetter { reason: "malformed" });
    assert!(world.step.dead(&broken, "malformed", false).outputs.is_empty());
    let mut newer = cancel(&request);
    newer.headers.push(wire::SCHEMA, b"requests/2");
    assert_eq!(world.step.cancels(&newer).unwrap_err(), Refused::Pause { reason: "unknown_version" });
}

#[tokio::test]
async fn one_that_waits_for_a_bundle_hears_of_its_cancellation() {
    let world = World::new().await;
    let request = Request {
        chain: vec![schemas::ids::TargetName::new("later").unwrap()],
        ..world.request("hello", 20_000)
    };
    let record = record(&request);
    let (canceller, cancellation) = Cancellation::new();
    let job = Job { cancellation, record: Arc::new(record.clone()), ..world.job(&record) };
    canceller.cancel();
    let began = Instant::now();
    let answered = outcome(&record, world.step.run(job).await);
    assert_eq!((answered.outcome, answered.attempts.len()), (Outcome::Cancelled, 0));
    assert!(began.elapsed() < Duration::from_secs(1));
}

/// The provider sends without a pause, so that the call is looked at all the time, and the cancel comes from another thread.
#[tokio::test]
async fn whenever_the_cancel_comes_no_call_that_the_provider_had_is_left_out() {
    let (main, spare) = (Server::start().await, Server::start().await);
    let piece = format!("data: {}\n\n", json!({"choices": [{"delta": {"content": "word "}}]}));
    main.always(Some(Answer::stream((0..5_000).map(|_| Act::send(&piece)))));
    let world = World::of_streams(&main, &spare, Duration::from_secs(5)).await;
    let record = record(&world.request("hello", 20_000));
    let (mut had, mut recorded) = (0, 0);
    for round in 0..300_u64 {
        let (canceller, cancellation) = Cancellation::new();
        let job = Job { cancellation, ..world.job(&record) };
        let cut = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_micros(1_000 + round * 7));
            canceller.cancel();
        });
        let answered = outcome(&record, world.step.run(job).await);
        cut.join().unwrap();
        assert_eq!(answered.outcome, Outcome::Cancelled);
        had += main.asked().len();
        recorded += answered.attempts.len();
        assert!(had <= recorded, "round {round}: {had} calls, {recorded} of them recorded");
    }
    assert!(had > 0);
    assert!(spare.asked().is_empty());
}
