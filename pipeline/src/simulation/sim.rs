//! What processes of a simulation share, and how their steps are taken.

use std::cell::{Cell, RefCell, RefMut};
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::{Broker, Random};

/// Steps that are remembered for a report.
const REMEMBERED: usize = 60;

/// When schedules begin, in milliseconds since the epoch.
const BEGIN: i64 = 1_750_000_000_000;

#[derive(Default)]
struct Shared {
    broker: RefCell<Broker>,
    random: RefCell<Option<Random>>,
    /// Whether requests go wrong.
    faults: Cell<bool>,
    steps: RefCell<Option<VecDeque<String>>>,
}

/// The world, as seen from inside.
#[derive(Clone)]
pub struct Sim(Rc<Shared>);

impl Sim {
    /// A world that is a function of its seed.
    pub fn new(seed: u64) -> Self {
        let shared = Shared::default();
        shared.broker.borrow_mut().now = BEGIN;
        *shared.random.borrow_mut() = Some(Random::new(seed));
        Self(Rc::new(shared))
    }

    /// The same world, whose last steps are remembered.
    pub fn traced(seed: u64) -> Self {
        let sim = Self::new(seed);
        *sim.0.steps.borrow_mut() = Some(VecDeque::new());
        sim
    }

    /// The brokers.
    pub fn broker(&self) -> RefMut<'_, Broker> {
        self.0.broker.borrow_mut()
    }

    /// The source of chance.
    pub fn random(&self) -> RefMut<'_, Random> {
        RefMut::map(self.0.random.borrow_mut(), |random| random.as_mut().unwrap())
    }

    /// True time in milliseconds since the epoch.
    pub fn now(&self) -> i64 {
        self.broker().now()
    }

    pub(super) fn set_faults(&self, on: bool) {
        self.0.faults.set(on);
    }

    /// Whether something goes wrong here: once in `n` times while there are faults.
    pub fn fails(&self, n: u64) -> bool {
        self.0.faults.get() && self.random().one_in(n)
    }

    /// Remembers a step for the report of a failure.
    pub fn note(&self, step: impl FnOnce() -> String) {
        if let Some(steps) = self.0.steps.borrow_mut().as_mut() {
            if steps.len() == REMEMBERED {
                steps.pop_front();
            }
            steps.push_back(format!(
                "{:>7} {}",
                self.0.broker.try_borrow().map_or(-1, |b| b.now() - BEGIN),
                step()
            ));
        }
    }

    pub(super) fn steps(&self) -> Vec<String> {
        self.0.steps.borrow().iter().flatten().cloned().collect()
    }

    /// Notes that a promise is broken.
    pub fn violate(&self, kind: &'static str, detail: String) {
        self.broker().violate(kind, detail);
    }

    /// A place where the process may be overtaken or die.
    pub async fn tick(&self) {
        let mut polled = false;
        poll_fn(|_| if std::mem::replace(&mut polled, true) { Poll::Ready(()) } else { Poll::Pending }).await;
    }

    /// As [`Self::tick`], sometimes for long.
    pub async fn wait(&self) {
        let times = if self.fails(12) { self.random().below(30) } else { 1 };
        for _ in 0..times {
            self.tick().await;
        }
    }

    /// Until so much time has passed.
    pub async fn sleep(&self, millis: i64) {
        let until = self.now() + millis;
        while self.now() < until {
            self.tick().await;
        }
    }
}

/// Something that runs inside a process. `Err` ends the process.
pub type Local = Pin<Box<dyn Future<Output = Result<(), String>>>>;

/// What runs inside one process: one of it takes each step.
#[derive(Clone, Default)]
pub struct Crew(Rc<RefCell<Vec<Local>>>);

impl Crew {
    /// Adds something that runs.
    pub fn add(&self, local: impl Future<Output = Result<(), String>> + 'static) {
        self.0.borrow_mut().push(Box::pin(local));
    }

    /// Lets one of them take a step; `Some` when the process ends.
    pub(super) fn step(&self, sim: &Sim) -> Option<Result<(), String>> {
        let at = {
            let running = self.0.borrow();
            if running.is_empty() {
                return Some(Ok(()));
            }
            sim.random().index(running.len())
        };
        let mut local = self.0.borrow_mut().swap_remove(at);
        match local.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending => {
                self.0.borrow_mut().push(local);
                None
            }
            Poll::Ready(Ok(())) => None,
            Poll::Ready(Err(reason)) => Some(Err(reason)),
        }
    }
}

/// One process, running.
pub struct Process {
    /// What runs in it.
    pub crew: Crew,
    /// What its client library does meanwhile.
    pub background: Box<dyn FnMut()>,
    /// Its wall clock is off by so many milliseconds.
    pub skew: Rc<Cell<i64>>,
    /// It is asked to end in order.
    pub stop: Rc<Cell<bool>>,
}
