//! The deliver step with an Easemob that counts what it is sent, and what of it stands in the chat.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pipeline::call::{Admission, Decoded, Done, Handler, Job};
use pipeline::simulation::{Random, Sim, Violation};
use pipeline::{Record, Refused};
use schemas::answer::Answer;
use schemas::delivery::{Delivery, DeliveryResult};
use schemas::ids::EventId;
use schemas::retract::Retract;
use schemas::topic::Topic;
use schemas::wire;

use super::provider::until;
use super::{decoded, encoded, topic};

/// What Easemob has of one part.
#[derive(Debug, Default)]
pub(super) struct Copies {
    /// How often it was sent.
    sent: u32,
    /// Ids of those that stand in the chat.
    standing: BTreeSet<String>,
    /// How its last send ended.
    result: Option<DeliveryResult>,
}

/// What reached Easemob, by part.
#[derive(Clone, Default)]
pub(super) struct Sends(Arc<Mutex<BTreeMap<String, Copies>>>);

impl Sends {
    /// What is reported as sent was sent, and what was taken back does not stand, unless its result says so or a process that died
    /// sent it as well.
    pub(super) fn check(&self, sim: &Sim) -> Result<(), Violation> {
        let sends = self.0.lock().unwrap();
        let broken = |detail| Err(Violation { kind: "sends", detail });
        let none = Copies::default();
        for record in sim.broker().decided_of(&topic(Topic::Deliveries)) {
            let delivery: Delivery = decoded(&record);
            let copies = sends.get(&delivery.answer.to_string()).unwrap_or(&none);
            let holds = match &delivery.result {
                DeliveryResult::Sent { .. } => copies.sent > 0,
                DeliveryResult::Retracted => copies.standing.is_empty() || copies.sent > 1,
                DeliveryResult::NotSent => copies.standing.is_empty(),
                DeliveryResult::Unretractable { .. }
                | DeliveryResult::Undelivered { .. }
                | DeliveryResult::Unknown => true,
            };
            if !holds {
                return broken(format!("part {}: {:?} against {copies:?}", delivery.answer, delivery.result));
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

/// What a record asks for.
enum Work {
    Part(Answer),
    Retract(Retract),
}

fn work(record: &Record) -> Work {
    if record.header(wire::KIND) == Some(Retract::KIND.as_bytes()) {
        Work::Retract(decoded(record))
    } else {
        Work::Part(decoded(record))
    }
}

impl Easemob {
    pub(super) fn new(sim: &Sim, now: &Arc<AtomicI64>, sends: &Sends) -> Self {
        let random = Mutex::new(Random::new(sim.random().number()));
        Self { now: Arc::clone(now), random, sends: sends.clone() }
    }

    fn end(&self, record: &Record, result: DeliveryResult, rerun: bool) -> Done {
        let now = self.now.load(Ordering::Relaxed);
        let delivery = match work(record) {
            Work::Part(answer) => {
                let key = answer.id.to_string();
                self.sends.0.lock().unwrap().entry(key).or_default().result = Some(result.clone());
                Delivery {
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
                }
            }
            Work::Retract(retract) => Delivery {
                id: EventId::derive(&retract.id.to_string(), 0),
                answer: retract.answer,
                turn: retract.turn,
                lane: retract.lane,
                bot: retract.bot,
                message: retract.message,
                part: retract.part,
                parts: retract.parts,
                characters: 0,
                attempts: 1,
                result,
                rerun,
                decided_at: retract.decided_at,
                started_at: now,
                ended_at: now,
            },
        };
        Done { outputs: vec![encoded(&delivery, "deliver", record.partition)] }
    }

    fn fail(&self, record: &Record, reason: &str, rerun: bool) -> Done {
        let reason = reason.to_owned();
        let result = match work(record) {
            Work::Part(_) => DeliveryResult::Undelivered { reason },
            Work::Retract(_) => DeliveryResult::Unretractable { reason },
        };
        self.end(record, result, rerun)
    }

    /// Takes a part out of the chat, as far as its id is known.
    fn take_back(&self, retract: &Retract) -> DeliveryResult {
        let mut sends = self.sends.0.lock().unwrap();
        let copies = sends.entry(retract.answer.to_string()).or_default();
        let unretractable = |reason: &str| DeliveryResult::Unretractable { reason: reason.to_owned() };
        match copies.result.clone() {
            Some(DeliveryResult::Sent { easemob_id }) => {
                copies.standing.remove(&easemob_id);
                DeliveryResult::Retracted
            }
            Some(DeliveryResult::Undelivered { .. }) if copies.sent == 0 => DeliveryResult::NotSent,
            Some(_) => unretractable("unknown_id"),
            None => unretractable("not_recorded"),
        }
    }
}

impl Handler for Easemob {
    fn admit(&self, record: &Record) -> Result<Admission, Refused> {
        let (lane, commit_start) = match work(record) {
            Work::Part(answer) => (answer.lane, answer.part.is_multiple_of(2)),
            Work::Retract(retract) => (retract.lane, false),
        };
        Ok(Admission {
            lane: lane.to_string().into_bytes().into(),
            shares: Vec::new(),
            hard_deadline: Duration::from_millis(300),
            commit_start,
            name: None,
            decoded: Decoded::default(),
        })
    }

    async fn run(&self, job: Job) -> Done {
        let (kind, took) = {
            let mut random = self.random.lock().unwrap();
            (random.below(12), random.millis(30))
        };
        let begun = self.now.load(Ordering::Relaxed);
        if kind == 0 {
            return self.fail(&job.record, "refused", job.rerun);
        }
        let result = match work(&job.record) {
            Work::Part(answer) => {
                let mut sends = self.sends.0.lock().unwrap();
                let copies = sends.entry(answer.id.to_string()).or_default();
                copies.sent += 1;
                let easemob_id = format!("{}#{}", answer.id, copies.sent);
                copies.standing.insert(easemob_id.clone());
                DeliveryResult::Sent { easemob_id }
            }
            Work::Retract(retract) => self.take_back(&retract),
        };
        until(&self.now, (kind != 1).then_some(begun + took)).await;
        self.end(&job.record, result, job.rerun)
    }

    fn overdue(&self, record: &Record, rerun: bool) -> Done {
        match work(record) {
            Work::Part(_) => self.end(record, DeliveryResult::Unknown, rerun),
            Work::Retract(_) => self.fail(record, "overdue", rerun),
        }
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

    fn ownership(&self, _owned: &[i32], _all: usize) {}
}
