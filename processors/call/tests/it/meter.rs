//! A meter that keeps what histograms of one name are given.

use std::sync::{Arc, Mutex};

use metrics::{Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit};

/// What was recorded under a name, on the thread that the meter was installed on.
pub(crate) struct Meter {
    name: &'static str,
    values: Arc<Values>,
}

#[derive(Default)]
struct Values(Mutex<Vec<f64>>);

impl HistogramFn for Values {
    fn record(&self, value: f64) {
        self.0.lock().unwrap().push(value);
    }
}

impl Meter {
    pub(crate) fn of(name: &'static str) -> Self {
        Self { name, values: Arc::default() }
    }

    /// What was recorded since it was asked last.
    pub(crate) fn take(&self) -> Vec<f64> {
        std::mem::take(&mut self.values.0.lock().unwrap())
    }
}

impl Recorder for Meter {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::noop()
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        if key.name() == self.name {
            Histogram::from_arc(Arc::clone(&self.values))
        } else {
            Histogram::noop()
        }
    }
}
