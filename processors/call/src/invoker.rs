//! Walks one request along its chain of targets.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use catalogue::{Bundle, Reviewer, Target};
use common::Secret;
use outbound::{
    BuildError, Chain, Class, Client, Ending, Failure, Link, Origin, Outlook, Pace, PaceNames, Ran, Signals,
    Slot, Stop, Weight, plan,
};
use pipeline::Clock;
use pipeline::call::Cancellation;
use schemas::Millis;
use schemas::answered::Attempt;
use schemas::ids::TargetName;
use schemas::request::Request;
use tokio::time::Instant;

use crate::access::AccessTokens;
use crate::attempts::{Ends, Made, ReplyNotes, records};
use crate::cancel::{Cuts, cancelled, is_cancelled, unless_idle};
use crate::complaints::Complaints;
use crate::endpoint::Endpoint;
use crate::exchange::Exchange;
use crate::families::{self, Call, Family, Question};
use crate::invoke::{Completion, Invoke, Invoked, Terms, Unanswered};
use crate::keys::Keys;
use crate::metrics;
use crate::pace;
use crate::reply::{Notes, ReadReply};
use crate::reviewers::{HeldText, Reviewed, Reviewers, judge};
use crate::settings::Settings;

/// The number of no attempt.
const NONE: u32 = u32::MAX;

/// Calls models over HTTP.
pub struct Invoker {
    rules: plan::Rules,
    endpoints: BTreeMap<TargetName, Endpoint>,
    clock: Arc<dyn Clock>,
    complaints: Complaints,
    reviewers: Reviewers,
}

/// A target of the chain that may be called.
struct Candidate<'a> {
    name: &'a TargetName,
    /// With what the request says of thinking.
    target: Cow<'a, Target>,
    family: &'static dyn Family,
    endpoint: &'a Endpoint,
    /// Built when the target is first tried, and shared by all attempts at it.
    body: OnceLock<Result<Bytes, Failure>>,
}

/// One attempt about to be made.
#[derive(Clone, Copy)]
struct Ask<'a> {
    run: &'a Run<'a>,
    to: &'a Candidate<'a>,
    slot: Slot,
    cuts: Cuts<'a>,
}

/// One request under way.
struct Run<'a> {
    question: Question<'a>,
    candidates: Vec<Candidate<'a>>,
    reply_notes: ReplyNotes,
    cancellation: &'a Cancellation,
    began: Instant,
    /// How attempts ended, for a run that is cancelled between two of them.
    ends: Ends,
    /// Number of the first attempt that was refused before anything was sent, because the wall clock had jumped past `answer_by`
    /// before the run's own time was over; none if it is [`NONE`].
    late: AtomicU32,
}

impl std::fmt::Debug for Invoker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Invoker").field("rules", &self.rules).finish_non_exhaustive()
    }
}

impl Invoke for Invoker {
    async fn invoke(
        &self,
        bundle: &Bundle,
        request: &Request,
        Terms { longest, cancellation, place }: Terms<'_>,
    ) -> Invoked {
        let not_called = |why| Invoked { attempts: Vec::new(), result: Err(why) };
        let candidates = match self.candidates(bundle, request) {
            Ok(candidates) => candidates,
            Err(reason) => return not_called(Unanswered::Failed(reason)),
        };
        let Ok(question) = Question::of(request) else { return not_called(Unanswered::Failed("sealed")) };
        let began = self.clock.now();
        let left = u64::try_from(request.answer_by.saturating_sub(began)).unwrap_or_default();
        if left == 0 {
            return not_called(Unanswered::Expired);
        }
        let left = Duration::from_millis(left).min(longest);
        let chain = Chain::new(self.rules_of(request), links(&candidates, &question, left));
        let run = Run {
            question,
            candidates,
            reply_notes: ReplyNotes::default(),
            cancellation,
            began: Instant::now(),
            ends: Ends::default(),
            late: AtomicU32::new(NONE),
        };
        let app = request.lane.conversation.app().as_str();
        let weight = request.weight.and_then(Weight::new).unwrap_or(Weight::MIN);
        let origin = Origin::new(app, &request.lane.to_string()).weighing(weight);
        let (until, leave) = (run.began + left, || place.leave());
        let ran = {
            let asked = pin!(chain.run_resting(&origin, until, leave, |slot, signals| {
                Box::pin(self.attempt(&run, slot, signals))
            }));
            unless_idle(cancellation, asked).await
        };
        let ran = ran.unwrap_or_else(|| Ran {
            attempts: run.ends.take(),
            result: Err(Ending { stop: Stop::Terminal, last: Some(cancelled()) }),
        });
        let late = run.late.load(Ordering::Relaxed);
        let result = ran.result.map_err(|ending| unanswered(&ending, late));
        let mut made = ran.attempts;
        made.retain(|attempt| attempt.number < late);
        if made.is_empty()
            && let Err(Unanswered::Failed(reason)) = result
        {
            self.complaints.not_called(request, reason);
        }
        Invoked { attempts: self.recorded(bundle, began, made, run), result }
    }

