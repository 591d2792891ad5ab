//! What was measured.

use super::entrants::Entrant;
use super::latency::Latency;
use dev::console::say;
use std::collections::BTreeMap;

/// Records per second, and per second of processor time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rate {
    pub(super) wall: f64,
    pub(super) cpu: f64,
}

/// What was measured, by contestant.
#[derive(Default)]
pub(super) struct Results {
    pub(super) records: u64,
    pub(super) rates: BTreeMap<&'static str, Vec<Rate>>,
    pub(super) latencies: BTreeMap<&'static str, Vec<Latency>>,
    pub(super) bare: Vec<Latency>,
}

impl Results {
    pub(super) fn rate(&mut self, entrant: &Entrant, rate: Rate) {
        say(&format!("{}: {:.0} records/s, {:.0} per CPU second", entrant.name, rate.wall, rate.cpu));
        self.rates.entry(entrant.name).or_default().push(rate);
    }

    pub(super) fn latency(&mut self, entrant: &Entrant, latency: Latency) {
        say(&format!("{}: p50 {:.1} ms, p99 {:.1} ms", entrant.name, latency.p50, latency.p99));
        self.latencies.entry(entrant.name).or_default().push(latency);
    }

    pub(super) fn bare(&mut self, latency: Latency) {
        say(&format!("bare: p50 {:.1} ms, p99 {:.1} ms", latency.p50, latency.p99));
        self.bare.push(latency);
    }
}
