//! Asks reviewers whether a text may go on that the filter holds.
//!
//! A server is called as models are: attempts, classes, retries, breaker, pace and deadline are `outbound`'s. What differs from kind to
//! kind is a small wire: the call that is made, and what a reply says. A judge is a target, and is asked by the invoker.

mod budget;
pub(crate) mod judge;
mod moderation;
mod record;
mod settings;
mod webhook;

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use catalogue::reviewer::Service;
use catalogue::{Bundle, ReviewPolicy, Reviewer};
use outbound::config::health::HealthSettings;
use outbound::{
    Chain, Class, Client, Ending, Failure, Link, Origin, Pace, PaceNames, Ran, Reply, Signals, Slot, Stop,
    Target, Tokens, plan,
};
use pipeline::Clock;
use schemas::Millis;
use schemas::answered::Attempt;
use schemas::ids::TargetName;
use schemas::request::Request;
use schemas::review::{Level, is_category};
use tokio::time::Instant;

use crate::attempts::{Ends, ReplyNotes};
use crate::cancel::{Cuts, cancelled, is_cancelled, unless_idle};
use crate::invoke::{Terms, Unanswered};
use crate::metrics;
use crate::reply::Notes;
use budget::Budget;
use record::Made;

pub(crate) use settings::{Desk, desks};

/// Largest reply that is read, in bytes: a verdict is short, and scores of categories are not long.
const LONGEST_REPLY: usize = 64 * 1_024;

/// What is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// What a person wrote.
    Message,
    /// What a model said.
    Answer,
}

impl Subject {
    /// Its name on the wire and in metrics.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Answer => "answer",
        }
    }
}

/// A text that is held.
#[derive(Debug, Clone, Copy)]
pub struct HeldText<'a> {
    /// What it is.
    pub subject: Subject,
    /// The text, as the verdict lets it be read.
    pub text: &'a str,
    /// The request that it belongs to.
    pub request: &'a Request,
    /// Who is asked.
    pub reviewer: &'a TargetName,
    /// What the app may spend on reviews; nothing is bounded without it.
    pub policy: Option<&'a ReviewPolicy>,
    /// No attempt starts after this time.
    pub due: Millis,
}

/// What came of a review.
#[derive(Debug)]
pub struct Reviewed {
    /// Every attempt, in order.
    pub attempts: Vec<Attempt>,
    /// What the reviewer says.
    pub result: Result<Said, Unanswered>,
}

/// What a reviewer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Whether the text may go on.
    pub level: Level,
    /// The reviewer's own word for what is wrong, made of ASCII letters, digits and `-_/`.
    pub category: Option<String>,
}

impl Reviewed {
    /// Nobody was asked.
    pub fn not_asked(why: Unanswered) -> Self {
        Self { attempts: Vec::new(), result: Err(why) }
    }
}

impl Said {
    /// With the reviewer's own word, if it is one that records may carry.
    fn new(level: Level, category: Option<&str>) -> Self {
        Self { level, category: category.filter(|word| is_category(word)).map(str::to_owned) }
    }
}

/// What differs between the kinds of servers.
trait Wire: Send + Sync {
    /// The call of one attempt, whose name is its own.
    fn call(&self, ask: &Ask<'_>, name: &str) -> Result<outbound::Request, Failure>;

    /// What the body of a success says; `None` when it says nothing that can be relied on.
    fn read(&self, body: &[u8]) -> Option<Said>;
}

/// One text that is put to one server.
struct Ask<'a> {
    held: HeldText<'a>,
    reviewer: &'a Reviewer,
    desk: &'a Desk,
    now: Millis,
}

/// A server as this process calls it.
struct Standing {
    desk: Desk,
    health: Arc<Target>,
    pace: Arc<Pace>,
}

/// Every server that reviews.
pub(crate) struct Reviewers {
    by_name: BTreeMap<TargetName, Standing>,
    rules: plan::Rules,
    client: Client,
    clock: Arc<dyn Clock>,
    pub(crate) budget: Budget,
}

impl Reviewers {
    pub(crate) fn new(
        desks: BTreeMap<TargetName, Desk>,
        health: &HealthSettings,
        rules: plan::Rules,
        client: Client,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let standing = |(name, desk): (TargetName, Desk)| {
            let names = PaceNames { target: name.as_str().into(), key: 1, limit: "requests" };
            let pace = Pace::new(names, desk.limits, health.pauses());
            let health = Target::new(name.as_str(), health, vec![Arc::clone(&pace)]);
            (name, Standing { desk, health, pace })
        };
        let by_name = desks.into_iter().map(standing).collect();
        Self { by_name, rules, client, clock, budget: Budget::default() }
    }

    /// From now on this instance keeps to this part, from 0 to 1, of limits and budgets.
    pub(crate) fn set_share(&self, share: f64) {
        self.budget.set_share(share);
        self.by_name.values().for_each(|standing| standing.pace.set_share(share));
    }

