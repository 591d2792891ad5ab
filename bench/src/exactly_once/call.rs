//! The call driver with a handler that completes at once: what the driver itself costs.

use super::shape::INCARNATION;
use super::spec::{Marks, Spec};
use anyhow::{Context, Result, bail};
use dev::console::say;
use pipeline::call::{Admission, CallConfig, CallDriver, Decoded, Done, Handler, Job, Limits};
use pipeline::{Outgoing, Record, Refused, StartPolicy};
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;
use tokio::runtime::Builder;

struct AtOnce {
    output: Arc<str>,
    marks: Arc<Marks>,
}

impl AtOnce {
    fn done(&self, record: &Record) -> Done {
        let output = Outgoing {
            topic: Arc::clone(&self.output),
            partition: record.partition,
            key: record.key.clone(),
            headers: Vec::new(),
            value: record.value.clone(),
        };
        Done { outputs: vec![output] }
    }
}

impl Handler for AtOnce {
    fn admit(&self, record: &Record) -> Result<Admission, Refused> {
        Ok(Admission {
            lane: record.key.as_deref().unwrap_or_default().into(),
            shares: Vec::new(),
            hard_deadline: Duration::from_secs(60),
            commit_start: false,
            name: None,
            decoded: Decoded::default(),
        })
    }

    async fn run(&self, job: Job) -> Done {
        self.marks.count();
        self.done(&job.record)
    }

    fn overdue(&self, record: &Record, _: bool) -> Done {
        self.done(record)
    }

    fn crowded(&self, record: &Record, _rerun: bool) -> Done {
        self.done(record)
    }

    fn oversize(&self, record: &Record, _ended: &Done) -> Done {
        self.done(record)
    }

    fn dead(&self, record: &Record, _: &'static str, _rerun: bool) -> Done {
        self.done(record)
    }

    fn ownership(&self, _: &[i32], _: usize) {}
}

pub(super) fn run(spec: &Spec) -> Result<()> {
    let runtime =
        Builder::new_multi_thread().worker_threads(2).enable_all().build().context("starting a runtime")?;
    let config = CallConfig {
        kafka: spec.access()?,
        instance: spec.instance()?,
        topic: spec.input.as_str().into(),
        dead_letters: spec.output.as_str().into(),
        start: StartPolicy::Earliest,
        limits: Limits::default(),
    };
    let handler = Arc::new(AtOnce { output: spec.output.as_str().into(), marks: Marks::new(spec.records) });
    let handle = CallDriver::spawn(config, handler, runtime.handle().clone(), INCARNATION.to_owned())?;
    let mut is_ready = false;
    loop {
        let health = handle.health();
        if let Some(failure) = health.failure {
            bail!("the call driver ended: {failure}");
        }
        if !is_ready && health.status.partitions.len() == 8 {
            is_ready = true;
            say("ready");
        }
        sleep(Duration::from_millis(50));
    }
}
