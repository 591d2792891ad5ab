//! The fold driver in a process of its own: takes all partitions over, tells how long that took, and ends.

use crate::bench::exactly_once::shape::access;
use crate::say::say;
use anyhow::{Context as _, Result, ensure};
use pipeline::fold::{Context, Entry, Fold, FoldConfig, FoldDriver, FoldError, FoldLimits, Input, Key, Step};
use pipeline::kafka::Instance;
use pipeline::{Outgoing, Record, Refused, StartPolicy, Stop};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// What the process is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Spec {
    pub(super) bootstrap: String,
    pub(super) deployment: String,
    pub(super) name: String,
    pub(super) input: String,
    pub(super) states: String,
    pub(super) incarnation: String,
    /// As decide reads them; else the bytes are kept as they are.
    pub(super) is_read: bool,
}

/// State of one conversation.
#[derive(Clone)]
enum Talk {
    Read(decide::Kept),
    Bytes(Arc<[(Vec<u8>, Vec<u8>)]>),
}

struct Keeper<const IS_READ: bool>;

impl<const IS_READ: bool> Fold for Keeper<IS_READ> {
    type Message = ();
    type State = Talk;
    type Control = ();

    fn decode(&self, _: &Record) -> Result<Input<()>, Refused> {
        Err(Refused::DeadLetter { reason: "unused" })
    }

    fn control(&mut self, (): &(), (): ()) -> Result<(), FoldError> {
        Ok(())
    }

    fn fold(&self, _: Context<'_, ()>, _: &Key, _: Option<&Talk>, (): ()) -> Result<Step<Talk>, Refused> {
        Err(Refused::DeadLetter { reason: "unused" })
    }

    fn fire(&self, _: Context<'_, ()>, _: &Key, state: &Talk, _: usize) -> Step<Talk> {
        Step { state: Some(state.clone()), outputs: Vec::new() }
    }

    fn due(&self, state: &Talk) -> Option<i64> {
        match state {
            Talk::Read(state) => state.due(),
            Talk::Bytes(_) => None,
        }
    }

    fn clock(&self, partition: i32, _: i64) -> Outgoing {
        Outgoing { topic: "unused".into(), partition, key: None, headers: Vec::new(), value: None }
    }

    fn snapshot(&self, _: &Key, _: Option<&Talk>, after: Option<&Talk>) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
        match after {
            Some(Talk::Bytes(entries)) => {
                entries.iter().map(|(key, value)| (key.clone(), Some(value.clone()))).collect()
            }
            Some(Talk::Read(_)) | None => Vec::new(),
        }
    }

    fn snapshot_control(&self, (): &()) -> (Vec<u8>, Vec<u8>) {
        (b"@control".to_vec(), Vec::new())
    }

    fn restore<'a>(entries: impl Iterator<Item = Entry<'a>>) -> Result<((), HashMap<Key, Talk>), FoldError> {
        if IS_READ {
            let (_, states) =
                decide::restore(entries).map_err(|error| FoldError::Restore(error.to_string()))?;
            return Ok(((), states.into_iter().map(|(name, kept)| (name, Talk::Read(kept))).collect()));
        }
        let mut talks: HashMap<Key, Vec<(Vec<u8>, Vec<u8>)>> = HashMap::new();
        for (key, value) in entries {
            let name = key.split(|byte| *byte == b'|').next().unwrap_or_default();
            talks.entry(name.into()).or_default().push((key.to_vec(), value.to_vec()));
        }
        Ok(((), talks.into_iter().map(|(name, entries)| (name, Talk::Bytes(entries.into()))).collect()))
    }
}

/// Runs the driver until it is ready.
pub(in crate::bench) fn run(spec: &str) -> Result<()> {
    let spec: Spec = serde_json::from_str(spec).context("reading what to run")?;
    let config = FoldConfig {
        kafka: access(&spec.bootstrap)?,
        instance: Instance::new(&spec.deployment, &spec.name, 0)?,
        input: spec.input.as_str().into(),
        states: spec.states.as_str().into(),
        dead_letters: spec.input.as_str().into(),
        start: StartPolicy::Earliest,
        limits: FoldLimits::default(),
    };
    let handle = if spec.is_read {
        FoldDriver::spawn(config, Keeper::<true>, &spec.incarnation)?
    } else {
        FoldDriver::spawn(config, Keeper::<false>, &spec.incarnation)?
    };
    let health = handle.health();
    let mut assigned = None;
    loop {
        let report = health.report();
        ensure!(report.alive && report.refused.is_empty(), "not restored: {report:?}");
        if !report.restoring.is_empty() {
            assigned.get_or_insert_with(Instant::now);
        }
        if report.owned.len() == 8 {
            break;
        }
        sleep(Duration::from_millis(1));
    }
    let took = assigned.map_or(Duration::ZERO, |at| at.elapsed());
    say(&format!("took {} {}", took.as_secs_f64(), peak()));
    handle.stop(Stop::Leave);
    Ok(handle.join()?)
}

/// Most memory that this process had, in MiB.
fn peak() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok());
    kib.map_or(f64::NAN, |kib| kib / 1_024.0)
}
