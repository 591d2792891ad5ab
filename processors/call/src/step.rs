//! The step as the call driver runs it.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use outbound::BuildError;
use pipeline::Clock;
use pipeline::call::{Admission, Decoded, Done, Handler, Job, Name, Share};
use pipeline::{Record, Refused};
use schemas::answered::Outcome;
use schemas::ids::RequestId;
use schemas::line::Line;
use schemas::request::{Request, RequestKind};
use schemas::wire::DecodeError;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::conditions::Owned;
use crate::invoke::{Invoke, Terms, Unanswered};
use crate::invoker::Invoker;
use crate::metrics;
use crate::outcome::{Ended, Output, Subject, cancelled, is_cancel, read, unwritten};
use crate::rules::Rules;
use crate::settings::Settings;
use crate::unseen;
use crate::work::{Work, Worked};

/// How much later than the run's own end the driver's hard deadline is. A run ends its attempts at `answer_by`, and at the
/// latest this long before the hard deadline, whatever the wall clock does. So every attempt is recorded, and the driver only
/// ends what hangs in our own code.
const MARGIN: Duration = Duration::from_secs(10);

/// How long a request waits for a bundle that knows its targets. Decide switches bundles at an offset; this process hears of
/// the new one about two seconds later.
const BUNDLE_PATIENCE: Duration = Duration::from_secs(5);

/// The call step; `I` asks the models.
pub struct Step<I = Invoker> {
    invoker: I,
    rules: watch::Receiver<Arc<Rules>>,
    output: Output,
    clock: Arc<dyn Clock>,
    owned: Owned,
    line: Line,
}

impl<I> std::fmt::Debug for Step<I> {
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
        Ok(Self::asking(invoker, rules, output, clock))
    }
}

impl<I: Invoke> Step<I> {
    /// The step with something else that asks the models.
    pub fn asking(
        invoker: I,
        rules: watch::Receiver<Arc<Rules>>,
        output: Output,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { invoker, rules, output, clock, owned: Owned::default(), line: Line::Real }
    }

    /// The step in the line of a replay: it takes the records with its mark and no others, and marks what it writes.
    #[must_use]
    pub fn on(self, line: Line) -> Self {
        Self { line, ..self }
    }

    pub(crate) fn invoker(&self) -> &I {
        &self.invoker
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    pub(crate) fn output(&self) -> &Output {
        &self.output
    }

    pub(crate) fn line(&self) -> &Line {
        &self.line
    }

    /// Whether the record is one of this line; before anything that it asks for is believed.
    fn own(&self, record: &Record) -> Result<(), Refused> {
        self.line.admit(|name| record.header(name)).map_err(|foreign| {
            metrics::foreign();
            Refused::DeadLetter { reason: foreign.label() }
        })
    }

    /// What is written about a record, marked as this line's.
    fn marked(&self, mut done: Done) -> Done {
        done.outputs.iter_mut().for_each(|output| self.line.mark(&mut output.headers));
        done
    }

    /// Partitions that this instance has.
    pub(crate) fn owned(&self) -> &Owned {
        &self.owned
    }

    /// The rules that hold now or, while none of the request's targets is known, those that hold a moment later.
    async fn rules_for(&self, request: &Request) -> Arc<Rules> {
        let knows_one = |rules: &Arc<Rules>| {
            request.chain.is_empty()
                || request.chain.iter().any(|name| {
                    rules.bundle.targets.contains_key(name) || rules.bundle.reviewers.contains_key(name)
                })
        };
        let now = Arc::clone(&self.rules.borrow());
        if knows_one(&now) {
            return now;
        }
        let mut rules = self.rules.clone();
        let known =
            timeout(BUNDLE_PATIENCE, rules.wait_for(knows_one)).await.is_ok_and(|known| known.is_ok());
        if !known {
            tracing::debug!(request = %request.id, "no target of the request's chain is in the bundle");
        }
        Arc::clone(&self.rules.borrow())
    }

    /// What the request comes to, under the rules that it was asked by.
    async fn work(&self, request: &Request, terms: Terms<'_>) -> Worked {
        let rules = tokio::select! {
            biased;
            rules = self.rules_for(request) => rules,
            () = terms.cancellation.happened() => return Worked::without(Unanswered::Cancelled, Vec::new()),
        };
        let (invoker, clock) = (&self.invoker, self.clock.as_ref());
        Work { invoker, rules: &rules, request, terms, clock }.run().await
    }

    async fn answer(&self, request: &Request, job: &Job) -> Done {
        let started_at = self.clock.now();
        let cancellation = &job.cancellation;
        let longest = job.hard_deadline.saturating_sub(MARGIN);
        let mut asked = pin!(self.work(request, Terms { longest, cancellation, place: &job.place }));
        let (cancelled_at, worked) = tokio::select! {
            biased;
            () = cancellation.happened() => (Some(self.clock.now()), asked.await),
            worked = &mut asked => (None, worked),
        };
        let Worked { outcome, reason, attempts, review } = worked;
        let ended_at = self.clock.now();
        // A cancel that comes while `asked` is polled ends it in that very poll.
        let cancelled_at = cancelled_at.or((outcome == Outcome::Cancelled).then_some(ended_at));
        if let Some(at) = cancelled_at {
            metrics::cancelled(Duration::from_millis(ended_at.saturating_sub(at).unsigned_abs()));
        }
        let took = u64::try_from(ended_at.saturating_sub(started_at)).unwrap_or_default();
        metrics::ended(&outcome, reason, Duration::from_millis(took));
        let ended = Ended { outcome, attempts, review, rerun: job.rerun, started_at, ended_at };
        self.marked(self.output.write(&job.record, Subject::from(request), ended))
    }

    /// The outcome of a request of which no run has reported.
    fn end(&self, record: &Record, outcome: Outcome, reason: &'static str, run: Run) -> Done {
        let Some(subject) = Subject::of(record) else {
            return unwritten(record, "neither value nor headers name the request");
        };
        metrics::ended(&outcome, reason, Duration::ZERO);
        let now = self.clock.now();
        let unseen = |why| {
            let bundle = Arc::clone(&self.rules.borrow().bundle);
            read(record).ok().and_then(|request| unseen::attempt(&bundle, &request, why, now))
        };
        let (rerun, attempt) = match run {
            Run::Never => (false, None),
            Run::Earlier => (true, unseen("process_ended")),
            Run::CutOff { rerun } => (rerun, unseen("cut_off")),
        };
        let attempts = attempt.into_iter().collect();
        let ended = Ended { outcome, attempts, review: None, rerun, started_at: now, ended_at: now };
        self.marked(self.output.write(record, subject, ended))
    }

    fn fail(&self, record: &Record, reason: &'static str, run: Run) -> Done {
        self.end(record, failed(reason), reason, run)
    }
}

/// What is known of the runs of a request that ends without a report of its attempts.
#[derive(Debug, Clone, Copy)]
enum Run {
    /// Nothing.
    Never,
    /// An earlier process may have run it.
    Earlier,
    /// It ran, and what it knew is lost; an earlier process may have run it as well.
    CutOff { rerun: bool },
}

impl Run {
    fn earlier(rerun: bool) -> Self {
        if rerun { Self::Earlier } else { Self::Never }
    }
}

fn failed(reason: &str) -> Outcome {
    Outcome::Failed { reason: reason.to_owned(), verdict: None }
}

fn refused(error: &DecodeError) -> Refused {
    let reason = error.label();
    if error.may_be_newer() { Refused::Pause { reason } } else { Refused::DeadLetter { reason } }
}

/// What a request is called by the record that cancels it.
fn name(request: RequestId) -> Name {
    Name::from(request.uuid().into_bytes())
}

impl<I: Invoke> Handler for Step<I> {
    fn cancels(&self, record: &Record) -> Result<Option<Name>, Refused> {
        self.own(record)?;
        cancelled(record).map(|request| request.map(name)).map_err(|error| refused(&error))
    }

