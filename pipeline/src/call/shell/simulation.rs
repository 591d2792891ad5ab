//! The call driver on the model broker: poller, core, committer and workers, step by step.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail loudly")]

mod checker;
mod committer;
mod core_thread;
mod parts;
mod poller;
#[cfg(test)]
mod tests;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

pub use checker::{Checker, Outcomes};
use parts::Parts;

use super::CallConfig;
use super::worker::Work;
use crate::call::core::Core;
use crate::call::handler::Handler;
use crate::simulation::{Crew, INCARNATION, Process, Producer, Sim};

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
        telling: RefCell::default(),
        abandoned: Cell::new(0),
        owned: RefCell::default(),
        running: RefCell::default(),
        joined: RefCell::default(),
        moves: Arc::default(),
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
