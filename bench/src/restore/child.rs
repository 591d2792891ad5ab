//! The fold driver in a process of its own: takes all partitions over, tells how long that took, and ends.

use crate::exactly_once::shape::access;
use anyhow::{Context as _, Result, bail, ensure};
use decide::LazyState;
use dev::console::say;
use pipeline::fold::{Context, Entry, Fold, FoldConfig, FoldDriver, FoldError, FoldLimits, Input, Key, Step};
use pipeline::kafka::Instance;
use pipeline::{Outgoing, Record, Refused, StartPolicy, Stop};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs;
use std::hash::Hash;
use std::marker::PhantomData;
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

/// State of one conversation, as somebody keeps it.
trait Talk: Clone + Send + 'static {
    type Key: Clone + Ord + Hash + Send;

    fn due(&self) -> Option<i64>;

    fn restore<'a>(entries: impl Iterator<Item = Entry<'a>>) -> Result<HashMap<Self::Key, Self>, FoldError>;
}

impl Talk for LazyState {
    type Key = decide::Key;

    fn due(&self) -> Option<i64> {
        self.due()
    }

    fn restore<'a>(entries: impl Iterator<Item = Entry<'a>>) -> Result<HashMap<Self::Key, Self>, FoldError> {
        let restored = decide::restore(entries).map_err(|error| FoldError::Restore(error.to_string()));
        restored.map(|(_, states)| states.into_iter().collect())
    }
}

#[derive(Clone, Default)]
struct Bytes(Vec<(Vec<u8>, Vec<u8>)>);

impl Talk for Bytes {
    type Key = Key;

    fn due(&self) -> Option<i64> {
        None
    }

    fn restore<'a>(entries: impl Iterator<Item = Entry<'a>>) -> Result<HashMap<Key, Self>, FoldError> {
        let mut talks: HashMap<Key, Self> = HashMap::new();
        for (key, value) in entries {
            let name = key.split(|byte| *byte == b'|').next().unwrap_or_default();
            talks.entry(name.into()).or_default().0.push((key.to_vec(), value.to_vec()));
        }
        Ok(talks)
    }
}

struct Keeper<S>(PhantomData<S>);

impl<S: Talk> Fold for Keeper<S> {
    type Message = ();
    type Key = S::Key;
    type State = S;
    type Control = ();

    fn decode(&self, _: &Record) -> Result<Input<S::Key, ()>, Refused> {
        Err(Refused::DeadLetter { reason: "unused" })
    }

    fn control(&mut self, (): &(), (): ()) -> Result<(), FoldError> {
        Ok(())
    }

    fn fold(&self, _: Context<'_, ()>, _: &S::Key, _: Option<&S>, (): ()) -> Result<Step<S>, Refused> {
        Err(Refused::DeadLetter { reason: "unused" })
    }

    fn fire(&self, _: Context<'_, ()>, _: &S::Key, state: &S, _: usize) -> Step<S> {
        Step { state: Some(state.clone()), outputs: Vec::new() }
    }

    fn due(&self, state: &S) -> Option<i64> {
        state.due()
    }

    fn clock(&self, partition: i32, _: i64) -> Outgoing {
        Outgoing { topic: "unused".into(), partition, key: None, headers: Vec::new(), value: None }
    }

    fn snapshot(&self, _: &S::Key, _: Option<&S>, _: Option<&S>) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
        // Nothing is folded, so that nothing changes.
        Vec::new()
    }

    fn snapshot_control(&self, (): &()) -> (Vec<u8>, Vec<u8>) {
        (b"@control".to_vec(), Vec::new())
    }

    fn restore<'a>(entries: impl Iterator<Item = Entry<'a>>) -> Result<((), HashMap<S::Key, S>), FoldError> {
        Ok(((), S::restore(entries)?))
    }
}

/// Runs the driver until it is ready.
pub(crate) fn run(spec: &str) -> Result<()> {
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
        FoldDriver::spawn(config, Keeper::<LazyState>(PhantomData), &spec.incarnation)?
    } else {
        FoldDriver::spawn(config, Keeper::<Bytes>(PhantomData), &spec.incarnation)?
    };
    let mut assigned = None;
    loop {
        let health = handle.health();
        ensure!(health.alive && health.refused.is_empty(), "not restored: {health:?}");
        if !health.status.restoring.is_empty() {
            assigned.get_or_insert_with(Instant::now);
        }
        if health.owned.len() == 8 {
            break;
        }
        sleep(Duration::from_millis(1));
    }
    let took = assigned.map_or(Duration::ZERO, |at| at.elapsed());
    say(&format!("took {} {}", took.as_secs_f64(), peak()));
    match handle.stop(Stop::Leave, Duration::ZERO).failure {
        Some(failure) => bail!("the fold driver ended: {failure}"),
        None => Ok(()),
    }
}

/// Most memory that this process had, in MiB.
fn peak() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok());
    kib.map_or(f64::NAN, |kib| kib / 1_024.0)
}
