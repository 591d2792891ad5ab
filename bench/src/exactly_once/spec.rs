//! What a contestant is told, and what it tells.

use super::shape;
use anyhow::Result;
use dev::console::say;
use pipeline::kafka::{Config, Instance};
use serde::{Deserialize, Serialize};
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Who contends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    Fold,
    Call,
    RawFold,
    RawCall,
}

/// What a contestant is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Spec {
    pub(super) kind: Kind,
    /// Whole states instead of the pieces that changed.
    pub(super) whole: bool,
    /// At least once: no transactions.
    pub(super) plain: bool,
    pub(super) bootstrap: String,
    pub(super) deployment: String,
    pub(super) name: String,
    pub(super) input: String,
    pub(super) output: String,
    pub(super) states: String,
    /// Marks are told at half of them and at all of them.
    pub(super) records: u64,
}

impl Spec {
    pub(super) fn access(&self) -> Result<Config> {
        shape::access(&self.bootstrap)
    }

    pub(super) fn instance(&self) -> Result<Instance> {
        Ok(Instance::new(&self.deployment, &self.name, 0)?)
    }
}

/// Tells when half of the records and all of them were taken, with the process's time by then.
pub(super) struct Marks {
    seen: AtomicU64,
    records: u64,
}

impl Marks {
    pub(super) fn new(records: u64) -> Arc<Self> {
        Arc::new(Self { seen: AtomicU64::new(0), records })
    }

    pub(super) fn count(&self) {
        let seen = self.seen.fetch_add(1, Ordering::Relaxed) + 1;
        if seen == self.records / 2 || seen == self.records {
            let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            say(&format!("mark {seen} {} {}", clock.as_secs_f64(), used()));
        }
    }
}

/// Seconds of processor time, user and system, that this process has used.
fn used() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, after)| after);
    let ticks = after_name.split_ascii_whitespace().skip(11).take(2);
    ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}
