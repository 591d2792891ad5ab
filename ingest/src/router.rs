//! The paths of rules and sources: reads each request, hands it to the handler of its path, and answers for those refused.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::Request;
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use catalogue::app::NoAcknowledgement;
use schemas::Millis;
use tokio::time::Instant;

use crate::body;
use crate::config::{Rule, Source, SourceKind, Stage};
use crate::connection_slots::ConnectionSlot;
use crate::failures::Blame;
use crate::finish::Finish;
use crate::ingest::{Ingest, RequestContext};
use crate::metrics;
use crate::refusal::Refusal;
use crate::reply::Reply;
use crate::response::LabelledResponse;
use crate::{post_send, pre_send, source};

/// What a path belongs to.
#[derive(Clone)]
enum Endpoint {
    Rule(Arc<Rule>),
    Source(Arc<Source>),
}

impl Endpoint {
    /// Label `stage` in metrics: the stage of a rule, the kind of a source.
    fn label(&self) -> &'static str {
        match self {
            Self::Rule(rule) => match rule.stage {
                Stage::Pre => "pre",
                Stage::Post => "post",
            },
            Self::Source(source) => match source.kind {
                SourceKind::Feedback => "feedback",
                SourceKind::Takeover => "takeover",
                SourceKind::Finding => "finding",
            },
        }
    }
}

/// Every path of the step.
pub fn router(ingest: &Arc<Ingest>) -> Router {
    let config = &ingest.config;
    let rules = config.rules.iter().map(|rule| (&rule.path, Endpoint::Rule(Arc::new(rule.clone()))));
    let sources =
        config.sources.iter().map(|source| (&source.path, Endpoint::Source(Arc::new(source.clone()))));
    let paths = rules.chain(sources).fold(Router::new(), |router, (path, endpoint)| {
        let ingest = Arc::clone(ingest);
        let handler =
            post(move |request| handle(ingest, endpoint, request)).fallback(async || Refusal::Method);
        // With and without a slash at its end it is one path.
        let router = if path == "/" { router } else { router.route(&format!("{path}/"), handler.clone()) };
        router.route(path, handler)
    });
    let ingest = Arc::clone(ingest);
    paths.fallback(async move |request: Request| unknown_path(&ingest, &request))
}

async fn handle(ingest: Arc<Ingest>, endpoint: Endpoint, request: Request) -> Response {
    let (began, stage) = (Instant::now(), endpoint.label());
    let running = Running::begin();
    let response = respond(Arc::clone(&ingest), endpoint.clone(), request).await;
    drop(running);
    metrics::answered(stage, began.elapsed());
    match response {
        Ok(LabelledResponse { response, result }) => {
            metrics::callback(stage, result);
            response
        }
        Err(refusal) => refuse(&ingest, &endpoint, refusal),
    }
}

async fn respond(
    ingest: Arc<Ingest>,
    endpoint: Endpoint,
    request: Request,
) -> Result<LabelledResponse, Refusal> {
    let (arrived, received_at) = (Instant::now(), now());
    let (head, body) = request.into_parts();
    let body = body::read(&head.headers, body, &ingest.config.limits).await?;
    // A request counts as at work once its body is complete, so that slow bodies do not keep the others out.
    let permit = ingest.begin().map_err(|_| Refusal::TooMany)?;
    if let Some(slot) = head.extensions.get::<Arc<ConnectionSlot>>() {
        slot.begin_request();
    }
    let context = RequestContext { arrived, received_at, permit };
    // What was begun is finished even if the caller hangs up.
    let response = Finish::new(async move {
        match endpoint {
            Endpoint::Rule(rule) if rule.stage == Stage::Pre => {
                pre_send::answer(&ingest, &rule, body, context).await
            }
            Endpoint::Rule(rule) => post_send::answer(&ingest, &rule, &body, context).await,
            Endpoint::Source(source) => source::answer(&ingest, &source, &head.headers, &body, context).await,
        }
    });
    response.await.unwrap_or(Err(Refusal::Broken))
}

/// The response to a request that is refused.
fn refuse(ingest: &Ingest, endpoint: &Endpoint, refusal: Refusal) -> Response {
    let Endpoint::Rule(rule) = endpoint else { return refusal.into_response() };
    let blame = refusal.blame();
    let may_fail = || ingest.failures.allow(Some(&rule.app), rule.stage, blame);
    match (rule.stage, blame) {
        // A callback that is too old is genuine, and would be refused however often it came.
        (Stage::Post, _) if refusal == Refusal::Stale || !may_fail() => refusal.spared(endpoint.label()),
        (Stage::Pre, Blame::Line) if !may_fail() => {
            metrics::refused(refusal.label());
            metrics::spared(endpoint.label(), refusal.label());
            unavailable(ingest, rule).into_response()
        }
        _ => refusal.into_response(),
    }
}

/// The reply for a message that this line cannot take.
fn unavailable(ingest: &Ingest, rule: &Rule) -> Reply {
    let bundle = ingest.bundle();
    let policy = bundle.app(&rule.app).map_or(NoAcknowledgement::Pass, |(app, _)| app.no_acknowledgement);
    match policy {
        NoAcknowledgement::Pass => Reply::Deliver,
        NoAcknowledgement::Reject => Reply::Reject(rule.codes.unavailable.clone()),
    }
}

/// The response on a path that belongs to nothing. A rule that Easemob's console still has fails there; too many of its failures
/// would make Easemob switch off all rules of the app.
fn unknown_path(ingest: &Ingest, request: &Request) -> Response {
    let content = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_callback =
        request.method() == Method::POST && content.is_some_and(|text| text.starts_with("application/json"));
    if is_callback && !ingest.failures.allow(None, Stage::Post, Blame::Caller) {
        return Refusal::UnknownRule.spared("none");
    }
    Refusal::UnknownRule.into_response()
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
