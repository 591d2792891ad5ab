//! The step as the call driver runs it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use outbound::{BuildError, Client};
use pipeline::Clock;
use pipeline::call::{Admission, Decoded, Done, Handler, Job, Share};
use pipeline::{Record, Refused};
use schemas::answer::{Answer, DeliveryClass};
use schemas::delivery::DeliveryResult;
use schemas::ids::AppKey;
use tokio::time::Instant;

use crate::courier::{Courier, Errand, Sent};
use crate::message::message;
use crate::metrics;
use crate::outcome::{Ended, Output, Subject, read, unwritten};
use crate::settings::Settings;

/// How much longer than a run gives itself the driver gives it: the last attempt is cut off before, whatever the wall
/// clock does.
const MARGIN: Duration = Duration::from_secs(10);

/// The deliver step.
pub struct Step {
    couriers: BTreeMap<AppKey, Courier>,
    attempt_timeout: Duration,
    output: Output,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Step").field("output", &self.output).finish_non_exhaustive()
    }
}

impl Step {
    /// Builds the step. Needs a tokio runtime with time.
    ///
    /// # Errors
    /// When no HTTP client can be built.
    pub fn new(settings: Settings, output: Output, clock: Arc<dyn Clock>) -> Result<Self, BuildError> {
        let client = Client::new(&settings.client)?;
        let (manner, health) = (settings.manner, settings.health);
        let courier = |(key, app): (AppKey, _)| {
            let courier = Courier::new(client.clone(), &key, app, manner, &health);
            (key, courier)
        };
        let couriers = settings.apps.into_iter().map(courier).collect();
        Ok(Self { couriers, attempt_timeout: manner.attempt_timeout, output, clock })
    }

    async fn deliver(&self, answer: &Answer, job: &Job) -> Done {
        let started_at = self.clock.now();
        let (sent, characters) = match message(answer) {
            Ok(message) => {
                let errand = Errand {
                    message: &message,
                    lane: &answer.lane,
                    class: answer.class,
                    latest: Instant::now() + self.left(answer).min(self.longest(job)),
                };
                (self.send(answer, &errand, job.rerun).await, message.characters)
            }
            Err(unsendable) => (undelivered(unsendable.label()), 0),
        };
        let ended_at = self.clock.now();
        let took = u64::try_from(ended_at.saturating_sub(started_at)).unwrap_or_default();
        metrics::ended(&sent.result, Duration::from_millis(took));
        let Sent { result, attempts } = sent;
        let characters = if matches!(result, DeliveryResult::Undelivered { .. }) { 0 } else { characters };
        let ended = Ended { result, characters, attempts, rerun: job.rerun, started_at, ended_at };
        self.output.write(&job.record, Subject::from(answer), ended)
    }

    async fn send(&self, answer: &Answer, errand: &Errand<'_>, rerun: bool) -> Sent {
        if rerun && answer.class == DeliveryClass::Drop {
            return Sent { result: DeliveryResult::Unknown, attempts: 0 };
        }
        if self.clock.now() > answer.send_by {
            return undelivered("expired");
        }
        match self.couriers.get(answer.lane.conversation.app()) {
            Some(courier) => courier.send(errand).await,
            None => undelivered("unknown_app"),
        }
    }

    fn left(&self, answer: &Answer) -> Duration {
        let left = answer.send_by.saturating_sub(self.clock.now());
        Duration::from_millis(u64::try_from(left).unwrap_or_default())
    }

    /// The time for attempts to start within that the hard deadline leaves.
    fn longest(&self, job: &Job) -> Duration {
        job.hard_deadline.saturating_sub(self.attempt_timeout).saturating_sub(MARGIN)
    }

    /// A result without a run.
    fn end(&self, record: &Record, Sent { result, attempts }: Sent, rerun: bool) -> Done {
        let Some(subject) = Subject::of(record) else {
            return unwritten(record, "neither value nor headers name the part");
        };
        metrics::ended(&result, Duration::ZERO);
        let now = self.clock.now();
        let ended = Ended { result, characters: 0, attempts, rerun, started_at: now, ended_at: now };
        self.output.write(record, subject, ended)
    }
}

impl Handler for Step {
    fn admit(&self, record: &Record) -> Result<Admission, Refused> {
        let answer = read(record).map_err(|error| {
            let reason = error.label();
            if error.may_be_newer() { Refused::Pause { reason } } else { Refused::DeadLetter { reason } }
        })?;
        let app = answer.lane.conversation.app().as_str();
        Ok(Admission {
            lane: answer.lane.to_string().into_bytes().into(),
            shares: vec![Share { kind: "app", name: app.into() }],
            hard_deadline: self.left(&answer).saturating_add(self.attempt_timeout).saturating_add(MARGIN),
            commit_start: answer.class == DeliveryClass::Drop,
            decoded: Decoded::default(),
        })
    }

    async fn run(&self, job: Job) -> Done {
        match read(&job.record) {
            Ok(answer) => self.deliver(&answer, &job).await,
            Err(error) => self.end(&job.record, undelivered(error.label()), job.rerun),
        }
    }

    fn overdue(&self, record: &Record, rerun: bool) -> Done {
        self.end(record, undelivered("overdue"), rerun)
    }

    fn crowded(&self, record: &Record, rerun: bool) -> Done {
        self.end(record, undelivered("crowded"), rerun)
    }

    fn oversize(&self, record: &Record, _ended: &Done) -> Done {
        self.end(record, undelivered("oversize"), false)
    }

    fn dead(&self, record: &Record, _reason: &'static str, rerun: bool) -> Done {
        // It may have been sent by each process that it is blamed for.
        let sent =
            if rerun { Sent { result: DeliveryResult::Unknown, attempts: 0 } } else { undelivered("dead") };
        self.end(record, sent, rerun)
    }

    fn ownership(&self, owned: usize, all: usize) {
        let share = owned as f64 / all.max(1) as f64;
        metrics::share(share);
        for courier in self.couriers.values() {
            courier.set_share(share);
        }
    }
}

fn undelivered(reason: &str) -> Sent {
    Sent { result: DeliveryResult::Undelivered { reason: reason.to_owned() }, attempts: 0 }
}
