//! Walks one request along its chain of targets.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use catalogue::{Bundle, Target};
use outbound::{BuildError, Chain, Class, Client, Failure, Link, Origin, Pace, PaceNames, Slot, Stop, plan};
use pipeline::Clock;
use schemas::Millis;
use schemas::answered::Attempt;
use schemas::ids::TargetName;
use schemas::request::Request;
use tokio::time::Instant;

use crate::attempts::{Made, ReplyNotes, records};
use crate::complaints::Complaints;
use crate::endpoint::Endpoint;
use crate::families::{self, Call, Family, Question};
use crate::invoke::{Completion, Invoke, Invoked, Unanswered};
use crate::metrics;
use crate::reply::{self, Notes, ReadReply};
use crate::settings::Settings;

/// Calls models over HTTP.
pub struct Invoker {
    client: Client,
    rules: plan::Rules,
    endpoints: BTreeMap<TargetName, Endpoint>,
    clock: Arc<dyn Clock>,
    complaints: Complaints,
}

/// A target of the chain that may be called.
struct Candidate<'a> {
    name: &'a TargetName,
    target: &'a Target,
    family: &'static dyn Family,
    endpoint: &'a Endpoint,
    /// Built when the target is first tried, and shared by all attempts at it.
    body: OnceLock<Bytes>,
}

/// One request under way.
struct Run<'a> {
    question: Question<'a>,
    candidates: Vec<Candidate<'a>>,
    reply_notes: ReplyNotes,
    /// Attempts that were refused before anything was sent, because the wall clock had jumped past `answer_by` before the
    /// run's own time was over.
    late: AtomicUsize,
}

impl std::fmt::Debug for Invoker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Invoker").field("rules", &self.rules).finish_non_exhaustive()
    }
}

impl Invoke for Invoker {
    async fn invoke(&self, bundle: &Bundle, request: &Request, longest: Duration) -> Invoked {
        let unanswered = |why| Invoked { attempts: Vec::new(), result: Err(why) };
        let candidates = match self.candidates(bundle, request) {
            Ok(candidates) => candidates,
            Err(reason) => return unanswered(Unanswered::Failed(reason)),
        };
        let Ok(question) = Question::of(request) else { return unanswered(Unanswered::Failed("sealed")) };
        let began = self.clock.now();
        let left = u64::try_from(request.answer_by.saturating_sub(began)).unwrap_or_default();
        if left == 0 {
            return unanswered(Unanswered::Expired);
        }
        let left = Duration::from_millis(left).min(longest);
        let chain = Chain::new(self.rules, links(&candidates, left));
        let run = Run { question, candidates, reply_notes: ReplyNotes::default(), late: AtomicUsize::new(0) };
        let app = request.lane.conversation.app().as_str();
        let origin = Origin::new(app, &request.lane.to_string());
        let ran = chain.run(&origin, Instant::now() + left, |slot| self.attempt(&run, slot)).await;
        let late = run.late.load(Ordering::Relaxed);
        let result = match ran.result {
            Ok(answer) => Ok(answer),
            Err(ending) if late > 0 || ending.stop == Stop::Deadline => Err(Unanswered::Expired),
            Err(ending) => {
                let class = ending.last.as_ref().map(Failure::label);
                Err(Unanswered::Failed(class.unwrap_or_else(|| ending.label())))
            }
        };
        let mut made = ran.attempts;
        made.truncate(made.len().saturating_sub(late));
        if made.is_empty()
            && let Err(Unanswered::Failed(reason)) = result
        {
            self.complaints.not_called(request, reason);
        }
        Invoked { attempts: self.recorded(bundle, began, made, run), result }
    }

    fn set_share(&self, share: f64) {
        self.endpoints.values().for_each(|endpoint| endpoint.pace.set_share(share));
    }
}

impl Invoker {
    pub(crate) fn new(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, BuildError> {
        let client = Client::new(&settings.client)?;
        let endpoint = |(name, address): (TargetName, _)| {
            let limits = settings.limits.get(name.as_str()).copied().unwrap_or_default();
            let names = PaceNames { target: name.as_str().into(), limit: "requests" };
            let pace = Pace::new(names, limits, settings.health.pauses());
            let health = outbound::Target::new(name.as_str(), &settings.health, vec![Arc::clone(&pace)]);
            (name, Endpoint { address, health, pace })
        };
        let endpoints = settings.addresses.into_iter().map(endpoint).collect();
        Ok(Self { client, rules: settings.chain, endpoints, clock, complaints: Complaints::default() })
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
            let family = families::of(target.provider);
            candidates.push(Candidate { name, target, family, endpoint, body: OnceLock::new() });
        }
        if candidates.is_empty() { Err(reason) } else { Ok(candidates) }
    }

    async fn attempt(&self, run: &Run<'_>, slot: Slot) -> Result<(TargetName, Completion), Failure> {
        let candidate = &run.candidates[slot.target];
        // A request that was late once stays late, whatever the clock does next.
        if run.late.load(Ordering::Relaxed) > 0 || self.clock.now() >= run.question.request.answer_by {
            run.late.fetch_add(1, Ordering::Relaxed);
            return Err(Failure::new(Class::BadRequest, "start an attempt: answer_by has passed"));
        }
        let (result, notes) = match self.exchange(&run.question, candidate, slot).await {
            Ok(reply) => (reply.result, reply.notes),
            Err(failure) => (Err(failure), Notes::default()),
        };
        self.complaints.attempt(candidate.name, run.question.request, &result, &notes);
        run.reply_notes.write(slot.number, notes);
        result.map(|said| (candidate.name.clone(), said))
    }

    async fn exchange(
        &self,
        question: &Question<'_>,
        to: &Candidate<'_>,
        slot: Slot,
    ) -> Result<ReadReply, Failure> {
        let address = &to.endpoint.address;
        let body = to.body.get_or_init(|| to.family.body(question, to.target, address));
        let correlation = format!("{}-{}", question.request.id, slot.number + 1);
        let call = to.family.call(Call { address, body: body.clone(), correlation: &correlation })?;
        let reply = self.client.attempt(&call, slot.deadline).await?;
        Ok(reply::read(to.family, &reply, question.request.max_output_tokens))
    }

    fn recorded(
        &self,
        bundle: &Bundle,
        began: Millis,
        made: Vec<outbound::Attempt>,
        run: Run<'_>,
    ) -> Vec<Attempt> {
        let mut pages = run.reply_notes.into_notes();
        let all = (0..).zip(made).map(|(number, made)| {
            let candidate = &run.candidates[made.target];
            let notes = pages.remove(&number).unwrap_or_default();
            Made { made, name: candidate.name, target: candidate.target, notes }
        });
        records(bundle, &self.complaints, began, all)
    }
}

fn links(candidates: &[Candidate<'_>], left: Duration) -> Vec<Link> {
    let count = u32::try_from(candidates.len()).unwrap_or(u32::MAX);
    let link = |candidate: &Candidate<'_>| Link {
        target: Arc::clone(&candidate.endpoint.health),
        pace: Arc::clone(&candidate.endpoint.pace),
        capacity: candidate.target.context_tokens.into(),
        // A target that hangs must leave time for those after it.
        attempt_timeout: Duration::from_millis(candidate.target.timeout_ms).min(left / count),
    };
    candidates.iter().map(link).collect()
}
