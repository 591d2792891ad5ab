//! The step as the call driver runs it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use outbound::{BuildError, Client};
use pipeline::Clock;
use pipeline::call::{Admission, Decoded, Done, Handler, Job, Share};
use pipeline::{Record, Refused};
use schemas::Millis;
use schemas::answer::{Answer, DeliveryClass};
use schemas::delivery::DeliveryResult;
use schemas::ids::AppKey;
use schemas::line::{Foreign, Line};
use tokio::time::Instant;

use crate::client::{AppClient, RETRACTED};
use crate::message::message;
use crate::metrics;
use crate::outcome::{Ended, Output, Subject, unwritten};
use crate::results::{Newest, Results};
use crate::send::{Call, PartSend, Sent, undelivered, unretractable};
use crate::settings::Settings;
use crate::work::{Work, is_retract};

/// The driver's hard deadline is this much later than the end of the last attempt, so that the attempt ends first even when the wall
/// clock steps.
const MARGIN: Duration = Duration::from_secs(10);

/// The deliver step.
pub struct Step {
    pub(crate) apps: BTreeMap<AppKey, AppClient>,
    attempt_timeout: Duration,
    output: Output,
    pub(crate) clock: Arc<dyn Clock>,
    /// How sends of this process ended.
    pub(crate) known: Newest<DeliveryResult>,
    /// How sends of others, and older ones, ended.
    pub(crate) results: Arc<dyn Results>,
    /// Parts whose retract was read: one that was not sent yet is not sent any more.
    called_back: Newest<()>,
}

impl std::fmt::Debug for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Step").field("output", &self.output).finish_non_exhaustive()
    }
}

