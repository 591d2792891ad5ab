//! As [`crate::call::shell::core_thread`] and its workers.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::checker::Run;
use super::parts::{Call, Joined, Order, Parts, Running, What};
use crate::Record;
use crate::call::cancellation::Cancellation;
use crate::call::core::{Action, Burial, Ending, Event, Plan, Settled};
use crate::call::handler::{Handler, Job};
use crate::call::place::Place;
use crate::call::shell::poller::Command;

/// How long a cancelled call may take to end, in milliseconds.
const PATIENCE: i64 = 50;

pub(super) async fn run<H: Handler>(parts: Rc<Parts<H>>, stop: Rc<Cell<bool>>) -> Result<(), String> {
    let mut stopping = false;
    let mut stopped = false;
    while !stopped {
        parts.sim.tick().await;
        if stop.get() && !std::mem::replace(&mut stopping, true) {
            let grace = Duration::from_millis(parts.sim.random().below(300));
            stopped |= handle(&parts, vec![Event::Stop { grace }]);
            continue;
        }
        let due = parts.core.borrow().due().is_some_and(|due| due <= parts.now());
        let mut events = Vec::new();
        loop {
            events.extend(match parts.sim.random().below(4) {
                0 if due => Some(Event::Tick),
                1 => joined(&parts),
                2 => parts.moves.lock().unwrap().pop_front(),
                _ => parts.events.borrow_mut().pop_front(),
            });
            if parts.sim.random().one_in(2) {
                break;
            }
        }
        if !events.is_empty() {
            stopped |= handle(&parts, events);
        }
    }
    let leave = parts.sim.random().one_in(2);
    parts.command(Command::End { leave });
    Ok(())
}

fn handle<H: Handler>(parts: &Rc<Parts<H>>, events: Vec<Event>) -> bool {
    let mut stopped = false;
    let mut own = events;
    while !own.is_empty() {
        let events = std::mem::take(&mut own);
        *parts.telling.borrow_mut() = events.iter().flat_map(lost).collect();
        let losses = events.iter().filter(|event| matches!(event, Event::Lost(_))).count();
        parts.told.set(parts.told.get() + u64::try_from(losses).unwrap());
        let actions = parts.core.borrow_mut().handle(parts.now(), events);
        for action in actions {
            match action {
                Action::Run { task, record, rerun, hard_deadline, decoded } => {
                    // Whoever runs it makes the cancellation.
                    let cancellation = Cancellation::never();
                    let moves = Arc::clone(&parts.moves);
                    let place = Place::new(move |what| {
                        moves.lock().unwrap().push_back(Event::Moved { task, what });
                    });
                    begin(parts, task, Job { record, rerun, hard_deadline, decoded, cancellation, place });
                }
                Action::Bury { task, record, burial } => {
                    let what = What::Bury(burial);
                    start(parts, task, Running { record, what, aborted: false });
                }
                Action::Shed { task, record, rerun } => {
                    let what = What::Shed { rerun };
                    start(parts, task, Running { record, what, aborted: false });
                }
                Action::CallOff { task, record, rerun } => {
                    let what = What::CallOff { rerun };
                    start(parts, task, Running { record, what, aborted: false });
                }
                Action::Cancel { task } => cancel(parts, task),
                Action::Abort { task } => {
                    if let Some(running) = parts.running.borrow_mut().get_mut(&task) {
                        running.aborted = true;
                    }
                }
                Action::Pause(assignment) => parts.command(Command::Pause(assignment)),
                Action::Resume { assignment, session, from } => {
                    parts.command(Command::Resume { assignment, session, from });
                }
                Action::Released(assignment) => parts.command(Command::Released(assignment)),
                Action::Commit(plan) => own.extend(order(parts, plan)),
                Action::Abandon { plan } => parts.abandoned.set(plan),
                Action::Ownership { .. } => {}
                // One that was put out finds what its successor committed, and drops the partition in any case.
                Action::Alert { partition, reason: "foreign_commit" }
                    if parts.is_to_be_told(partition)
                        || !parts.with_client(|client| client.is_owner(&parts.partition(partition))) => {}
                Action::Alert { partition, reason } => {
                    parts.sim.violate("refused", format!("{}/{partition}: {reason}", parts.config.topic));
                }
                Action::Stopped => stopped = true,
            }
        }
    }
    parts.telling.borrow_mut().clear();
    parts.checker.budgets(&parts.sim, &parts.core.borrow().status(parts.now()));
    stopped
}

fn lost(event: &Event) -> Vec<i32> {
    if let Event::Lost(gone) = event { gone.clone() } else { Vec::new() }
}

