//! The paths of rules and sources, and what every request has in common.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::Request;
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use catalogue::app::NoAcknowledgement;
use schemas::Millis;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;

use crate::body;
use crate::config::{Config, Rule, Source, SourceKind, Stage};
use crate::failures::{Blame, Failures};
use crate::finish::Finish;
use crate::judge::Judge;
use crate::metrics;
use crate::publish::{Log, Outbox, Publish};
use crate::rate::SenderRates;
use crate::refusal::Refusal;
use crate::reply::Reply;
use crate::seats::Seat;
use crate::{post_send, pre_send, source};

/// The step: everything that its handlers share.
pub struct Ingest {
    pub(crate) config: Config,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) rates: SenderRates,
    failures: Failures,
    judge: watch::Receiver<Arc<Judge>>,
    at_work: Arc<Semaphore>,
}

/// One request at work.
pub(crate) struct Visit {
    pub(crate) arrived: Instant,
    /// The same by the wall clock.
    pub(crate) received_at: Millis,
    /// Its place among those at work.
    pub(crate) place: OwnedSemaphorePermit,
}

/// What is behind a path.
#[derive(Clone)]
enum Door {
    Rule(Arc<Rule>),
    Source(Arc<Source>),
}

/// An answer and its name in metrics.
pub(crate) type Answer = (Response, &'static str);

impl Ingest {
    /// Puts the step together. `judge` holds the bundle in force; whoever sends a new one switches all later requests.
    pub fn new(
        config: Config,
        publisher: Arc<dyn Publish>,
        log: Log,
        judge: watch::Receiver<Arc<Judge>>,
    ) -> Arc<Self> {
        let limits = &config.limits;
        Arc::new(Self {
            outbox: Arc::new(Outbox::new(publisher, log, limits.max_queued_records)),
            rates: SenderRates::new(limits.sender),
            failures: Failures::new(limits.max_failures),
            judge,
            at_work: Arc::new(Semaphore::new(limits.max_in_flight)),
            config,
        })
    }

    pub(crate) fn judge(&self) -> Arc<Judge> {
        Arc::clone(&self.judge.borrow())
    }

    /// Waits until no request is at work and every withdrawal is queued.
    pub(crate) async fn idle(&self) {
        let all = u32::try_from(self.config.limits.max_in_flight).unwrap_or(u32::MAX);
        // The semaphore is never closed.
        if let Ok(places) = self.at_work.acquire_many(all).await {
            drop(places);
        }
    }

    async fn take(self: Arc<Self>, door: Door, request: Request) -> Result<Answer, Refusal> {
        let (arrived, received_at) = (Instant::now(), now());
        let (head, body) = request.into_parts();
        let body = body::read(&head.headers, body, &self.config.limits).await?;
        // Only now: slow bodies must not keep the others out.
        let place = Arc::clone(&self.at_work).try_acquire_owned().map_err(|_| Refusal::TooMany)?;
        if let Some(seat) = head.extensions.get::<Arc<Seat>>() {
            seat.works();
        }
        let visit = Visit { arrived, received_at, place };
        // What was begun is finished even if the caller hangs up.
        let answer = Finish::new(async move {
            match door {
                Door::Rule(rule) if rule.stage == Stage::Pre => {
                    pre_send::answer(&self, &rule, body, visit).await
                }
                Door::Rule(rule) => post_send::answer(&self, &rule, &body, visit).await,
                Door::Source(source) => source::answer(&self, &source, &head.headers, &body, visit).await,
            }
        });
        answer.await.unwrap_or(Err(Refusal::Broken))
    }

    /// The answer to a request that is refused.
    fn refuse(&self, door: &Door, refusal: Refusal) -> Response {
        let Door::Rule(rule) = door else { return refusal.into_response() };
        let blame = refusal.blame();
        let may_fail = || self.failures.allow(Some(&rule.app), rule.stage, blame);
        match (rule.stage, blame) {
            // It is true, and nothing would become of it however often it came.
            (Stage::Post, _) if refusal == Refusal::Stale || !may_fail() => refusal.spared(door.label()),
            (Stage::Pre, Blame::Line) if !may_fail() => {
                metrics::refused(refusal.label());
                metrics::spared(door.label(), refusal.label());
                self.unavailable(rule).into_response()
            }
            _ => refusal.into_response(),
        }
    }

    /// What is told about a message that this line cannot take.
    fn unavailable(&self, rule: &Rule) -> Reply {
        let judge = self.judge();
        let policy = judge.app(&rule.app).map_or(NoAcknowledgement::Pass, |(app, _)| app.no_acknowledgement);
        match policy {
            NoAcknowledgement::Pass => Reply::Deliver,
            NoAcknowledgement::Reject => Reply::Reject(rule.codes.unavailable.clone()),
        }
    }

    /// The answer on a path that nothing is behind. A rule that a console still has fails there, and takes all others of its
    /// app with it.
    fn lost(&self, request: &Request) -> Response {
        let content = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let is_callback = request.method() == Method::POST
            && content.is_some_and(|text| text.starts_with("application/json"));
        if is_callback && !self.failures.allow(None, Stage::Post, Blame::Caller) {
            return Refusal::UnknownRule.spared("none");
        }
        Refusal::UnknownRule.into_response()
    }
}

impl Door {
    fn label(&self) -> &'static str {
        match self {
            Self::Rule(rule) => match rule.stage {
                Stage::Pre => "pre",
                Stage::Post => "post",
            },
            Self::Source(source) => match source.kind {
                SourceKind::Feedback => "feedback",
                SourceKind::Takeover => "takeover",
            },
        }
    }
}

/// Every path of the step.
pub fn router(ingest: &Arc<Ingest>) -> Router {
    let rules =
        ingest.config.rules.iter().map(|rule| (rule.path.clone(), Door::Rule(Arc::new(rule.clone()))));
    let sources = ingest.config.sources.iter().map(|s| (s.path.clone(), Door::Source(Arc::new(s.clone()))));
    let paths = rules.chain(sources).fold(Router::new(), |router, (path, door)| {
        let ingest = Arc::clone(ingest);
        let handler = post(move |request| handle(ingest, door, request)).fallback(async || Refusal::Method);
        // With and without a slash at its end it is one path.
        let router = if path == "/" { router } else { router.route(&format!("{path}/"), handler.clone()) };
        router.route(&path, handler)
    });
    let ingest = Arc::clone(ingest);
    paths.fallback(async move |request: Request| ingest.lost(&request))
}

async fn handle(ingest: Arc<Ingest>, door: Door, request: Request) -> Response {
    let (began, stage) = (Instant::now(), door.label());
    let running = Running::begin();
    let answer = Arc::clone(&ingest).take(door.clone(), request).await;
    drop(running);
    metrics::answered(stage, began.elapsed());
    match answer {
        Ok((response, result)) => {
            metrics::callback(stage, result);
            response
        }
        Err(refusal) => ingest.refuse(&door, refusal),
    }
}

/// Counts a request as running until it is dropped, answered or not.
struct Running;

impl Running {
    fn begin() -> Self {
        metrics::running(1.0);
        Self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        metrics::running(-1.0);
    }
}

fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}
