//! What the parts of one simulated process have in common.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use super::checker::Checker;
use crate::call::cancellation::Canceller;
use crate::call::core::{Burial, Core, Event, Plan};
use crate::call::handler::{Done, Handler};
use crate::call::shell::CallConfig;
use crate::call::shell::owned::Owned;
use crate::call::shell::poller::Command;
use crate::call::shell::standing::Standing;
use crate::call::shell::worker::Work;
use crate::kafka::Partition;
use crate::simulation::{Client, Membership, Sim};
use crate::{Outgoing, Record};

pub(super) type Call = Pin<Box<dyn Future<Output = Done> + Send>>;

/// A task.
pub(super) struct Running {
    pub(super) record: Arc<Record>,
    pub(super) what: What,
    pub(super) aborted: bool,
}

/// What a task does.
pub(super) enum What {
    Call { call: Call, rerun: bool, until: i64, canceller: Canceller },
    Shed { rerun: bool },
    CallOff { rerun: bool },
    Bury(Burial),
}

/// How a task came back, as a set of tasks tells it.
pub(super) enum Joined {
    Outputs(Option<Vec<Outgoing>>),
    Panicked,
    Aborted,
}

/// A plan with the membership under which it is to be committed, read when it was made.
pub(super) struct Order {
    pub(super) plan: Plan,
    pub(super) membership: Membership,
}

/// What the parts of one process have in common.
pub(super) struct Parts<H> {
    pub(super) sim: Sim,
    pub(super) config: CallConfig,
    pub(super) work: Arc<Work<H>>,
    pub(super) checker: Rc<Checker>,
    pub(super) started: i64,
    pub(super) core: RefCell<Core>,
    pub(super) client: RefCell<Option<Client>>,
    pub(super) events: RefCell<VecDeque<Event>>,
    pub(super) commands: RefCell<VecDeque<Command>>,
    pub(super) orders: RefCell<VecDeque<Order>>,
    pub(super) standing: RefCell<Standing<Membership>>,
    /// Losses that happened, and of which the core was told.
    pub(super) losses: Cell<u64>,
    pub(super) told: Cell<u64>,
    /// Partitions of whose loss the core is being told.
    pub(super) telling: RefCell<BTreeSet<i32>>,
    pub(super) abandoned: Cell<u64>,
    pub(super) owned: RefCell<BTreeMap<i32, Owned>>,
    pub(super) running: RefCell<BTreeMap<u64, Running>>,
    pub(super) joined: RefCell<VecDeque<(u64, Joined)>>,
    /// What running calls do with their places.
    pub(super) moves: Arc<Mutex<VecDeque<Event>>>,
}

impl<H: Handler> Parts<H> {
    pub(super) fn name(&self) -> String {
        self.config.instance.group_instance_id()
    }

    /// The core's clock.
    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.sim.now() - self.started).unwrap()
    }

    pub(super) fn partition(&self, index: i32) -> Partition {
        Partition { topic: Arc::clone(&self.config.topic), index }
    }

    pub(super) fn with_client<T>(&self, call: impl FnOnce(&mut Client) -> T) -> T {
        call(self.client.borrow_mut().as_mut().unwrap())
    }

    pub(super) fn send(&self, event: Event) {
        self.events.borrow_mut().push_back(event);
    }

    pub(super) fn command(&self, command: Command) {
        self.commands.borrow_mut().push_back(command);
    }

    /// The partition is gone, and the core has not heard of it yet, or hears of it now, together with what came before: what it
    /// still asks for is undone at once.
    pub(super) fn is_to_be_told(&self, partition: i32) -> bool {
        let tells = |event: &Event| matches!(event, Event::Lost(gone) if gone.contains(&partition));
        self.telling.borrow().contains(&partition) || self.events.borrow().iter().any(tells)
    }
}
