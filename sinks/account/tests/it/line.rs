//! From topics to rows, by the driver.

use std::sync::Arc;
use std::time::{Duration, Instant};

use account::AccountSink;
use pipeline::batch::{BatchConfig, BatchDriver, Handle};
use pipeline::kafka::Instance;
use pipeline::kafka::testing::{self, Topics, unique};
use pipeline::{Outgoing, StartPolicy, Stop};
use schemas::decision::Decision;
use schemas::delivery::Delivery;
use schemas::event::Event;
use schemas::topic::{Topic, TopicNames};
use schemas::wire;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::proxy::Proxy;
use crate::scene::{Scene, config, engine, example};

const PARTITIONS: i32 = 2;

struct Line {
    names: TopicNames,
    dead_letters: String,
    role: String,
    _created: Topics,
}

impl Line {
    fn new() -> Self {
        let names = TopicNames::new(format!("{}-", unique("line")));
        let dead_letters = names.of(Topic::DeadLetters);
        let topics = account::TOPICS.map(|topic| names.of(topic));
        let wanted: Vec<(&str, bool)> =
            topics.iter().chain([&dead_letters]).map(|name| (name.as_str(), false)).collect();
        let created = Topics::create(PARTITIONS, &wanted);
        Self { dead_letters, role: unique("account"), _created: created, names }
    }

    fn outgoing<R: wire::Record + DeserializeOwned>(&self, partition: i32, value: &Value) -> Outgoing {
        let record: R = serde_json::from_value(value.clone()).unwrap();
        let encoded = wire::encode(&record, "/huiyin/test").unwrap();
        Outgoing {
            topic: self.names.of(encoded.topic).into(),
            partition,
            key: encoded.key,
            headers: encoded.headers,
            value: Some(encoded.value),
        }
    }

    /// A round of one message, its answer and its two deliveries, on each partition.
    fn write(&self, rounds: usize) {
        let records: Vec<Outgoing> = (0..rounds)
            .flat_map(|_| 0..PARTITIONS)
            .flat_map(|partition| {
                [
                    self.outgoing::<Event>(partition, &example!("events/valid-message.json")),
                    self.outgoing::<Decision>(partition, &example!("decisions/valid-asked.json")),
                    self.outgoing::<Event>(partition, &example!("events/valid-answered-done.json")),
                    self.outgoing::<Delivery>(partition, &example!("deliveries/valid-sent.json")),
                    self.outgoing::<Delivery>(partition, &example!("deliveries/valid-unknown.json")),
                ]
            })
            .collect();
        testing::produce(&records);
    }

    fn spawn(&self, url: &str, database: &str) -> Handle {
        let config = config(url, database, "");
        let sink = AccountSink::new(&config, &self.names).unwrap();
        let driver = BatchConfig {
            kafka: testing::config(),
            instance: Instance::new("test", &self.role, 0).unwrap(),
            topics: sink.topics(),
            dead_letters: self.dead_letters.as_str().into(),
            start: StartPolicy::Earliest,
            limits: config.limits().clone(),
        };
        BatchDriver::spawn(driver, Arc::new(sink), tokio::runtime::Handle::current(), "one".into()).unwrap()
    }
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(40);
    while !holds() {
        assert!(Instant::now() < end, "{what}: not in time");
        tokio::task::block_in_place(|| std::thread::sleep(Duration::from_millis(20)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_between_insert_and_commit_every_record_has_its_rows_once() {
    let scene = Scene::migrated().await;
    let line = tokio::task::block_in_place(Line::new);
    tokio::task::block_in_place(|| line.write(50));
    let proxy = Proxy::start().await;
    let handle = line.spawn(proxy.url(), &scene.database);
    until("lose an answer", || handle.health().status.retrying_since.is_some());
    tokio::task::block_in_place(|| handle.stop(Stop::Restart, Duration::ZERO));
    let stored = scene.rows("messages").await + scene.rows("model_calls").await + scene.rows("replies").await;
    assert!(stored > 0, "the engine took what was never acknowledged");

    tokio::task::block_in_place(|| line.write(20));
    let handle = line.spawn(&engine(), &scene.database);
    until("catch up", || handle.caught_up(Duration::from_secs(5)));
    let health = tokio::task::block_in_place(|| handle.stop(Stop::Leave, Duration::from_secs(5)));
    assert!(health.status.topics.values().all(|counts| counts.dead_letters == 0), "{health:?}");
    let expected = json!([
        ["messages", "acme#support", "asked", 140, 140],
        ["model_calls", "acme#support", "done", 280, 280],
        ["raw_usage", "acme#support", "local", 140, 140],
        ["replies", "acme#support", "sent", 140, 140],
        ["replies", "acme#support", "unknown", 140, 140],
        ["requests", "acme#support", "done", 140, 140],
    ]);
    let table = scene.query("counts", &[]).await;
    assert_eq!(json!(table.rows), expected, "\n{}", table.to_text());
    scene.agree().await;
    tokio::task::block_in_place(|| drop(line));
    scene.drop().await;
}
