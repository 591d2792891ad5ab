//! The deliver step with an Easemob that counts what it is sent.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pipeline::call::{Admission, Decoded, Done, Handler, Job};
use pipeline::simulation::{Random, Sim, Violation};
use pipeline::{Record, Refused};
use schemas::answer::Answer;
use schemas::delivery::{Delivery, DeliveryResult};
use schemas::ids::EventId;
use schemas::topic::Topic;

use super::provider::until;
use super::{decoded, encoded, topic};

/// How often each part reached Easemob.
#[derive(Clone, Default)]
pub(super) struct Sends(Arc<Mutex<BTreeMap<String, u32>>>);

impl Sends {
    /// What is reported as sent was sent, and what was not is not.
    pub(super) fn check(&self, sim: &Sim) -> Result<(), Violation> {
        let sends = self.0.lock().unwrap();
        for record in sim.broker().decided_of(&topic(Topic::Deliveries)) {
            let delivery: Delivery = decoded(&record);
            let times = sends.get(&delivery.answer.to_string()).copied().unwrap_or_default();
            let is_sent = matches!(delivery.result, DeliveryResult::Sent { .. });
            if is_sent && times == 0 {
                let detail = format!("part {} is reported as sent, {times} times", delivery.answer);
                return Err(Violation { kind: "sends", detail });
            }
        }
        Ok(())
    }
}

pub(super) struct Easemob {
    now: Arc<AtomicI64>,
    random: Mutex<Random>,
    sends: Sends,
}

impl Easemob {
    pub(super) fn new(sim: &Sim, now: &Arc<AtomicI64>, sends: &Sends) -> Self {
        let random = Mutex::new(Random::new(sim.random().number()));
        Self { now: Arc::clone(now), random, sends: sends.clone() }
    }

    fn end(&self, record: &Record, result: DeliveryResult, rerun: bool) -> Done {
        let answer: Answer = decoded(record);
        let now = self.now.load(Ordering::Relaxed);
        let delivery = Delivery {
            id: EventId::derive(&answer.id.to_string(), 0),
            answer: answer.id,
            turn: answer.turn,
            lane: answer.lane,
            bot: answer.bot,
            message: answer.message,
            part: answer.part,
            parts: answer.parts,
            characters: 1,
            attempts: 1,
            result,
            rerun,
            decided_at: answer.decided_at,
            started_at: now,
            ended_at: now,
        };
        Done { outputs: vec![encoded(&delivery, "deliver", record.partition)] }
    }

    fn fail(&self, record: &Record, reason: &str, rerun: bool) -> Done {
        self.end(record, DeliveryResult::Undelivered { reason: reason.into() }, rerun)
    }
}

impl Handler for Easemob {
    fn admit(&self, record: &Record) -> Result<Admission, Refused> {
        let answer: Answer = decoded(record);
        Ok(Admission {
            lane: answer.lane.to_string().into_bytes().into(),
            shares: Vec::new(),
            hard_deadline: Duration::from_millis(300),
            commit_start: answer.part.is_multiple_of(2),
            decoded: Decoded::default(),
        })
    }

    async fn run(&self, job: Job) -> Done {
        let (kind, took) = {
            let mut random = self.random.lock().unwrap();
            (random.below(12), random.millis(30))
        };
        let answer: Answer = decoded(&job.record);
        let begun = self.now.load(Ordering::Relaxed);
        if kind == 0 {
            return self.fail(&job.record, "refused", job.rerun);
        }
        *self.sends.0.lock().unwrap().entry(answer.id.to_string()).or_default() += 1;
        until(&self.now, (kind != 1).then_some(begun + took)).await;
        self.end(&job.record, DeliveryResult::Sent { easemob_id: answer.id.to_string() }, job.rerun)
    }

    fn overdue(&self, record: &Record, rerun: bool) -> Done {
        self.end(record, DeliveryResult::Unknown, rerun)
    }

    fn crowded(&self, record: &Record, rerun: bool) -> Done {
        self.fail(record, "crowded", rerun)
    }

    fn oversize(&self, record: &Record, _ended: &Done) -> Done {
        self.fail(record, "oversize", false)
    }

    fn dead(&self, record: &Record, reason: &'static str, rerun: bool) -> Done {
        self.fail(record, reason, rerun)
    }

    fn ownership(&self, _owned: usize, _all: usize) {}
}