impl Step {
    /// Builds the step; `results` are those of the topic that `output` names. Needs a tokio runtime with time.
    ///
    /// # Errors
    /// When no HTTP client can be built.
    pub fn new(
        settings: Settings,
        output: Output,
        results: Arc<dyn Results>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, BuildError> {
        let http = Client::new(&settings.client)?;
        let (policy, health) = (settings.policy, settings.health);
        let client = |(key, app): (AppKey, _)| {
            let client = AppClient::new(http.clone(), &key, app, policy, &health);
            (key, client)
        };
        let apps = settings.apps.into_iter().map(client).collect();
        Ok(Self {
            apps,
            attempt_timeout: policy.attempt_timeout,
            output,
            clock,
            known: Newest::default(),
            results,
            called_back: Newest::default(),
        })
    }

    async fn deliver(&self, answer: &Answer, job: &Job) -> Done {
        let started_at = self.clock.now();
        let (sent, characters) = match message(answer) {
            Ok(message) => {
                let part = PartSend {
                    call: Call::Send { message: &message, class: answer.class },
                    lane: &answer.lane,
                    latest: self.latest(answer.send_by, job),
                    called_back: &|| self.called_back.get(answer.id).is_some(),
                };
                (self.send(answer, &part, job).await, message.characters)
            }
            Err(unsendable) => (Sent::without_attempt(undelivered(unsendable.label())), 0),
        };
        let Sent { result, attempts } = sent;
        self.known.put(answer.id, result.clone());
        let characters = if matches!(result, DeliveryResult::Undelivered { .. }) { 0 } else { characters };
        let ended_at = self.clock.now();
        let ended = Ended { result, characters, attempts, rerun: job.rerun, started_at, ended_at };
        self.write(&job.record, Subject::from(answer), ended)
    }

    async fn send(&self, answer: &Answer, part: &PartSend<'_>, job: &Job) -> Sent {
        if job.rerun && answer.class == DeliveryClass::Drop {
            return Sent::without_attempt(DeliveryResult::Unknown);
        }
        if self.clock.now() > answer.send_by {
            return Sent::without_attempt(undelivered("expired"));
        }
        let Some(app) = self.apps.get(answer.lane.conversation.app()) else {
            return Sent::without_attempt(undelivered("unknown_app"));
        };
        let sent = app.send(part).await;
        // The process that ended while it ran may have sent it.
        let may_be_sent = job.rerun && sent.result == undelivered(RETRACTED);
        if may_be_sent { Sent { result: DeliveryResult::Unknown, ..sent } } else { sent }
    }

    /// Writes and counts how a record ended.
    pub(crate) fn write(&self, record: &Record, subject: Subject, ended: Ended) -> Done {
        let took = u64::try_from(ended.ended_at.saturating_sub(ended.started_at)).unwrap_or_default();
        metrics::ended(&ended.result, Duration::from_millis(took));
        self.output.write(record, subject, ended)
    }

    /// When the last attempt may start, so that it ends before the hard deadline.
    pub(crate) fn latest(&self, by: Millis, job: &Job) -> Instant {
        let longest = job.hard_deadline.saturating_sub(self.attempt_timeout).saturating_sub(MARGIN);
        Instant::now() + self.left(by).min(longest)
    }

    /// Time until then.
    fn left(&self, by: Millis) -> Duration {
        Duration::from_millis(u64::try_from(by.saturating_sub(self.clock.now())).unwrap_or_default())
    }

    /// Ends a record that does not run, or not any more, for that reason.
    fn given_up(&self, record: &Record, reason: &str, rerun: bool) -> Done {
        let result = if is_retract(record) { unretractable(reason) } else { undelivered(reason) };
        self.end(record, result, rerun)
    }

    fn end(&self, record: &Record, result: DeliveryResult, rerun: bool) -> Done {
        let Some(subject) = Subject::of(record) else {
            return unwritten(record, "neither value nor headers name the part");
        };
        if !result.is_retraction() {
            self.known.put(subject.answer, result.clone());
        }
        let now = self.clock.now();
        let ended = Ended { result, characters: 0, attempts: 0, rerun, started_at: now, ended_at: now };
        self.write(record, subject, ended)
    }
}

/// Only the line that answers people has this step.
fn of_the_line(record: &Record) -> Result<(), Foreign> {
    Line::Real.admit(|name| record.header(name))
}

impl Handler for Step {
    fn admit(&self, record: &Record) -> Result<Admission, Refused> {
        // Before anything that it asks for is believed.
        of_the_line(record).map_err(|foreign| {
            metrics::foreign();
            Refused::DeadLetter { reason: foreign.label() }
        })?;
        let work = Work::read(record).map_err(|error| {
            let reason = error.label();
            if error.may_be_newer() { Refused::Pause { reason } } else { Refused::DeadLetter { reason } }
        })?;
        if let Work::Retract(retract) = &work {
            self.called_back.put(retract.answer, ());
        }
        let app = work.lane().conversation.app().as_str();
        Ok(Admission {
            lane: work.lane().to_string().into_bytes().into(),
            shares: vec![Share { kind: "app", name: app.into() }],
            hard_deadline: self.left(work.by()).saturating_add(self.attempt_timeout).saturating_add(MARGIN),
            commit_start: work.class() == DeliveryClass::Drop,
            name: None,
            decoded: Decoded::default(),
        })
    }

    async fn run(&self, job: Job) -> Done {
        match Work::read(&job.record) {
            Ok(Work::Part(answer)) => self.deliver(&answer, &job).await,
            Ok(Work::Retract(retract)) => self.take_back(&retract, &job).await,
            Err(error) => self.given_up(&job.record, error.label(), job.rerun),
        }
    }

    fn overdue(&self, record: &Record, rerun: bool) -> Done {
        self.given_up(record, "overdue", rerun)
    }

    fn crowded(&self, record: &Record, rerun: bool) -> Done {
        self.given_up(record, "crowded", rerun)
    }

    fn oversize(&self, record: &Record, _ended: &Done) -> Done {
        // The driver does not tell whether it was a rerun.
        let rerun = false;
        self.given_up(record, "oversize", rerun)
    }

    fn dead(&self, record: &Record, _reason: &'static str, rerun: bool) -> Done {
        if of_the_line(record).is_err() {
            // A replay's part has the id of the real one, which has a result of its own.
            return Done::default();
        }
        // Each of the processes that ended while it ran may have sent it.
        if rerun && !is_retract(record) {
            return self.end(record, DeliveryResult::Unknown, rerun);
        }
        self.given_up(record, "dead", rerun)
    }

    fn ownership(&self, owned: &[i32], all: usize) {
        let share = owned.len() as f64 / all.max(1) as f64;
        metrics::share(share);
        self.apps.values().for_each(|app| app.set_share(share));
    }
}
