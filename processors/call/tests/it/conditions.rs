//! What the step tells the log of its targets.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use call::{Tell, Untold, announce};
use pipeline::Outgoing;
use pipeline::call::Handler;
use schemas::conditions::{Conditions, Standing};
use schemas::event::Event;
use schemas::ids::{AppKey, TargetName};
use schemas::wire;
use serde_json::json;
use simulators::model::{self, Config};

use crate::world::{World, attempts, catalogue};

/// A log that may be away.
#[derive(Default)]
struct Log {
    records: Mutex<Vec<Outgoing>>,
    away: Mutex<bool>,
}

impl Tell for Log {
    fn tell(&self, record: Outgoing) -> impl Future<Output = Result<(), Untold>> + Send {
        let is_away = *self.away.lock().unwrap();
        if !is_away {
            self.records.lock().unwrap().push(record);
        }
        async move { if is_away { Err(Untold::Silence) } else { Ok(()) } }
    }
}

impl Log {
    /// What was told since this was asked last, with the partitions.
    fn told(&self) -> Vec<(i32, Conditions)> {
        let records = std::mem::take(&mut *self.records.lock().unwrap());
        records.into_iter().map(|record| (record.partition, read(&record))).collect()
    }

    /// The same, once something was.
    async fn next(&self) -> Vec<(i32, Conditions)> {
        for _ in 0..100 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let told = self.told();
            if !told.is_empty() {
                return told;
            }
        }
        panic!("nothing was told in ten seconds");
    }
}

fn read(record: &Outgoing) -> Conditions {
    assert_eq!((&*record.topic, record.key.as_deref()), ("demo.events", None));
    let header = |name: &str| record.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_slice());
    match wire::decode(header, record.value.as_deref()).unwrap() {
        Event::Conditions(told) => told,
        other => panic!("{other:?}"),
    }
}

fn main() -> TargetName {
    TargetName::new("main").unwrap()
}

fn state(told: &Conditions, app: &str) -> Standing {
    let Some(target) = told.targets.get(&main()) else { return Standing::Ok };
    let own = target.apps.get(&AppKey::new(app).unwrap());
    own.map_or(target.for_all.state, |own| own.state.max(target.for_all.state))
}

/// A step whose breakers open after four failures, and the log that it tells.
async fn telling() -> (World, Arc<Log>) {
    let sim = model::start(Config { api_keys: vec!["sk-sim".into()], ..Config::default() }).await.unwrap();
    let base = sim.url("/v1");
    let section = format!(
        r#"
        chain = {{ backoff_base = "5ms", backoff_cap = "20ms", min_useful = "50ms", max_attempts = 2 }}
        health = {{ pause_base = "20ms", breaker_failures_in_a_row = 4, breaker_open = "4s", breaker_open_cap = "4s" }}
        target = [
            {{ name = "main", base_url = "{base}", api_key = "sk-sim" }},
            {{ name = "spare", base_url = "{base}", api_key = "sk-sim", omit = ["user"] }},
        ]
        "#
    );
    let world = World::built(sim, &catalogue("sim-main", "sim-spare"), &section);
    let log = Arc::new(Log::default());
    tokio::spawn(announce(Arc::downgrade(&world.step), Arc::clone(&log)));
    (world, log)
}

#[tokio::test]
async fn each_owned_partition_is_told_when_a_breaker_opens_and_when_it_closes_and_nothing_between() {
    let (world, log) = telling().await;
    world.step.ownership(&[2, 5], 8);
    let told = log.next().await;
    assert_eq!(told.iter().map(|(partition, _)| *partition).collect::<Vec<_>>(), [2, 5]);
    assert!(told.iter().all(|(_, told)| told.targets.is_empty()), "all is well: {told:?}");

    world.fault("sim-main", 100, json!({"kind": "reply", "status": 500})).await;
    // Two lanes fail one after the other.
    for n in 0..6 {
        let mut request = world.request("hello", 10_000);
        request.lane = format!("acme#support/group/7@member{}", n % 2).parse().unwrap();
        assert_eq!(attempts(&world.run(&request).await).pop(), Some(("spare", "ok")));
    }
    let told = log.next().await;
    let (partitions, first): (Vec<_>, Vec<_>) = told.into_iter().unzip();
    assert_eq!(partitions, [2, 5]);
    assert_eq!(state(&first[0], "acme#support"), Standing::Open, "{first:?}");
    assert_eq!(state(&first[0], "acme#other"), Standing::Ok, "it is the app's own: {first:?}");

    // A partition that comes is told at once, and nothing else is while nothing changes.
    world.step.ownership(&[2, 5, 6], 8);
    let told = log.next().await;
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].0, state(&told[0].1, "acme#support")), (6, Standing::Open));

    // Its time is over: a probe may go through.
    let told = log.next().await;
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!(state(&told[0].1, "acme#support"), Standing::Ok);
}

#[tokio::test]
async fn what_could_not_be_written_is_told_again_and_a_step_that_is_gone_tells_nothing() {
    let (world, log) = telling().await;
    *log.away.lock().unwrap() = true;
    world.step.ownership(&[1], 8);
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(log.told(), []);
    *log.away.lock().unwrap() = false;
    assert_eq!(log.next().await.len(), 1);
    world.step.ownership(&[1, 2], 8);
    drop(world);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(log.told(), []);
}