    async fn review(&self, bundle: &Bundle, held: HeldText<'_>, terms: Terms<'_>) -> Reviewed {
        let app = held.request.lane.conversation.app();
        if held.policy.is_some_and(|policy| !self.reviewers.budget.take(app, policy)) {
            return Reviewed::not_asked(Unanswered::Failed("review_budget"));
        }
        let Some(Reviewer::Judge { target }) = bundle.reviewers.get(held.reviewer) else {
            return self.reviewers.ask(bundle, held, terms).await;
        };
        let asked = self.invoke(bundle, &judge::question(&held, target), terms).await;
        let read = |said: Completion| judge::read(&said.text).ok_or(Unanswered::Failed("no_verdict"));
        Reviewed { attempts: asked.attempts, result: asked.result.and_then(|(_, said)| read(said)) }
    }

    fn outlooks(&self, now: Instant) -> BTreeMap<TargetName, Outlook> {
        let outlook =
            |(name, endpoint): (&TargetName, &Endpoint)| (name.clone(), endpoint.health.outlook(now));
        self.endpoints.iter().map(outlook).collect()
    }

    fn set_share(&self, share: f64) {
        self.reviewers.set_share(share);
        self.endpoints.values().for_each(|endpoint| endpoint.keys.set_share(share));
    }
}

impl Invoker {
    /// An invoker that knows nothing of its targets yet. Needs a tokio runtime with time.
    ///
    /// # Errors
    /// When no HTTP client can be built.
    pub fn new(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, BuildError> {
        let client = Client::new(&settings.client)?;
        let mut endpoints = BTreeMap::new();
        for (name, address) in settings.addresses {
            let Some(timing) = settings.timing.get(&name) else { continue };
            let client = timing.client.as_ref().map_or(Ok(client.clone()), Client::new)?;
            let timeouts = timing.timeouts;
            let limits = settings.limits.get(name.as_str()).copied().unwrap_or_default();
            let secrets = settings.keys.get(name.as_str()).map_or(&[][..], Vec::as_slice);
            let pace = |key| {
                let names = PaceNames { target: name.as_str().into(), key, limit: "requests" };
                Pace::new(names, limits, settings.health.pauses())
            };
            let keys = Keys::new(&address, secrets, pace);
            let health = outbound::Target::keyed(name.as_str(), &settings.health, keys.paces());
            let tokens = AccessTokens::default();
            endpoints.insert(name, Endpoint { address, health, keys, timeouts, client, tokens });
        }
        let reviewers =
            Reviewers::new(settings.desks, &settings.health, settings.chain, client, Arc::clone(&clock));
        Ok(Self { rules: settings.chain, endpoints, clock, complaints: Complaints::default(), reviewers })
    }

    /// What the request's app says for itself goes before what holds for all.
    fn rules_of(&self, request: &Request) -> plan::Rules {
        let hedge_after = request.hedge_after_ms.map(|after| Duration::from_millis(after.into()));
        let fallback = request.fallback_after_block.unwrap_or(self.rules.fallback_after_block);
        plan::Rules { fallback_after_block: fallback, hedge_after, ..self.rules }
    }

    /// The targets of the chain that this process knows and that are in an allowed region.
    fn candidates<'a>(
        &'a self,
        bundle: &'a Bundle,
        request: &'a Request,
    ) -> Result<Vec<Candidate<'a>>, &'static str> {
        let mut candidates = Vec::new();
        let mut reason = "unknown_target";
        for name in &request.chain {
            let (Some(target), Some(endpoint)) = (bundle.targets.get(name), self.endpoints.get(name)) else {
                metrics::skipped("unknown_target");
                tracing::warn!(target = name.as_str(), "chain names a target that is not known here");
                continue;
            };
            if !request.allowed_regions.contains(&target.region) {
                reason = "region";
                metrics::skipped(reason);
                self.complaints.skipped(name, reason);
                continue;
            }
            let family = families::of(target.provider, endpoint.address.wire);
            let target = target.thinking_as(request.thinking);
            candidates.push(Candidate { name, target, family, endpoint, body: OnceLock::new() });
        }
        if candidates.is_empty() { Err(reason) } else { Ok(candidates) }
    }

    async fn attempt(
        &self,
        run: &Run<'_>,
        slot: Slot,
        signals: Signals,
    ) -> Result<(TargetName, Completion), Failure> {
        let candidate = &run.candidates[slot.target];
        // A request that was late once stays late, whatever the clock does next.
        if run.late.load(Ordering::Relaxed) < NONE || self.clock.now() >= run.question.request.answer_by {
            run.late.fetch_min(slot.number, Ordering::Relaxed);
            return Err(Failure::new(Class::BadRequest, "start an attempt: answer_by has passed"));
        }
        let started = Instant::now();
        let cuts = Cuts { cancellation: run.cancellation, signals: &signals };
        let ReadReply { result, notes } = self.exchange(run, candidate, slot, cuts).await;
        let used = pace::used(candidate.target.provider, notes.usage.as_ref(), result.as_ref().err());
        used.into_iter().for_each(|used| candidate.endpoint.keys.settle(slot, used));
        if !result.as_ref().is_err_and(is_cancelled) {
            self.complaints.attempt(candidate.name, run.question.request, &result, &notes);
        }
        run.reply_notes.write(slot.number, notes);
        let failure = result.as_ref().err().cloned();
        let (Slot { target, key, number, .. }, took) = (slot, started.elapsed());
        run.ends.push(outbound::Attempt { target, key, number, started: started - run.began, took, failure });
        result.map(|said| (candidate.name.clone(), said))
    }

