//! What tests against a real broker need.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail loudly")]

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Admin, Config, Error, Partition, Publisher, PublisherLimits, RawConfig, Topic, scan};
use crate::{Clock, Outgoing, Record, WallClock};

/// Something that goes wrong in the next transaction of a producer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is aborted after its records were written.
    Abort,
    /// It is left open and its outcome reported as unknown: in truth it is not committed.
    LoseBefore,
    /// It is committed and its outcome reported as unknown.
    LoseAfter,
}

static FAULTS: Mutex<Option<HashMap<String, VecDeque<Fault>>>> = Mutex::new(None);

/// Plans a fault for the next transaction under a transactional id that has none planned yet.
pub fn plan_fault(transactional_id: &str, fault: Fault) {
    let mut faults = FAULTS.lock().unwrap_or_else(PoisonError::into_inner);
    faults.get_or_insert_default().entry(transactional_id.to_owned()).or_default().push_back(fault);
}

pub(super) fn next_fault(transactional_id: &str) -> Option<Fault> {
    let mut faults = FAULTS.lock().unwrap_or_else(PoisonError::into_inner);
    faults.as_mut()?.get_mut(transactional_id)?.pop_front()
}

/// Access to the broker that `HUIYIN_TEST_KAFKA` names.
///
/// # Panics
/// When the variable is not set.
pub fn config() -> Config {
    let bootstrap = std::env::var("HUIYIN_TEST_KAFKA")
        .expect("set HUIYIN_TEST_KAFKA to host:port of a broker; `dev/stack up` starts one");
    Config::new(RawConfig {
        bootstrap,
        heartbeat_interval: Duration::from_millis(200),
        properties: BTreeMap::new(),
    })
    .unwrap()
}

/// A name that no other test has, legal for topics, deployments and roles.
pub fn unique(name: &str) -> String {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let ordinal = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let now = WallClock.now();
    format!("t-{name}-{now}-{}-{ordinal}", std::process::id())
}

/// Topics that are deleted at the end of the test.
pub struct Topics(Vec<String>);

/// A client for the broker, which may be slow to answer on a busy machine.
fn connect() -> Result<Admin, Error> {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        match Admin::new(&config()) {
            Err(Error::Unreachable(_)) if Instant::now() < deadline => {}
            connected => return connected,
        }
    }
}

fn admin() -> Admin {
    connect().unwrap()
}

impl Topics {
    /// Creates topics (name, compacted) with `partitions` partitions each and broker append time.
    ///
    /// # Panics
    /// When the broker refuses.
    pub fn create(partitions: i32, topics: &[(&str, bool)]) -> Self {
        let admin = admin();
        let wanted: Vec<Topic> = topics
            .iter()
            .map(|(name, compacted)| Topic {
                name: (*name).to_owned(),
                partitions,
                replication: 1,
                config: BTreeMap::from([
                    ("message.timestamp.type".to_owned(), "LogAppendTime".to_owned()),
                    ("cleanup.policy".to_owned(), if *compacted { "compact" } else { "delete" }.to_owned()),
                ]),
            })
            .collect();
        admin.create(&wanted).unwrap();
        Self(wanted.into_iter().map(|topic| topic.name).collect())
    }
}

impl Drop for Topics {
    fn drop(&mut self) {
        let names: Vec<&str> = self.0.iter().map(String::as_str).collect();
        if let Err(error) = connect().and_then(|admin| admin.delete(&names)) {
            tracing::warn!(%error, "delete test topics");
        }
    }
}

/// Writes records outside transactions and waits for them.
///
/// # Panics
/// When one is not acknowledged.
pub fn produce(records: &[Outgoing]) {
    let publisher =
        Publisher::new(&config(), PublisherLimits { records: 100_000, kibibytes: 100_000 }).unwrap();
    let receivers: Vec<_> = records.iter().map(|record| publisher.publish(record).unwrap()).collect();
    assert!(publisher.flush_within(Duration::from_secs(20)), "records are not acknowledged");
    for mut receiver in receivers {
        receiver.try_recv().unwrap().unwrap();
    }
}

/// All committed records of a topic, partition by partition, after every transaction that is open now has settled.
///
/// # Panics
/// When the topic cannot be read.
pub fn committed(topic: &str) -> Vec<Record> {
    let partitions = admin().partitions().unwrap()[topic];
    let mut records = Vec::new();
    for index in 0..i32::try_from(partitions).unwrap() {
        let partition = Partition { topic: topic.into(), index };
        scan(&config(), &partition, 0, Duration::from_secs(30), |record| records.push(record)).unwrap();
    }
    records
}
