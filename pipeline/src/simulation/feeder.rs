//! What tests of the drivers start from: topics, their stamp, and a process that writes into them.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use super::{Crew, INCARNATION, Membership, Process, Producer, Sim};
use crate::Outgoing;
use crate::kafka::{Config, INCARNATION_KEY, Outcome, RawConfig};

/// Access to no broker, for configurations that are never used to connect.
pub fn offline() -> Config {
    let bootstrap = "127.0.0.1:1".to_owned();
    Config::new(RawConfig {
        bootstrap,
        heartbeat_interval: Duration::from_millis(500),
        properties: BTreeMap::new(),
    })
    .unwrap()
}

/// Stamps every partition of a compacted topic with the incarnation.
pub fn stamp(sim: &Sim, topic: &str) {
    let partitions = sim.broker().partitions(topic);
    for partition in partitions {
        sim.broker().publish(&Outgoing {
            topic: partition.topic,
            partition: partition.index,
            key: Some(INCARNATION_KEY.to_vec()),
            headers: Vec::new(),
            value: Some(INCARNATION.as_bytes().to_vec()),
        });
    }
}

/// A process that writes so many records in all, some in transactions of which some are aborted.
pub fn feeder(records: u64, next: impl Fn(&Sim) -> Outgoing + Clone + 'static) -> impl Fn(&Sim) -> Process {
    let left = Rc::new(Cell::new(records));
    move |sim| {
        let (crew, stop) = (Crew::default(), Rc::new(Cell::new(false)));
        crew.add(feed(sim.clone(), Rc::clone(&left), next.clone()));
        Process { crew, background: Box::new(|| ()), skew: Rc::default(), stop }
    }
}

async fn feed(sim: Sim, left: Rc<Cell<u64>>, next: impl Fn(&Sim) -> Outgoing) -> Result<(), String> {
    let mut producer = Producer::new(&sim, "feeder");
    producer.rebuild().await;
    let nobody = Membership::outside("nobody", "");
    loop {
        let pause = sim.random().millis(80);
        sim.sleep(pause).await;
        if left.get() == 0 {
            continue;
        }
        let count = (1 + sim.random().below(4)).min(left.get());
        let records: Vec<Outgoing> = (0..count).map(|_| next(&sim)).collect();
        left.set(left.get() - count);
        if sim.random().one_in(2) {
            records.iter().for_each(|record| sim.broker().publish(record));
            continue;
        }
        let outcome = producer.run(&records, &[], &nobody, || nobody.clone()).await;
        if !matches!(outcome, Outcome::Committed | Outcome::Aborted(_)) {
            producer.rebuild().await;
        }
    }
}
