//! The step as the call driver runs it.

use std::sync::Arc;
use std::time::Duration;

use outbound::BuildError;
use pipeline::Clock;
use pipeline::call::{Admission, Done, Handler, Job, Share};
use pipeline::{Record, Refused};
use schemas::answered::Outcome;
use schemas::request::Request;
use tokio::sync::watch;

use crate::invoker::{Invoked, Invoker, Unanswered};
use crate::metrics;
use crate::outcome::{Ended, Output, Subject, read, unwritten};
use crate::review::review;
use crate::rules::Rules;
use crate::settings::Settings;

/// How much longer than a run gives itself the driver gives it: attempts are cut off at `answer_by`, and no later than
/// this before the hard deadline whatever the wall clock does, so that the driver only catches what hangs in our own
/// code and no attempt goes unrecorded.
const MARGIN: Duration = Duration::from_secs(10);

/// The call step.
pub struct Step {
    invoker: Invoker,
    rules: watch::Receiver<Arc<Rules>>,
    output: Output,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Step").field("output", &self.output).finish_non_exhaustive()
    }
}

impl Step {
    /// Builds the step; a new bundle arrives through `rules` and holds for the calls that start after it. Needs a
    /// tokio runtime with time.
    ///
    /// # Errors
    /// When no HTTP client can be built.
    pub fn new(
        settings: Settings,
        rules: watch::Receiver<Arc<Rules>>,
        output: Output,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, BuildError> {
        let invoker = Invoker::new(settings, Arc::clone(&clock))?;
        Ok(Self { invoker, rules, output, clock })
    }

    /// The outcome of a request and the reason for metrics.
    fn outcome(rules: &Rules, invoked: &mut Invoked) -> (Outcome, &'static str) {
        let failed =
            |reason: &'static str, verdict| (Outcome::Failed { reason: reason.to_owned(), verdict }, reason);
        match std::mem::replace(&mut invoked.result, Err(Unanswered::Expired)) {
            Err(Unanswered::Expired) => (Outcome::Expired, ""),
            Err(Unanswered::Failed(reason)) => failed(reason, None),
            Ok((target, said)) => {
                let (verdict, text) = review(rules.filter.as_ref(), said.text);
                metrics::reviewed(verdict.action);
                match text {
                    None => failed("blocked_output", Some(verdict)),
                    Some(text) => {
                        (Outcome::Done { text: text.into(), verdict, target, truncated: said.truncated }, "")
                    }
                }
            }
        }
    }

    async fn answer(&self, request: &Request, job: &Job) -> Done {
        let started_at = self.clock.now();
        let rules = Arc::clone(&self.rules.borrow());
        let longest = job.hard_deadline.saturating_sub(MARGIN);
        let mut invoked = self.invoker.invoke(&rules.bundle, request, longest).await;
        let (outcome, reason) = Self::outcome(&rules, &mut invoked);
        let ended_at = self.clock.now();
        let took = u64::try_from(ended_at.saturating_sub(started_at)).unwrap_or_default();
        metrics::ended(&outcome, reason, Duration::from_millis(took));
        let ended = Ended { outcome, attempts: invoked.attempts, rerun: job.rerun, started_at, ended_at };
        self.output.write(&job.record, Subject::from(request), ended)
    }

    /// An outcome without a run.
    fn end(&self, record: &Record, outcome: Outcome, reason: &'static str, rerun: bool) -> Done {
        let Some(subject) = Subject::of(record) else {
            return unwritten(record, "neither value nor headers name the request");
        };
        metrics::ended(&outcome, reason, Duration::ZERO);
        let now = self.clock.now();
        let ended = Ended { outcome, attempts: Vec::new(), rerun, started_at: now, ended_at: now };
        self.output.write(record, subject, ended)
    }

    fn fail(&self, record: &Record, reason: &'static str, rerun: bool) -> Done {
        self.end(record, Outcome::Failed { reason: reason.to_owned(), verdict: None }, reason, rerun)
    }
}

impl Handler for Step {
    fn admit(&self, record: &Record) -> Result<Admission, Refused> {
        let request = read(record).map_err(|error| {
            let reason = error.label();
            if error.may_be_newer() { Refused::Pause { reason } } else { Refused::DeadLetter { reason } }
        })?;
        let share = |kind, name: &str| Share { kind, name: name.into() };
        let target = request.chain.first().map(|target| share("target", target.as_str()));
        let app = share("app", request.lane.conversation.app().as_str());
        let left = u64::try_from(request.answer_by.saturating_sub(self.clock.now())).unwrap_or_default();
        Ok(Admission {
            lane: request.lane.to_string().into_bytes().into(),
            shares: std::iter::once(app).chain(target).collect(),
            hard_deadline: Duration::from_millis(left).saturating_add(MARGIN),
            commit_start: false,
        })
    }

    async fn run(&self, job: Job) -> Done {
        match read(&job.record) {
            Ok(request) => self.answer(&request, &job).await,
            Err(error) => self.fail(&job.record, error.label(), job.rerun),
        }
    }

    fn overdue(&self, record: &Record, rerun: bool) -> Done {
        self.fail(record, "overdue", rerun)
    }

    fn crowded(&self, record: &Record, rerun: bool) -> Done {
        self.fail(record, "crowded", rerun)
    }

    fn oversize(&self, record: &Record) -> Done {
        self.fail(record, "oversize", false)
    }

    fn dead(&self, record: &Record, reason: &'static str, rerun: bool) -> Done {
        self.end(record, Outcome::Dead { reason: reason.to_owned() }, reason, rerun)
    }

    /// Limits of targets are shared; breakers, cooldowns, retry budgets and learned paces are each instance's own.
    fn ownership(&self, owned: usize, all: usize) {
        self.invoker.set_share(owned as f64 / all.max(1) as f64);
    }
}