    /// One attempt: what was read until it ended, however it ended. Nothing is done for a call with an access token that does not
    /// hold any more, so that a second one is part of the same attempt.
    async fn exchange(&self, run: &Run<'_>, to: &Candidate<'_>, slot: Slot, cuts: Cuts<'_>) -> ReadReply {
        let call = Ask { run, to, slot, cuts };
        let Some(sign_in) = to.family.sign_in() else { return self.ask(call, None).await };
        let (endpoint, address) = (to.endpoint, to.endpoint.keys.address(slot.key));
        // Few wires have one, so that the attempts of others have no room for it.
        let token = async |refused| {
            let mut getting = Box::pin(endpoint.token(address, sign_in, refused, slot.deadline));
            cuts.unless_cut(getting.as_mut()).await
        };
        let first = match token(None).await {
            Ok(token) => token,
            Err(failure) => return failed(failure),
        };
        let reply = self.ask(call, Some(&first)).await;
        if !reply.result.as_ref().is_err_and(|failure| sign_in.is_refused(failure)) {
            return reply;
        }
        match token(Some(&first)).await {
            Ok(token) => self.ask(call, Some(&token)).await,
            Err(failure) => failed(failure),
        }
    }

    async fn ask(&self, Ask { run, to, slot, cuts }: Ask<'_>, token: Option<&Secret>) -> ReadReply {
        let question = &run.question;
        let Candidate { name, family, endpoint, ref target, .. } = *to;
        let address = &endpoint.address;
        let body = to.body.get_or_init(|| {
            let field = family.left_out(question, target, address);
            field.into_iter().for_each(|field| self.complaints.left_out(name, field));
            family.body(question, target, address)
        });
        let body = match body {
            Ok(body) => body.clone(),
            Err(failure) => return failed(failure.clone()),
        };
        let correlation = format!("{}-{}", question.request.id, slot.number + 1);
        let address = endpoint.keys.address(slot.key);
        let now = self.clock.now();
        let call = Call { address, to: target, body, correlation: &correlation, token, now };
        Exchange { family, to: target, endpoint, key: slot.key, question, cuts }
            .run(call, slot.deadline)
            .await
    }

    fn recorded(
        &self,
        bundle: &Bundle,
        began: Millis,
        made: Vec<outbound::Attempt>,
        run: Run<'_>,
    ) -> Vec<Attempt> {
        let mut pages = run.reply_notes.into_notes();
        let all = made.into_iter().map(|made| {
            let candidate = &run.candidates[made.target];
            let notes = pages.remove(&made.number).unwrap_or_default();
            let keys = candidate.endpoint.keys.count();
            Made { made, name: candidate.name, target: &candidate.target, keys, notes }
        });
        records(bundle, &self.complaints, began, all)
    }
}

/// Why a run has no answer whose attempts were too late from this one on.
fn unanswered(ending: &Ending, late: u32) -> Unanswered {
    match &ending.last {
        Some(failure) if is_cancelled(failure) => Unanswered::Cancelled,
        _ if late < NONE || ending.stop == Stop::Deadline => Unanswered::Expired,
        last => Unanswered::Failed(last.as_ref().map_or_else(|| ending.label(), Failure::label)),
    }
}

/// What was read of a reply that never came.
fn failed(failure: Failure) -> ReadReply {
    ReadReply { result: Err(failure), notes: Notes::default() }
}

fn links(candidates: &[Candidate<'_>], question: &Question<'_>, left: Duration) -> Vec<Link> {
    let count = u32::try_from(candidates.len()).unwrap_or(u32::MAX);
    let link = |candidate: &Candidate<'_>| Link {
        target: Arc::clone(&candidate.endpoint.health),
        keys: candidate.endpoint.keys.paces(),
        tokens: pace::estimate(question, candidate.target.provider),
        capacity: candidate.target.context_tokens.into(),
        // A target that hangs must leave time for those after it.
        attempt_timeout: Duration::from_millis(candidate.target.timeout_ms).min(left / count),
    };
    candidates.iter().map(link).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes of what a function returns.
    fn size<'a, F: Future>(_: impl FnOnce(&'a Invoker, &'a Run<'a>, Slot, Signals) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn the_future_of_an_attempt_is_small() {
        // Each of ten thousand calls has one. A future that is moved into another one by an `async fn` stands there twice.
        let bytes = size(Invoker::attempt);
        assert!(bytes <= 4_096, "{bytes} bytes");
    }
}