    fn admit(&self, record: &Record) -> Result<Admission, Refused> {
        self.own(record)?;
        let request = read(record).map_err(|error| refused(&error))?;
        let share = |kind, name: &str| Share { kind, name: name.into() };
        let target = request.chain.first().map(|target| share("target", target.as_str()));
        let app = share("app", request.lane.conversation.app().as_str());
        let left = u64::try_from(request.answer_by.saturating_sub(self.clock.now())).unwrap_or_default();
        // The review of an answer that is out is in a lane of its own, so that the conversation goes on meanwhile.
        let lane = match request.kind {
            RequestKind::Answer | RequestKind::Review | RequestKind::Summary => request.lane.to_string(),
            RequestKind::AnswerReview => request.id.to_string(),
        };
        Ok(Admission {
            lane: lane.into_bytes().into(),
            shares: std::iter::once(app).chain(target).collect(),
            hard_deadline: Duration::from_millis(left).saturating_add(MARGIN),
            commit_start: false,
            name: Some(name(request.id)),
            decoded: Decoded::new(request),
        })
    }

    async fn run(&self, job: Job) -> Done {
        let request = match job.decoded.clone().get::<Request>() {
            Some(request) => Ok(request),
            None => read(&job.record).map(Arc::new),
        };
        match request {
            Ok(request) => self.answer(&request, &job).await,
            Err(error) => self.fail(&job.record, error.label(), Run::earlier(job.rerun)),
        }
    }

    fn overdue(&self, record: &Record, rerun: bool) -> Done {
        self.fail(record, "overdue", Run::CutOff { rerun })
    }

    fn crowded(&self, record: &Record, rerun: bool) -> Done {
        self.fail(record, "crowded", Run::earlier(rerun))
    }

    fn cancelled(&self, record: &Record, rerun: bool) -> Done {
        self.end(record, Outcome::Cancelled, "", Run::earlier(rerun))
    }

    fn oversize(&self, record: &Record, ended: &Done) -> Done {
        let reason = "oversize";
        match self.output.instead(record, ended, failed(reason)) {
            Some(done) => {
                metrics::ended(&failed(reason), reason, Duration::ZERO);
                self.marked(done)
            }
            None => self.fail(record, reason, Run::CutOff { rerun: false }),
        }
    }

    fn dead(&self, record: &Record, reason: &'static str, rerun: bool) -> Done {
        if self.line.admit(|name| record.header(name)).is_err() {
            // A replay's request has the id of the real one, which has an outcome of its own.
            return Done::default();
        }
        if is_cancel(record) {
            // The request that it was to end has an outcome of its own.
            return Done::default();
        }
        self.end(record, Outcome::Dead { reason: reason.to_owned() }, reason, Run::earlier(rerun))
    }

    /// Limits of targets are shared; breakers, cooldowns, retry budgets and learned paces are each instance's own.
    fn ownership(&self, owned: &[i32], all: usize) {
        self.owned.set(owned);
        self.invoker.set_share(owned.len() as f64 / all.max(1) as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size<'a, F: Future>(_: impl FnOnce(&'a Step, Job) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn the_future_of_a_call_is_small() {
        // That of the attempt under way is apart.
        let bytes = size(<Step as Handler>::run);
        assert!(bytes <= 5_120, "{bytes} bytes");
    }
}
