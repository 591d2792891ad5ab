//! What this process knows of its targets, told to the conversations' log: routes choose by it, and whoever folds the log again sees the same.
//!
//! Every instance tells the partitions of `events` that have the numbers of those of `requests` that it owns, so that the turns of a
//! conversation are routed by what the instance knows that will call for them. [`Watch`] decides what there is to tell, and is pure; the
//! rest looks once a second and writes.

mod watch;

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use pipeline::Outgoing;
use pipeline::kafka::{PublishError, Publisher, Unacknowledged};
use schemas::conditions::Conditions;
use schemas::event::Event;
use schemas::line::Line;
use schemas::wire;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use crate::invoke::Invoke;
use crate::metrics;
use crate::outcome::Output;
use crate::step::Step;
pub(crate) use watch::told_wait;
use watch::{Moment, Watch};

/// How often is looked, and so the least time between two records of a partition.
const EVERY: Duration = Duration::from_secs(1);
/// How long an acknowledgement is waited for. What is not acknowledged by then is told again.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a record may not be in the log.
#[derive(Debug, thiserror::Error)]
pub enum Untold {
    /// It was not queued.
    #[error(transparent)]
    Refused(#[from] PublishError),
    /// Kafka did not acknowledge it.
    #[error(transparent)]
    Unacknowledged(#[from] Unacknowledged),
    /// Nothing was heard of it.
    #[error("await acknowledgement: none came")]
    Silence,
}

impl Untold {
    /// A closed label for counters.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Refused(error) => error.label(),
            Self::Unacknowledged(_) => "unacknowledged",
            Self::Silence => "silence",
        }
    }
}

/// Writes records to the log, those of one partition in the order in which they were given.
pub trait Tell: Send + Sync + 'static {
    /// Queues the record at once; the future waits until it is written.
    fn tell(&self, record: Outgoing) -> impl Future<Output = Result<(), Untold>> + Send;
}

impl Tell for Publisher {
    fn tell(&self, record: Outgoing) -> impl Future<Output = Result<(), Untold>> + Send {
        let receipt = self.publish(&record);
        async {
            match timeout(PATIENCE, receipt?).await {
                Ok(Ok(told)) => told.map(drop).map_err(Untold::from),
                Ok(Err(_)) | Err(_) => Err(Untold::Silence),
            }
        }
    }
}

/// Partitions that this instance has.
#[derive(Debug, Default)]
pub(crate) struct Owned(Mutex<BTreeSet<i32>>);

impl Owned {
    pub(crate) fn set(&self, partitions: &[i32]) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = partitions.iter().copied().collect();
    }

    fn get(&self) -> BTreeSet<i32> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Tells the log of the step's targets, at most once a second, until the step is gone.
pub async fn announce<I: Invoke>(step: Weak<Step<I>>, log: Arc<impl Tell>) {
    let mut watch = Watch::default();
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(step) = step.upgrade() else { return };
        let (conditions, partitions) = look(&step, &mut watch);
        let (output, line) = (step.output().clone(), step.line().clone());
        drop(step);
        let now = conditions.at;
        let records =
            partitions.iter().filter_map(|partition| record(&conditions, *partition, &output, &line));
        // All are queued before the first one is waited for.
        let told: Vec<_> = records.map(|record| (record.partition, log.tell(record))).collect();
        for (partition, told) in told {
            match told.await {
                Ok(()) => {
                    watch.told(partition, now);
                    metrics::conditions_told("told");
                }
                Err(error) => {
                    metrics::conditions_told(error.label());
                    tracing::warn!(%error, partition, "tell the log of targets");
                }
            }
        }
    }
}

/// What is to be told, and to which partitions.
fn look<I: Invoke>(step: &Step<I>, watch: &mut Watch) -> (Conditions, Vec<i32>) {
    let moment = Moment { wall: step.clock().now(), monotonic: Instant::now() };
    let outlooks = step.invoker().outlooks(moment.monotonic);
    let partitions = watch.look(moment, outlooks, &step.owned().get());
    let conditions = Conditions { targets: watch.targets().clone(), at: moment.wall };
    (conditions, partitions)
}

fn record(conditions: &Conditions, partition: i32, output: &Output, line: &Line) -> Option<Outgoing> {
    let event = Event::Conditions(conditions.clone());
    match wire::encode(&event, &output.source) {
        Ok(mut encoded) => {
            line.mark(&mut encoded.headers);
            let (topic, value) = (Arc::clone(&output.topic), Some(encoded.value));
            Some(Outgoing { topic, partition, key: None, headers: encoded.headers, value })
        }
        Err(error) => {
            tracing::error!(%error, "encode what is known of targets");
            None
        }
    }
}
