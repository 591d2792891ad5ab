//! The call step with models that are quick, slow, stuck, or fail. All but the asking is the step's own code.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use call::{Completion, Invoke, Invoked, Output, Rules, Step, Terms, Unanswered};
use catalogue::Bundle;
use pipeline::call::{Admission, Done, Handler, Job, Name};
use pipeline::mutation::{self, Mutation};
use pipeline::simulation::{Random, Sim};
use pipeline::{Clock, Record, Refused};
use schemas::answer::{Answer, AnswerSource, DeliveryClass};
use schemas::answered::Attempt;
use schemas::ids::AnswerId;
use schemas::request::Request;
use schemas::topic::Topic;
use tokio::sync::watch;

use super::{decoded, encoded, topic};

/// The step, with a hard deadline that a stuck model reaches while faults go on.
pub(super) struct Provider(Step<Models>);

/// What answers instead of models.
struct Models {
    now: Arc<AtomicI64>,
    random: Mutex<Random>,
}

/// The simulation's time as the step's wall clock.
struct SimClock(Arc<AtomicI64>);

impl Clock for SimClock {
    fn now(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Until the model's time has come; `None` never comes.
pub(super) async fn until(now: &AtomicI64, time: Option<i64>) {
    std::future::poll_fn(|_| {
        let over = time.is_some_and(|time| now.load(Ordering::Relaxed) >= time);
        if over { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

impl Provider {
    pub(super) fn new(sim: &Sim, now: &Arc<AtomicI64>, rules: &Arc<Rules>) -> Self {
        let models = Models { now: Arc::clone(now), random: Mutex::new(Random::new(sim.random().number())) };
        let output = Output { topic: topic(Topic::Events), source: "/huiyin/sim/call".into() };
        let clock = Arc::new(SimClock(Arc::clone(now)));
        Self(Step::asking(models, watch::channel(Arc::clone(rules)).1, output, clock))
    }
}

impl Invoke for Models {
    async fn invoke(
        &self,
        bundle: &Bundle,
        request: &Request,
        Terms { cancellation, .. }: Terms<'_>,
    ) -> Invoked {
        let (kind, took) = {
            let mut random = self.random.lock().unwrap();
            (random.below(12), random.millis(120))
        };
        let begun = self.now.load(Ordering::Relaxed);
        if begun > request.answer_by {
            return Invoked { attempts: Vec::new(), result: Err(Unanswered::Expired) };
        }
        let cancelled = tokio::select! {
            // Otherwise chance would choose that is none of the seed's.
            biased;
            () = until(&self.now, (kind != 0).then_some(begun + took)) => false,
            () = cancellation.happened() => true,
        };
        assert!(kind != 1 || cancelled, "the model's reply ends the worker");
        let failure = if cancelled { Some("cancelled") } else { (kind == 2).then_some("overloaded") };
        let target = request.chain[0].clone();
        let attempt = Attempt {
            number: 1,
            provider: bundle.targets[&target].provider.label().into(),
            model: bundle.targets[&target].model.clone(),
            model_answered: None,
            region: bundle.targets[&target].region.clone(),
            target: target.clone(),
            started_at: begun,
            key: None,
            duration_ms: u32::try_from(took).unwrap(),
            time_to_first_token_ms: None,
            error: failure.map(str::to_owned),
            code: None,
            detail: None,
            status: None,
            provider_request: None,
            finish: None,
            flagged: None,
            usage: None,
            raw_usage: None,
            usage_contradicts: false,
            may_be_billed: cancelled || failure.is_none(),
            cost: None,
            price: None,
        };
        let text = "An answer. ".repeat(1 + usize::try_from(took).unwrap() / 3);
        let answered = Ok((target, Completion { text, truncated: false }));
        Invoked {
            attempts: vec![attempt],
            result: match failure {
                Some(_) if cancelled => Err(Unanswered::Cancelled),
                Some(class) => Err(Unanswered::Failed(class)),
                None => answered,
            },
        }
    }

    fn set_share(&self, _share: f64) {}
}

/// What only decide may write.
fn answer(request: &Request, now: i64) -> Answer {
    Answer {
        id: AnswerId::derive(&request.id.to_string(), 1),
        turn: request.turn,
        lane: request.lane.clone(),
        bot: request.bot.clone(),
        user: request.user.clone(),
        others: Vec::new(),
        message: request.message.clone(),
        part: 1,
        parts: 1,
        text: "an answer past the gate".into(),
        source: AnswerSource::Model { request: request.id },
        aigc: None,
        class: DeliveryClass::Resend,
        send_by: now + 60_000,
        decided_at: now,
    }
}

/// What the step has made of a record, and whatever a mutation adds to it.
fn mutated(record: &Record, mut done: Done) -> Done {
    if mutation::is(Mutation::TwoWriters) {
        let request: Request = decoded(record);
        done.outputs.push(encoded(&answer(&request, request.answer_by), "call", record.partition));
    }
    done
}

impl Handler for Provider {
    fn cancels(&self, record: &Record) -> Result<Option<Name>, Refused> {
        self.0.cancels(record)
    }

    fn admit(&self, record: &Record) -> Result<Admission, Refused> {
        Ok(Admission { hard_deadline: Duration::from_millis(300), ..self.0.admit(record)? })
    }

    async fn run(&self, job: Job) -> Done {
        let record = Arc::clone(&job.record);
        mutated(&record, self.0.run(job).await)
    }

    fn overdue(&self, record: &Record, rerun: bool) -> Done {
        self.0.overdue(record, rerun)
    }

    fn crowded(&self, record: &Record, rerun: bool) -> Done {
        self.0.crowded(record, rerun)
    }

    fn cancelled(&self, record: &Record, rerun: bool) -> Done {
        self.0.cancelled(record, rerun)
    }

    fn oversize(&self, record: &Record, ended: &Done) -> Done {
        self.0.oversize(record, ended)
    }

    fn dead(&self, record: &Record, reason: &'static str, rerun: bool) -> Done {
        self.0.dead(record, reason, rerun)
    }

    fn ownership(&self, owned: usize, all: usize) {
        self.0.ownership(owned, all);
    }
}
