//! The call step without Kafka around it: the record of a request in, the record of its outcome out.

use super::bare::contains;
use super::contestant::{Calls, PREPARED};
use crate::requests::{SOURCE, request};
use ::call::{Output, RawCall, Rules, Step};
use anyhow::{Context, Result, anyhow, ensure};
use catalogue::Engines;
use dev::stack::render;
use pipeline::call::{Handler, Job};
use pipeline::{Record, WallClock};
use safety::RuleSet;
use schemas::wire;
use std::sync::Arc;
use tokio::sync::watch;

const BUNDLE: &str = include_str!("../../configuration/call/bundle.toml");
const CALL: &str = include_str!("../../configuration/call/call.toml");
/// Stands in an outcome whose call has a cost.
const ACCOUNTED: &str = "\"cost\":{\"currency\":\"CNY\"";

/// The step and prepared requests.
pub(super) struct InProcess {
    step: Step,
    records: Vec<Arc<Record>>,
    _rules: watch::Sender<Arc<Rules>>,
}

impl InProcess {
    /// Builds the step for a model at `base` and prepares its requests. Needs a runtime.
    ///
    /// # Errors
    /// When the configuration is refused or a request cannot be built.
    pub(super) fn new(base: &str) -> Result<Self> {
        let raw = toml::from_str(BUNDLE).context("reading what is configured")?;
        let bundle = catalogue::validate(&raw).map_err(|found| anyhow!("{found:?}"))?;
        let raw: RawCall = toml::from_str(&render(CALL, &[("stand_ins", base.to_owned())])?)?;
        let settings = ::call::validate(&raw, &bundle).map_err(|found| anyhow!("{found:?}"))?;
        let filter = RuleSet::new(&[], "bench").map_err(|bad| anyhow!("{bad:?}"))?;
        let engines = Arc::new(Engines::one(Arc::new(filter)));
        let rules = Rules { bundle: Arc::new(bundle), engines };
        let (sender, rules) = watch::channel(Arc::new(rules));
        let output = Output { topic: "bench.events".into(), source: "/huiyin/bench/call".into() };
        let step = Step::new(settings, rules, output, Arc::new(WallClock))?;
        let records = (0..PREPARED).map(record).collect::<Result<_>>()?;
        Ok(Self { step, records, _rules: sender })
    }

    async fn outcome(&self, record: &Arc<Record>) -> Result<Vec<u8>> {
        let admitted = self.step.admit(record).map_err(|refused| anyhow!("{refused:?}"))?;
        let job = Job {
            record: Arc::clone(record),
            rerun: false,
            hard_deadline: admitted.hard_deadline,
            decoded: admitted.decoded,
            cancellation: pipeline::call::Cancellation::never(),
            place: pipeline::call::Place::unwatched(),
        };
        let outcome = self.step.run(job).await.outputs.into_iter().next();
        outcome.and_then(|outcome| outcome.value).context("a request has no outcome")
    }
}

impl Calls for InProcess {
    async fn call(&self, number: u64) -> Result<()> {
        let record = usize::try_from(number).ok().and_then(|number| self.records.get(number));
        let outcome = self.outcome(record.context("there is no such record")?).await?;
        ensure!(contains(&outcome, ACCOUNTED), "the outcome was {}", String::from_utf8_lossy(&outcome));
        Ok(())
    }
}

/// The record of a request, as it would be read from the topic.
fn record(number: u64) -> Result<Arc<Record>> {
    let encoded = wire::encode(&request(0, number)?, SOURCE)?;
    Ok(Arc::new(Record {
        topic: "bench.requests".into(),
        partition: 0,
        offset: i64::try_from(number).context("numbering records")?,
        timestamp: 0,
        key: encoded.key,
        headers: encoded.headers.into_iter().collect(),
        value: Some(encoded.value),
    }))
}
