//! One side of the comparison in a process of its own, so that its processor time is its own: makes calls as they fall due, or as
//! fast as replies come, and tells what they took.

use super::bare::Bare;
use super::step::InProcess;
use crate::load::{Latencies, Schedule};
use crate::usage;
use anyhow::{Context, Result, ensure};
use dev::console::say;
use serde::{Deserialize, Serialize};
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};

const WARM: Duration = Duration::from_secs(1);
/// Requests that are made beforehand and taken in turns.
pub(super) const PREPARED: u64 = 20_000;

/// Who calls.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) enum Caller {
    /// The call step, with everything that it does for a request.
    Step,
    /// A bare `reqwest` call of the same body, whose reply is read and thrown away.
    Bare {
        /// Whether the answer is asked for as a stream, as the step does.
        stream: bool,
    },
}

/// How calls are made.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) enum Load {
    /// At an even rate, however the calls before went.
    Open { per_second: f64 },
    /// So many at a time, each after the other.
    Closed { callers: usize },
}

/// What the process is told.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Spec {
    pub(super) caller: Caller,
    /// Base address of the model, or of what stands before it.
    pub(super) url: String,
    pub(super) load: Load,
    pub(super) length: Duration,
}

/// What it tells.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) struct Taken {
    /// Calls that were made.
    pub(super) calls: u64,
    /// How long they took altogether, in seconds.
    pub(super) seconds: f64,
    /// Latency in milliseconds: from when a call was due, or from its start where none is due.
    pub(super) p50: f64,
    pub(super) p99: f64,
    /// Processor time of this process per call, in microseconds.
    pub(super) cost: f64,
}

/// Makes one call of those that were prepared.
pub(super) trait Calls: Send + Sync + 'static {
    ///
    /// # Errors
    /// When the reply is not what it must be.
    fn call(&self, number: u64) -> impl Future<Output = Result<()>> + Send;
}

/// Makes the calls and tells the result in the last line of the output.
///
/// # Errors
/// When the client cannot be built or a call fails.
pub(crate) fn run(spec: &str) -> Result<()> {
    let spec: Spec = serde_json::from_str(spec).context("reading what to run")?;
    let runtime =
        Builder::new_multi_thread().worker_threads(2).enable_all().build().context("starting a runtime")?;
    let taken = match spec.caller {
        Caller::Step => {
            let step = runtime.block_on(async { InProcess::new(&spec.url) })?;
            measure(&runtime, &spec, Arc::new(step))
        }
        Caller::Bare { stream } => measure(&runtime, &spec, Arc::new(Bare::new(&spec.url, stream)?)),
    }?;
    say(&serde_json::to_string(&taken).context("telling the result")?);
    Ok(())
}

fn measure(runtime: &Runtime, spec: &Spec, calls: Arc<impl Calls>) -> Result<Taken> {
    load(runtime, spec.load, WARM, &calls)?;
    let (begun, before) = (Instant::now(), usage::cpu(process::id())?);
    let latencies = load(runtime, spec.load, spec.length, &calls)?;
    let (seconds, used) = (begun.elapsed().as_secs_f64(), usage::cpu(process::id())?.saturating_sub(before));
    let calls = latencies.len() as u64;
    ensure!(calls > 0, "no call was made");
    let [p50, p99] = [50.0, 99.0].map(|percent| latencies.percentile(percent));
    Ok(Taken { calls, seconds, p50, p99, cost: used.as_secs_f64() * 1e6 / calls as f64 })
}

fn load(runtime: &Runtime, load: Load, length: Duration, calls: &Arc<impl Calls>) -> Result<Latencies> {
    match load {
        Load::Open { per_second } => open(runtime, &Schedule::new(Instant::now(), per_second, length), calls),
        Load::Closed { callers } => closed(runtime, callers, length, calls),
    }
}

fn open(runtime: &Runtime, schedule: &Schedule, calls: &Arc<impl Calls>) -> Result<Latencies> {
    let mut all = Vec::with_capacity(usize::try_from(schedule.count).unwrap_or_default());
    schedule.keep(|number, due| {
        let calls = Arc::clone(calls);
        all.push(runtime.spawn(async move { (calls.call(number % PREPARED).await, due.elapsed()) }));
    });
    let mut latencies = Vec::with_capacity(all.len());
    runtime.block_on(async {
        for call in all {
            let (answered, latency) = call.await.context("a call's task")?;
            answered?;
            latencies.push(latency);
        }
        Ok(Latencies::new(latencies))
    })
}

fn closed(runtime: &Runtime, callers: usize, length: Duration, calls: &Arc<impl Calls>) -> Result<Latencies> {
    let (next, over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let one = || {
        let (calls, next, over) = (Arc::clone(calls), Arc::clone(&next), Arc::clone(&over));
        runtime.spawn(async move {
            let mut latencies = Vec::new();
            while !over.load(Ordering::Relaxed) {
                let begun = Instant::now();
                let number = next.fetch_add(1, Ordering::Relaxed) % PREPARED;
                calls.call(number).await?;
                latencies.push(begun.elapsed());
            }
            anyhow::Ok(latencies)
        })
    };
    let all: Vec<_> = (0..callers).map(|_| one()).collect();
    std::thread::sleep(length);
    over.store(true, Ordering::Relaxed);
    let mut latencies = Vec::new();
    runtime.block_on(async {
        for caller in all {
            latencies.extend(caller.await.context("a caller's task")??);
        }
        Ok(Latencies::new(latencies))
    })
}
