//! Everything that happens is counted, under a name and labels that are listed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use ingest::metrics::METRICS;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use serde_json::json;

use crate::line::{Line, chat, now, post, question, signed, source_request};
use crate::publisher::Mood;

#[derive(Default)]
struct Counts(Mutex<BTreeMap<String, Arc<AtomicU64>>>);

impl Counts {
    fn listed(key: &Key) -> String {
        let metric = METRICS.iter().find(|metric| metric.name == key.name()).expect("a listed metric");
        let labels: Vec<_> = key.labels().map(|label| label.key()).collect();
        assert_eq!(labels, metric.labels, "{}", metric.name);
        let values: Vec<_> = key.labels().map(|label| label.value()).collect();
        format!("{} {}", key.name().trim_start_matches("huiyin_ingest_"), values.join(" "))
    }
}

impl Recorder for Counts {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(Arc::clone(self.0.lock().unwrap().entry(Self::listed(key)).or_default()))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Self::listed(key);
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Self::listed(key);
        Histogram::noop()
    }
}

/// What is counted while a line with these policies and that queue gets these requests.
fn counted(
    policies: &str,
    mood: Mood,
    requests: impl FnOnce() -> Vec<Request<Body>>,
) -> BTreeMap<String, u64> {
    let counts = Counts::default();
    metrics::with_local_recorder(&counts, || {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let line = Line::with_limits(policies, mood, |limits| limits.sender.burst = 2);
            for request in requests() {
                line.send(request).await;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        });
    });
    counts
        .0
        .into_inner()
        .unwrap()
        .into_iter()
        .map(|(key, count)| (key, count.load(Ordering::Relaxed)))
        .collect()
}

fn call(path: &str, callback: serde_json::Value) -> Request<Body> {
    post(path, signed(callback, now()).to_string())
}

fn counts(expected: &[(&str, u64)]) -> BTreeMap<String, u64> {
    expected.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

#[test]
fn results_verdicts_and_records_are_counted() {
    let found = counted("", Mood::Acknowledges, || {
        vec![
            call("/pre", question("hi")),
            call("/pre", chat("bob", "carol", "hi")),
            call("/pre", chat("bob", "carol", "赌博")),
            call("/pre", chat("bob", "carol", "hi")),
            call("/post", question("hi")),
            call("/post", chat("bob", "carol", "hi")),
            source_request("/takeover", r#"{"conversation":"acme#support/group/1"}"#, now(), "s3cr3t-F"),
        ]
    });
    let expected = counts(&[
        ("callbacks_total pre intercepted", 1),
        ("callbacks_total pre passed", 1),
        ("callbacks_total pre blocked", 1),
        ("callbacks_total pre too_many", 1),
        ("callbacks_total post missed", 1),
        ("callbacks_total post ignored", 1),
        ("callbacks_total takeover accepted", 1),
        ("verdicts_total pass", 4),
        ("verdicts_total block", 1),
        ("findings_total none block no", 1),
        ("records_total message acknowledged", 2),
        ("records_total missed acknowledged", 1),
        ("records_total takeover acknowledged", 1),
    ]);
    assert_eq!(found, expected);
}

#[test]
fn what_kafka_does_not_acknowledge_is_counted_apart_from_what_it_never_got() {
    let ask = || vec![call("/pre", question("hi"))];
    let reject = "no_acknowledgement = \"reject\"";
    let pass = ("verdicts_total pass", 1);
    for (policies, mood, expected) in [
        (
            "",
            Mood::Silent,
            &[("callbacks_total pre unacknowledged_passed", 1), ("unacknowledged_total pass", 1), pass][..],
        ),
        (
            "",
            Mood::AcknowledgesAfter(Duration::from_millis(500)),
            &[
                ("callbacks_total pre unacknowledged_passed", 1),
                ("unacknowledged_total pass", 1),
                ("records_total message acknowledged", 1),
                pass,
            ],
        ),
        (
            reject,
            Mood::GivesUp,
            &[
                ("callbacks_total pre unacknowledged_rejected", 1),
                ("unacknowledged_total reject", 1),
                ("records_total message lost", 1),
                ("records_total withdrawn lost", 1),
                pass,
            ],
        ),
        (
            reject,
            Mood::Full,
            &[
                ("callbacks_total pre unqueued_rejected", 1),
                ("unqueued_total reject busy", 1),
                ("records_total message busy", 1),
                pass,
            ],
        ),
    ] {
        assert_eq!(counted(policies, mood, ask), counts(expected), "{policies} {mood:?}");
    }
}

#[test]
fn what_is_spared_is_counted_as_refused_and_apart() {
    let found = counted("", Mood::Full, || {
        let old = signed(question("hi"), 1_735_689_600_123).to_string();
        let storm = (0..25).map(|_| call("/post", question("hi")));
        storm.chain([post("/post", old)]).chain((0..22).map(|_| post("/old", "{}"))).collect()
    });
    let expected = counts(&[
        ("refusals_total unqueued", 25),
        ("spared_total post unqueued", 5),
        ("refusals_total stale_timestamp", 1),
        ("spared_total post stale_timestamp", 1),
        ("refusals_total unknown_rule", 22),
        ("spared_total none unknown_rule", 2),
        ("records_total missed busy", 25),
        ("verdicts_total pass", 25),
    ]);
    assert_eq!(found, expected);
}

#[test]
fn every_refusal_is_counted_by_its_reason() {
    let found = counted("", Mood::Acknowledges, || {
        let mut unsigned = signed(question("hi"), now());
        unsigned["security"] = json!("wrong");
        let mut compressed = post("/pre", "{}");
        compressed.headers_mut().insert("content-encoding", "gzip".parse().unwrap());
        let unreadable = signed(question("hi"), now()).to_string().replace("\"hi\"", "1e999");
        let get = Request::get("/pre").body(Body::empty()).unwrap();
        vec![
            post("/pre", "{"),
            post("/pre", "{}"),
            post("/pre", unsigned.to_string()),
            post("/pre", signed(question("hi"), 1_735_689_600_123).to_string()),
            post("/nowhere", "{}"),
            post("/pre", vec![b' '; 70_000]),
            compressed,
            call("/pre", question("hi")).map(|_| Body::from(unreadable)),
            get,
            source_request(
                "/feedback",
                r#"{"id":"f","conversation":"acme#other/group/1"}"#,
                now(),
                "s3cr3t-F",
            ),
        ]
    });
    let expected = counts(&[
        ("refusals_total bad_json", 1),
        ("refusals_total bad_envelope", 1),
        ("refusals_total bad_signature", 1),
        ("refusals_total stale_timestamp", 1),
        ("refusals_total unknown_rule", 1),
        ("refusals_total too_large", 1),
        ("refusals_total content_encoding", 1),
        ("callbacks_total pre unreadable", 1),
        ("refusals_total method", 1),
        ("refusals_total bad_record", 1),
    ]);
    assert_eq!(found, expected);
}
