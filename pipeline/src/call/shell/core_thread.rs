//! The core's thread: feeds it events, does what it asks, and runs the workers' tasks.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::Duration;

use hashbrown::HashMap;
use tokio::runtime;
use tokio::sync::mpsc::{Receiver, UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::committer::Order;
use super::poller::Command;
use super::shared::Shared;
use super::worker::Work;
use crate::call::cancellation::{Cancellation, Canceller};
use crate::call::core::{Action, Burial, Core, Ending, Event, Plan, Settled};
use crate::call::handler::{Handler, Job};
use crate::call::metrics;
use crate::call::place::Place;
use crate::{Outgoing, Record};

const STATUS: Duration = Duration::from_millis(200);
/// Most events that are handled together.
const AT_ONCE: usize = 256;

/// A running task: the core's number for it, its record, and whether it buries the record.
struct Running {
    task: u64,
    record: Arc<Record>,
    burial: bool,
    abort: AbortHandle,
    /// For a call.
    canceller: Option<Canceller>,
}

pub(super) struct CoreThread<H> {
    pub(super) core: Core,
    pub(super) work: Arc<Work<H>>,
    pub(super) shared: Arc<Shared>,
    pub(super) events: Receiver<Event>,
    pub(super) orders: SyncSender<Order>,
    pub(super) commands: SyncSender<Command>,
    /// Partitions of the topic.
    pub(super) all: usize,
    pub(super) runtime: runtime::Handle,
    pub(super) tasks: Tasks,
}

/// What the thread keeps between events.
#[derive(Default)]
pub(super) struct Tasks {
    set: JoinSet<Option<Vec<Outgoing>>>,
    running: HashMap<Id, Running>,
    ids: HashMap<u64, Id>,
    moves: Moves,
    /// Commands that the poller has no room for yet: the core never waits for it.
    outbox: VecDeque<Command>,
    /// Events that are to be handled next.
    own: Vec<Event>,
    /// How often the core was told that partitions are lost.
    losses: u64,
    stopped: bool,
}

/// What running jobs do with their places. A job moves once for each of its waits, so that these are few.
struct Moves {
    sender: UnboundedSender<Event>,
    receiver: UnboundedReceiver<Event>,
}

impl Default for Moves {
    fn default() -> Self {
        let (sender, receiver) = unbounded_channel();
        Self { sender, receiver }
    }
}

impl Moves {
    fn place(&self, task: u64) -> Place {
        let sender = self.sender.clone();
        // Without a receiver the thread has ended, and so has everything that is limited.
        Place::new(move |what| drop(sender.send(Event::Moved { task, what })))
    }
}

impl<H: Handler> CoreThread<H> {
    pub(super) async fn run(mut self, leave: Arc<std::sync::atomic::AtomicBool>) {
        let mut status = interval(STATUS);
        status.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !self.tasks.stopped {
            let shared = Arc::clone(&self.shared);
            let due = self.core.due().map(|at| Duration::from_millis(at.saturating_sub(shared.now())));
            let event = tokio::select! {
                () = shared.over() => break,
                event = self.events.recv() => event.unwrap_or(Event::Tick),
                Some(joined) = self.tasks.set.join_next_with_id() => match self.joined(joined) {
                    Some(event) => event,
                    None => continue,
                },
                Some(moved) = self.tasks.moves.receiver.recv() => moved,
                () = sleep(due.unwrap_or(STATUS)), if due.is_some() => Event::Tick,
                _ = status.tick() => {
                    self.report();
                    Event::Tick
                }
            };
            self.gather(event);
            self.handle();
        }
        self.report();
        metrics::ended(&self.work.step, &self.shared.status());
        self.tasks.outbox.push_back(Command::End { leave: leave.load(Ordering::Acquire) });
        self.post();
        while !self.tasks.outbox.is_empty() && !self.shared.is_over() {
            sleep(Duration::from_millis(1)).await;
            self.post();
        }
        self.shared.finish();
    }

    /// The event that woke this thread, and what else has happened meanwhile.
    fn gather(&mut self, event: Event) {
        self.tasks.own.push(event);
        while self.tasks.own.len() < AT_ONCE
            && let Some(joined) = self.tasks.set.try_join_next_with_id()
        {
            let ended = self.joined(joined);
            self.tasks.own.extend(ended);
        }
        while self.tasks.own.len() < AT_ONCE
            && let Ok(moved) = self.tasks.moves.receiver.try_recv()
        {
            self.tasks.own.push(moved);
        }
        while self.tasks.own.len() < AT_ONCE
            && let Ok(event) = self.events.try_recv()
        {
            self.tasks.own.push(event);
        }
    }

    fn report(&self) {
        let status = self.core.status(self.shared.now());
        metrics::status(&self.work.step, &self.shared.status(), &status);
        self.shared.publish(status);
    }

    fn handle(&mut self) {
        while !self.tasks.own.is_empty() {
            let events = std::mem::take(&mut self.tasks.own);
            let losses = events.iter().filter(|event| matches!(event, Event::Lost(_))).count();
            self.tasks.losses += u64::try_from(losses).unwrap_or(0);
            for action in self.core.handle(self.shared.now(), events) {
                self.act(action);
            }
        }
        self.post();
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Run { task, record, rerun, hard_deadline, decoded } => {
                let (canceller, cancellation) = Cancellation::new();
                let record_of_job = Arc::clone(&record);
                let place = self.tasks.moves.place(task);
                let job = Job { record: record_of_job, rerun, hard_deadline, decoded, cancellation, place };
                let work = Arc::clone(&self.work);
                // Made within the task: a future that is moved into it takes its memory twice.
                let run = async move { Some(work.run(job).await) };
                let abort = self.tasks.set.spawn_on(run, &self.runtime);
                let canceller = Some(canceller);
                self.tasks.started(Running { task, record, burial: false, abort, canceller });
            }
            Action::Bury { task, record, burial } => self.bury(task, record, burial),
            Action::Shed { task, record, rerun } => {
                self.end(task, record, move |work, record| work.shed(record, rerun));
            }
            Action::CallOff { task, record, rerun } => {
                self.end(task, record, move |work, record| work.call_off(record, rerun));
            }
            Action::Cancel { task } => self.tasks.cancel(task),
            Action::Abort { task } => self.tasks.abort(task),
            Action::Pause(assignment) => self.tasks.outbox.push_back(Command::Pause(assignment)),
            Action::Resume { assignment, session, from } => {
                self.tasks.outbox.push_back(Command::Resume { assignment, session, from });
            }
            Action::Released(assignment) => self.tasks.outbox.push_back(Command::Released(assignment)),
            Action::Commit(plan) => self.order(plan),
            Action::Abandon { plan } => self.shared.abandoned.store(plan, Ordering::Release),
            Action::Ownership { owned } => self.work.handler.ownership(&owned, self.all),
            Action::Alert { partition, reason } => {
                tracing::error!(
                    partition,
                    reason,
                    "partition is refused: it is not read until an operator acts"
                );
            }
            Action::Stopped => self.tasks.stopped = true,
        }
    }

    fn bury(&mut self, task: u64, record: Arc<Record>, burial: Burial) {
        let (work, buried) = (Arc::clone(&self.work), Arc::clone(&record));
        let abort = self.tasks.set.spawn_on(async move { work.bury(&buried, burial) }, &self.runtime);
        self.tasks.started(Running { task, record, burial: true, abort, canceller: None });
    }

    /// Ends a record without a run.
    fn end(
        &mut self,
        task: u64,
        record: Arc<Record>,
        outcome: impl FnOnce(&Work<H>, &Record) -> Vec<Outgoing> + Send + 'static,
    ) {
        let (work, ended) = (Arc::clone(&self.work), Arc::clone(&record));
        let abort = self.tasks.set.spawn_on(async move { Some(outcome(&work, &ended)) }, &self.runtime);
        self.tasks.started(Running { task, record, burial: false, abort, canceller: None });
    }

    fn order(&mut self, plan: Plan) {
        let id = plan.id;
        let ordered = self
            .shared
            .group(self.tasks.losses)
            .is_some_and(|group| self.orders.try_send(Order { plan, group }).is_ok());
        if !ordered {
            self.tasks.own.push(Event::Planned { plan: id, settled: Settled::Aborted });
        }
    }

    fn joined(&mut self, joined: Result<(Id, Option<Vec<Outgoing>>), JoinError>) -> Option<Event> {
        let (id, ending) = match joined {
            Ok((id, Some(outputs))) => (id, Ok(Ending::Done(outputs))),
            Ok((id, None)) => (id, Ok(Ending::Broken("dead_panicked"))),
            Err(error) if error.is_panic() => (error.id(), Err("panic")),
            Err(error) => (error.id(), Ok(Ending::Aborted)),
        };
        let Running { task, record, burial, .. } = self.tasks.running.remove(&id)?;
        self.tasks.ids.remove(&task);
        match ending {
            Ok(ending) => Some(Event::Ended { task, ending }),
            Err(reason) if burial => Some(Event::Ended { task, ending: Ending::Broken(reason) }),
            Err(reason) => {
                // What it did before it panicked is lost.
                self.bury(task, record, Burial { reason, rerun: true });
                None
            }
        }
    }

    fn post(&mut self) {
        while let Some(command) = self.tasks.outbox.pop_front() {
            match self.commands.try_send(command) {
                Ok(()) => {}
                Err(TrySendError::Full(command)) => return self.tasks.outbox.push_front(command),
                Err(TrySendError::Disconnected(_)) => return self.tasks.outbox.clear(),
            }
        }
    }
}

impl Tasks {
    fn started(&mut self, running: Running) {
        let id = running.abort.id();
        self.ids.insert(running.task, id);
        self.running.insert(id, running);
    }

    fn running(&self, task: u64) -> Option<&Running> {
        self.running.get(self.ids.get(&task)?)
    }

    fn cancel(&self, task: u64) {
        if let Some(canceller) = self.running(task).and_then(|running| running.canceller.as_ref()) {
            canceller.cancel();
        }
    }

    fn abort(&self, task: u64) {
        if let Some(running) = self.running(task) {
            running.abort.abort();
        }
    }
}