fn begin<H: Handler>(parts: &Rc<Parts<H>>, task: u64, job: Job) {
    let (record, rerun) = (Arc::clone(&job.record), job.rerun);
    let others: Vec<Arc<Record>> = parts
        .running
        .borrow()
        .values()
        .filter(|running| matches!(running.what, What::Call { .. }))
        .map(|running| Arc::clone(&running.record))
        .collect();
    let is_owner = !parts.is_to_be_told(record.partition)
        && parts.with_client(|client| client.is_owner(&parts.partition(record.partition)));
    let handler = &*parts.work.handler;
    parts.sim.note(|| format!("{} runs {}/{} rerun {rerun}", parts.name(), record.partition, record.offset));
    let run = Run { process: &parts.name(), record: &record, rerun, is_owner };
    parts.checker.runs(&parts.sim, handler, &run, &others);
    let until = parts.sim.now() + i64::try_from(job.hard_deadline.as_millis()).unwrap();
    let handler = Arc::clone(&parts.work.handler);
    let (canceller, cancellation) = Cancellation::new();
    let call: Call = Box::pin(async move { handler.run(Job { cancellation, ..job }).await });
    start(
        parts,
        task,
        Running { record, what: What::Call { call, rerun, until, canceller }, aborted: false },
    );
}

fn cancel<H: Handler>(parts: &Rc<Parts<H>>, task: u64) {
    let mut all = parts.running.borrow_mut();
    let Some(running) = all.get_mut(&task) else { return };
    if let What::Call { until, canceller, .. } = &mut running.what {
        let place = (running.record.partition, running.record.offset);
        parts.sim.note(|| format!("{} cancels {place:?}", parts.name()));
        canceller.cancel();
        *until = (*until).min(parts.sim.now() + PATIENCE);
    }
}

fn start<H>(parts: &Rc<Parts<H>>, task: u64, running: Running) {
    parts.running.borrow_mut().insert(task, running);
}

fn order<H: Handler>(parts: &Rc<Parts<H>>, plan: Plan) -> Option<Event> {
    for commit in &plan.offsets {
        if !parts.owned.borrow().contains_key(&commit.partition) && !parts.is_to_be_told(commit.partition) {
            parts
                .sim
                .violate("plan", format!("{} plans for {} after it let go", parts.name(), commit.partition));
        }
    }
    let id = plan.id;
    let membership = parts.standing.borrow().for_plan(parts.told.get());
    match membership {
        Some(membership) if parts.orders.borrow().is_empty() => {
            parts.orders.borrow_mut().push_back(Order { plan, membership });
            None
        }
        Some(_) | None => Some(Event::Planned { plan: id, settled: Settled::Aborted }),
    }
}

fn joined<H: Handler>(parts: &Rc<Parts<H>>) -> Option<Event> {
    let (task, joined) = parts.joined.borrow_mut().pop_front()?;
    let running = parts.running.borrow_mut().remove(&task)?;
    let ending = match joined {
        Joined::Outputs(Some(outputs)) => Ending::Done(outputs),
        Joined::Outputs(None) => Ending::Broken("dead_panicked"),
        Joined::Aborted => Ending::Aborted,
        Joined::Panicked if matches!(running.what, What::Bury(_)) => Ending::Broken("panic"),
        Joined::Panicked => {
            // It ran, so it may have reached the outside.
            let what = What::Bury(Burial { reason: "panic", rerun: true });
            start(parts, task, Running { what, ..running });
            return None;
        }
    };
    Some(Event::Ended { task, ending })
}

/// The workers: some task goes on. A call that the handler calls deadly ends the process.
pub(super) async fn work<H: Handler>(parts: Rc<Parts<H>>) -> Result<(), String> {
    loop {
        parts.sim.tick().await;
        let waiting: Vec<u64> = {
            let joined = parts.joined.borrow();
            let is_joined = |task: &u64| joined.iter().any(|(other, _)| other == task);
            parts.running.borrow().keys().copied().filter(|task| !is_joined(task)).collect()
        };
        if waiting.is_empty() {
            continue;
        }
        let task = waiting[parts.sim.random().index(waiting.len())];
        let Some(mut running) = parts.running.borrow_mut().remove(&task) else { continue };
        if parts.checker.is_deadly(&running.record) && matches!(running.what, What::Call { .. }) {
            return Err("a call ended the process".into());
        }
        let joined = poll(&parts, &mut running);
        parts.running.borrow_mut().insert(task, running);
        if let Some(joined) = joined {
            parts.joined.borrow_mut().push_back((task, joined));
        }
    }
}

fn poll<H: Handler>(parts: &Rc<Parts<H>>, running: &mut Running) -> Option<Joined> {
    if running.aborted {
        return Some(Joined::Aborted);
    }
    let record = &running.record;
    match &mut running.what {
        What::CallOff { rerun } => Some(Joined::Outputs(Some(parts.work.call_off(record, *rerun)))),
        What::Shed { rerun } => Some(Joined::Outputs(Some(parts.work.shed(record, *rerun)))),
        What::Bury(burial) => Some(Joined::Outputs(parts.work.bury(record, *burial))),
        What::Call { call, rerun, until, .. } => {
            let mut context = Context::from_waker(Waker::noop());
            match catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(&mut context))) {
                Err(_) => Some(Joined::Panicked),
                Ok(Poll::Ready(done)) => Some(Joined::Outputs(Some(parts.work.sized(record, done)))),
                Ok(Poll::Pending) if parts.sim.now() >= *until => {
                    let done = parts.work.handler.overdue(record, *rerun);
                    Some(Joined::Outputs(Some(parts.work.sized(record, done))))
                }
                Ok(Poll::Pending) => None,
            }
        }
    }
}
