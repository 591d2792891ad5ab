//! The call driver on the model broker: poller, core_thread, committer and workers, step by step.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail loudly")]

mod checker;
mod committer;
mod core_thread;
mod poller;
#[cfg(test)]
mod tests;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

pub use checker::{Checker, Outcomes};
use core_thread::Running;

use super::CallConfig;
use super::poller::{Command, Owned};
use super::standing::Standing;
use super::worker::Work;
use crate::call::Handler;
use crate::call::core::{Core, Event, Plan};
use crate::kafka::Partition;
use crate::simulation::{Client, Crew, INCARNATION, Membership, Process, Producer, Sim};

/// A plan with the membership under which it is to be committed, read when it was made.
struct Order {
    plan: Plan,
    membership: Membership,
}

/// What the parts of one process have in common.
struct Parts<H> {
    sim: Sim,
    config: CallConfig,
    work: Arc<Work<H>>,
    checker: Rc<Checker>,
    started: i64,
    core: RefCell<Core>,
    client: RefCell<Option<Client>>,
    events: RefCell<VecDeque<Event>>,
    commands: RefCell<VecDeque<Command>>,
    orders: RefCell<VecDeque<Order>>,
    standing: RefCell<Standing<Membership>>,
    /// Losses that happened, and of which the core was told.
    losses: Cell<u64>,
    told: Cell<u64>,
    abandoned: Cell<u64>,
    owned: RefCell<BTreeMap<i32, Owned>>,
    running: RefCell<BTreeMap<u64, Running>>,
    joined: RefCell<VecDeque<(u64, core_thread::Joined)>>,
}

/// Starts one instance.
pub fn process<H: Handler>(sim: &Sim, config: CallConfig, handler: Arc<H>, checker: &Rc<Checker>) -> Process {
    let (skew, stop) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(false)));
    let work = Arc::new(Work {
        handler,
        dead_letters: Arc::clone(&config.dead_letters),
        step: config.instance.role().to_owned(),
        output_bytes: config.limits.output_bytes(),
    });
    let parts = Rc::new(Parts {
        sim: sim.clone(),
        work,
        checker: Rc::clone(checker),
        started: sim.now(),
        core: RefCell::new(Core::new(config.limits.core(INCARNATION), INCARNATION)),
        client: RefCell::default(),
        events: RefCell::default(),
        commands: RefCell::default(),
        orders: RefCell::default(),
        standing: RefCell::default(),
        losses: Cell::new(0),
        told: Cell::new(0),
        abandoned: Cell::new(0),
        owned: RefCell::default(),
        running: RefCell::default(),
        joined: RefCell::default(),
        config,
    });
    let crew = Crew::default();
    let producer = Producer::new(sim, &parts.config.instance.transactional_id());
    crew.add(poller::run(Rc::clone(&parts)));
    crew.add(core_thread::run(Rc::clone(&parts), Rc::clone(&stop)));
    crew.add(core_thread::work(Rc::clone(&parts)));
    crew.add(committer::run(Rc::clone(&parts), producer));
    let background = move || {
        if let Some(client) = parts.client.borrow_mut().as_mut() {
            client.background();
        }
    };
    Process { crew, background: Box::new(background), skew, stop }
}

impl<H: Handler> Parts<H> {
    fn name(&self) -> String {
        self.config.instance.group_instance_id()
    }

    /// The core's clock.
    fn now(&self) -> u64 {
        u64::try_from(self.sim.now() - self.started).unwrap()
    }

    fn partition(&self, index: i32) -> Partition {
        Partition { topic: Arc::clone(&self.config.topic), index }
    }

    fn with_client<T>(&self, call: impl FnOnce(&mut Client) -> T) -> T {
        call(self.client.borrow_mut().as_mut().unwrap())
    }

    fn send(&self, event: Event) {
        self.events.borrow_mut().push_back(event);
    }

    fn command(&self, command: Command) {
        self.commands.borrow_mut().push_back(command);
    }
}
