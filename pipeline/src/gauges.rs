//! A meter for tests that keeps what gauges show.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};

/// Gauges by name and by the value of their label `partition`.
#[derive(Default)]
pub(crate) struct Gauges(Mutex<BTreeMap<(String, String), Arc<AtomicU64>>>);

impl Gauges {
    /// What a gauge without partition shows, if it ever did.
    pub(crate) fn total(&self, name: &str) -> Option<f64> {
        let gauges = self.0.lock().unwrap();
        Some(f64::from_bits(gauges.get(&(name.to_owned(), String::new()))?.load(Ordering::Relaxed)))
    }

    /// What a gauge of a partition shows, if it ever did.
    pub(crate) fn of(&self, name: &str, partition: i32) -> Option<f64> {
        let gauges = self.0.lock().unwrap();
        let gauge = gauges.get(&(name.to_owned(), partition.to_string()))?;
        Some(f64::from_bits(gauge.load(Ordering::Relaxed)))
    }
}

impl Recorder for Gauges {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::noop()
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        let partition = key.labels().find(|label| label.key() == "partition");
        let partition = partition.map(|label| label.value().to_owned()).unwrap_or_default();
        let mut gauges = self.0.lock().unwrap();
        Gauge::from_arc(Arc::clone(gauges.entry((key.name().to_owned(), partition)).or_default()))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}