    /// Asks a server, unless it may not have the text.
    pub(crate) async fn ask(&self, bundle: &Bundle, held: HeldText<'_>, terms: Terms<'_>) -> Reviewed {
        let name = held.reviewer;
        let (Some(reviewer), Some(standing)) = (bundle.reviewers.get(name), self.by_name.get(name)) else {
            return Reviewed::not_asked(Unanswered::Failed("unknown_reviewer"));
        };
        let Some(service) = reviewer.service() else {
            return Reviewed::not_asked(Unanswered::Failed("unknown_reviewer"));
        };
        if !held.request.allowed_regions.contains(&service.region) {
            return Reviewed::not_asked(Unanswered::Failed("region"));
        }
        let now = self.clock.now();
        let left = u64::try_from(held.due.saturating_sub(now)).unwrap_or_default();
        let left = Duration::from_millis(left).min(terms.longest);
        if left.is_zero() {
            return Reviewed::not_asked(Unanswered::Expired);
        }
        let ask = Ask { held, reviewer, desk: &standing.desk, now };
        self.run(
            &ask,
            service,
            standing,
            Run { terms, left, ends: Ends::default(), notes: ReplyNotes::default() },
        )
        .await
    }

    async fn run(&self, ask: &Ask<'_>, service: &Service, standing: &Standing, run: Run<'_>) -> Reviewed {
        let link = Link {
            target: Arc::clone(&standing.health),
            keys: vec![Arc::clone(&standing.pace)],
            tokens: Tokens::default(),
            capacity: 0,
            attempt_timeout: Duration::from_millis(service.timeout_ms).min(run.left),
        };
        let chain = Chain::new(plan::Rules { hedge_after: None, ..self.rules }, vec![link]);
        let lane = &ask.held.request.lane;
        let origin = Origin::new(lane.conversation.app().as_str(), &lane.to_string());
        let (began, cancellation) = (Instant::now(), run.terms.cancellation);
        let leave = || run.terms.place.leave();
        let ran = {
            let asked = pin!(chain.run_resting(&origin, began + run.left, leave, |slot, signals| {
                self.attempt(ask, &run, slot, signals)
            }));
            unless_idle(cancellation, asked).await
        };
        let ran = ran.unwrap_or_else(|| Ran {
            attempts: run.ends.take(),
            result: Err(Ending { stop: Stop::Terminal, last: Some(cancelled()) }),
        });
        let mut notes = run.notes.into_notes();
        let attempts = (1..).zip(ran.attempts).map(|(number, made)| {
            let notes = notes.remove(&made.number).unwrap_or_default();
            Made { made, name: ask.held.reviewer, reviewer: ask.reviewer, service, notes }
                .record(number, ask.now)
        });
        let attempts = attempts.collect();
        metrics::held_took(ask.held.reviewer.as_str(), began.elapsed());
        Reviewed { attempts, result: ran.result.map_err(|ending| unanswered(&ending)) }
    }

    async fn attempt(
        &self,
        ask: &Ask<'_>,
        run: &Run<'_>,
        slot: Slot,
        signals: Signals,
    ) -> Result<Said, Failure> {
        let started = Instant::now();
        let cuts = Cuts { cancellation: run.terms.cancellation, signals: &signals };
        // With the time, so that a run after a crash has names of its own: a webhook refuses what it has seen.
        let name = format!("{}-{}-{}", ask.held.request.id, ask.now, slot.number + 1);
        let wire = wire(ask.reviewer);
        let mut notes = Notes::default();
        let exchanged = async {
            let call = wire.call(ask, &name)?;
            let reply = self.client.attempt(&call, slot.deadline).await?;
            (notes.status, notes.provider_request) =
                (Some(reply.status.as_u16()), reply.header("x-request-id").map(str::to_owned));
            read(wire, &reply)
        };
        let result = {
            let exchanged = pin!(exchanged);
            cuts.unless_cut(exchanged).await
        };
        run.notes.write(slot.number, notes);
        let failure = result.as_ref().err().cloned();
        if let Some(failure) = failure.as_ref().filter(|failure| !is_cancelled(failure)) {
            let (reviewer, class) = (ask.held.reviewer.as_str(), failure.label());
            tracing::debug!(reviewer, class, detail = failure.detail, "attempt at a review failed");
        }
        let (Slot { target, key, number, .. }, took) = (slot, started.elapsed());
        run.ends.push(outbound::Attempt { target, key, number, started: took, took, failure });
        result
    }
}

impl std::fmt::Debug for Reviewers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reviewers").field("names", &self.by_name.keys()).finish_non_exhaustive()
    }
}

/// One review under way.
struct Run<'a> {
    terms: Terms<'a>,
    left: Duration,
    ends: Ends,
    notes: ReplyNotes,
}

fn wire(reviewer: &Reviewer) -> &'static dyn Wire {
    match reviewer {
        Reviewer::Moderation { .. } => &moderation::Moderation,
        Reviewer::Webhook { .. } | Reviewer::Judge { .. } => &webhook::Webhook,
    }
}

fn read(wire: &dyn Wire, reply: &Reply) -> Result<Said, Failure> {
    if let Some(failure) = reply.status_failure() {
        return Err(failure);
    }
    if reply.body.len() > LONGEST_REPLY {
        return Err(reply.failure(Class::Protocol, "read a verdict: the reply is too large"));
    }
    wire.read(&reply.body).ok_or_else(|| reply.failure(Class::Protocol, "read a verdict: the reply has none"))
}

fn unanswered(ending: &Ending) -> Unanswered {
    match &ending.last {
        Some(failure) if is_cancelled(failure) => Unanswered::Cancelled,
        _ if ending.stop == Stop::Deadline => Unanswered::Expired,
        last => Unanswered::Failed(last.as_ref().map_or_else(|| ending.label(), Failure::label)),
    }
}
