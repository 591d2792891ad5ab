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

use crate::client::AppClient;
use crate::message::message;
use crate::metrics;
use crate::outcome::{Ended, Output, Subject, read, unwritten};
use crate::send::{PartSend, Sent, undelivered};
use crate::settings::Settings;

/// The driver's hard deadline is this much later than the end of the last attempt, so that the attempt ends first even when the wall
/// clock steps.
const MARGIN: Duration = Duration::from_secs(10);

/// The deliver step.
pub struct Step {
    apps: BTreeMap<AppKey, AppClient>,
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
        let http = Client::new(&settings.client)?;
        let (policy, health) = (settings.policy, settings.health);
        let client = |(key, app): (AppKey, _)| {
            let client = AppClient::new(http.clone(), &key, app, policy, &health);
            (key, client)
        };
        let apps = settings.apps.into_iter().map(client).collect();
        Ok(Self { apps, attempt_timeout: policy.attempt_timeout, output, clock })
    }

    async fn deliver(&self, answer: &Answer, job: &Job) -> Done {
        let started_at = self.clock.now();
        let (sent, characters) = match message(answer) {
            Ok(message) => {
                let part = PartSend {
                    message: &message,
                    lane: &answer.lane,
                    class: answer.class,
                    latest: Instant::now() + self.left(answer).min(self.longest(job)),
                };
                (self.send(answer, &part, job).await, message.characters)
            }
            Err(unsendable) => (Sent::without_attempt(undelivered(unsendable.label())), 0),
        };
        let ended_at = self.clock.now();
        let took = u64::try_from(ended_at.saturating_sub(started_at)).unwrap_or_default();
        metrics::ended(&sent.result, Duration::from_millis(took));
        let Sent { result, attempts } = sent;
        let characters = if matches!(result, DeliveryResult::Undelivered { .. }) { 0 } else { characters };
        let ended = Ended { result, characters, attempts, rerun: job.rerun, started_at, ended_at };
        self.output.write(&job.record, Subject::from(answer), ended)
    }

    async fn send(&self, answer: &Answer, part: &PartSend<'_>, job: &Job) -> Sent {
        if job.rerun && answer.class == DeliveryClass::Drop {
            return Sent::without_attempt(DeliveryResult::Unknown);
        }
        if self.clock.now() > answer.send_by {
            return Sent::without_attempt(undelivered("expired"));
        }
        match self.apps.get(answer.lane.conversation.app()) {
            Some(app) => app.send(part).await,
            None => Sent::without_attempt(undelivered("unknown_app")),
        }
    }

    /// Time until `send_by`.
    fn left(&self, answer: &Answer) -> Duration {
        let left = answer.send_by.saturating_sub(self.clock.now());
        Duration::from_millis(u64::try_from(left).unwrap_or_default())
    }

    /// Time within which an attempt may start and still end before the hard deadline.
    fn longest(&self, job: &Job) -> Duration {
        job.hard_deadline.saturating_sub(self.attempt_timeout).saturating_sub(MARGIN)
    }

    /// Ends a part that does not run, or not any more.
    fn end(&self, record: &Record, result: DeliveryResult, rerun: bool) -> Done {
        let Some(subject) = Subject::of(record) else {
            return unwritten(record, "neither value nor headers name the part");
        };
        metrics::ended(&result, Duration::ZERO);
        let now = self.clock.now();
        let ended = Ended { result, characters: 0, attempts: 0, rerun, started_at: now, ended_at: now };
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
        // The driver does not tell whether it was a rerun.
        let rerun = false;
        self.end(record, undelivered("oversize"), rerun)
    }

    fn dead(&self, record: &Record, _reason: &'static str, rerun: bool) -> Done {
        // Each of the processes that ended while it ran may have sent it.
        let result = if rerun { DeliveryResult::Unknown } else { undelivered("dead") };
        self.end(record, result, rerun)
    }

    fn ownership(&self, owned: usize, all: usize) {
        let share = owned as f64 / all.max(1) as f64;
        metrics::share(share);
        self.apps.values().for_each(|app| app.set_share(share));
    }
}
