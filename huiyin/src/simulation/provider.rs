//! The call step with a model that is quick, slow, stuck, or fails.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use pipeline::call::{Admission, Done, Handler, Job, Share};
use pipeline::mutation::{self, Mutation};
use pipeline::simulation::{Random, Sim};
use pipeline::{Record, Refused};
use schemas::answer::{Answer, AnswerSource, DeliveryClass};
use schemas::answered::{Answered, Attempt, Outcome};
use schemas::event::Event;
use schemas::ids::{AnswerId, EventId};
use schemas::request::Request;
use schemas::verdict::{Action, Verdict};

use super::{decoded, encoded};

pub(super) struct Provider {
    now: Arc<AtomicI64>,
    random: Mutex<Random>,
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
    pub(super) fn new(sim: &Sim, now: &Arc<AtomicI64>) -> Self {
        Self { now: Arc::clone(now), random: Mutex::new(Random::new(sim.random().number())) }
    }

    fn end(&self, record: &Record, outcome: Outcome, rerun: bool) -> Done {
        let request: Request = decoded(record);
        let now = self.now.load(Ordering::Relaxed);
        let attempt = |target| Attempt {
            number: 1,
            target,
            provider: "openai".into(),
            model: "gpt".into(),
            model_answered: None,
            region: "cn".into(),
            started_at: now,
            duration_ms: 1,
            error: None,
            code: None,
            detail: None,
            status: None,
            provider_request: None,
            finish: None,
            usage: None,
            usage_contradicts: false,
            may_be_billed: true,
            cost: None,
            price: None,
        };
        let attempts = match &outcome {
            Outcome::Done { target, .. } => vec![attempt(target.clone())],
            Outcome::Failed { .. } | Outcome::Expired | Outcome::Cancelled | Outcome::Dead { .. } => {
                Vec::new()
            }
        };
        let answered = Answered {
            id: EventId::derive(&request.id.to_string(), 0),
            request: request.id,
            kind: request.kind,
            turn: request.turn,
            lane: request.lane.clone(),
            message: request.message.clone(),
            outcome,
            attempts,
            rerun,
            started_at: now,
            ended_at: now,
        };
        let mut outputs = vec![encoded(&Event::Answered(answered), "call", record.partition)];
        if mutation::is(Mutation::TwoWriters) {
            outputs.push(encoded(&answer(&request, now), "call", record.partition));
        }
        Done { outputs }
    }

    fn fail(&self, record: &Record, reason: &str, rerun: bool) -> Done {
        self.end(record, Outcome::Failed { reason: reason.into(), verdict: None }, rerun)
    }
}

/// What only decide may write.
fn answer(request: &Request, now: i64) -> Answer {
    Answer {
        id: AnswerId::derive(&request.id.to_string(), 1),
        turn: request.turn,
        lane: request.lane.clone(),
        bot: request.bot.clone(),
        user: request.user.clone(),
        message: request.message.clone(),
        part: 1,
        parts: 1,
        text: "an answer past the gate".into(),
        source: AnswerSource::Model { request: request.id },
        class: DeliveryClass::Resend,
        send_by: now + 60_000,
        decided_at: now,
    }
}

impl Handler for Provider {
    fn admit(&self, record: &Record) -> Result<Admission, Refused> {
        let request: Request = decoded(record);
        let app = Share { kind: "app", name: request.lane.conversation.app().as_str().into() };
        Ok(Admission {
            lane: request.lane.to_string().into_bytes().into(),
            shares: vec![app],
            hard_deadline: Duration::from_millis(300),
            commit_start: false,
        })
    }

    async fn run(&self, job: Job) -> Done {
        let (kind, took) = {
            let mut random = self.random.lock().unwrap();
            (random.below(12), random.millis(120))
        };
        let request: Request = decoded(&job.record);
        let begun = self.now.load(Ordering::Relaxed);
        if begun > request.answer_by {
            return self.end(&job.record, Outcome::Expired, job.rerun);
        }
        until(&self.now, (kind != 0).then_some(begun + took)).await;
        assert!(kind != 1, "the model's reply ends the worker");
        if kind == 2 {
            return self.fail(&job.record, "overloaded", job.rerun);
        }
        let text = "An answer. ".repeat(1 + usize::try_from(took).unwrap() / 3);
        let verdict = Verdict::new(Action::Pass, vec![], "reviewer");
        let target = request.chain[0].clone();
        let outcome = Outcome::Done { text: text.into(), verdict, target, truncated: false };
        self.end(&job.record, outcome, job.rerun)
    }

    fn overdue(&self, record: &Record, rerun: bool) -> Done {
        self.fail(record, "overdue", rerun)
    }

    fn crowded(&self, record: &Record, rerun: bool) -> Done {
        self.fail(record, "crowded", rerun)
    }

    fn oversize(&self, record: &Record, _ended: &Done) -> Done {
        self.fail(record, "oversize", false)
    }

    fn dead(&self, record: &Record, reason: &'static str, rerun: bool) -> Done {
        self.end(record, Outcome::Dead { reason: reason.into() }, rerun)
    }

    fn ownership(&self, _owned: usize, _all: usize) {}
}
