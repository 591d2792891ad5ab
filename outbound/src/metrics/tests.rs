use std::{
    collections::{BTreeMap, BTreeSet},
    future::ready,
    sync::{Arc, Mutex},
};

use ::metrics::{
    Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
    set_default_local_recorder,
};
use common::Kind;
use tokio::time::Instant;

use super::*;
use crate::{
    Chain, ChainConfig, Class, Failure, HealthConfig, Limits, Link, Origin, Pace, Slot, Target, Tokens,
};

/// The kind and the label names of every metric that was used.
#[derive(Default)]
struct Seen(Mutex<BTreeMap<String, (&'static str, BTreeSet<String>)>>);

impl Seen {
    fn note(&self, key: &Key, kind: &'static str) {
        let labels = key.labels().map(|label| label.key().to_owned()).collect();
        self.0.lock().unwrap().insert(key.name().to_owned(), (kind, labels));
    }
}

impl Recorder for Seen {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        self.note(key, "counter");
        Counter::noop()
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        self.note(key, "gauge");
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        self.note(key, "histogram");
        Histogram::noop()
    }
}

#[test]
fn names_follow_the_convention() {
    for metric in METRICS {
        assert!(metric.name.starts_with("huiyin_outbound_"), "{}", metric.name);
        assert_eq!(metric.kind == Kind::Counter, metric.name.ends_with("_total"), "{}", metric.name);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_emitted_is_exactly_what_is_listed() {
    let (seen, mut stops) = (Seen::default(), BTreeSet::new());
    let guard = set_default_local_recorder(&seen);
    let health = HealthConfig { retry_percent: 0, retry_floor_per_second: 0, ..HealthConfig::default() };
    let health = health.validate("health").unwrap();
    let pace = Pace::new(
        PaceNames { target: "one".into(), key: 1, limit: "requests" },
        Limits { per_second: Some(10.0), per_minute: Some(600.0), ..Limits::default() },
        health.pauses(),
    );
    let target = Target::new("one", &health, vec![Arc::clone(&pace)]);
    let link = Link {
        target,
        keys: vec![pace],
        tokens: Tokens::default(),
        capacity: 0,
        attempt_timeout: Duration::from_secs(1),
    };
    let failing = |_: Slot| ready(Err::<(), _>(Failure::new(Class::ServerError, "")));
    let limited = |_: Slot| ready(Err::<(), _>(Failure::new(Class::RateLimited, "")));
    let chain = Chain::new(ChainConfig::default().validate("chain").unwrap(), vec![link]);
    let deadline = Instant::now() + Duration::from_secs(3600);
    for lane in 0..20 {
        let origin = Origin { tenant: "app".into(), lane, weight: crate::Weight::MIN };
        if lane % 3 > 0 {
            chain.run(&origin, deadline, |_: Slot| ready(Ok(()))).await.result.unwrap();
        } else if let Err(ending) =
            chain.run(&origin, Instant::now() + Duration::from_secs(2), failing).await.result
        {
            stops.insert(ending.label());
        }
    }
    chain
        .run(&Origin::new("app", "lane"), Instant::now() + Duration::from_secs(4), limited)
        .await
        .result
        .unwrap_err();
    let last = Origin { tenant: "app".into(), lane: 20, weight: crate::Weight::MIN };
    stops.insert(chain.run(&last, deadline, failing).await.result.unwrap_err().label());
    assert!(stops.contains("budget"), "{stops:?}");
    stale_connection();
    hedged("one", "first");
    drop(guard);

    let listed = METRICS.iter().map(|metric| {
        let labels = metric.labels.iter().map(|label| (*label).to_owned()).collect();
        (metric.name.to_owned(), (metric.kind.label(), labels))
    });
    assert_eq!(*seen.0.lock().unwrap(), listed.collect::<BTreeMap<_, _>>());
}
