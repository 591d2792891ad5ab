//! The stack for as long as a command needs it. Services that the command had to start are stopped at its end.

use super::all::{locked, reset, services, up};
use super::cluster::{self, Cluster};
use super::plan::{KafkaSource, Plan};
use super::service::{Service, stop_all};
use super::{clickhouse, node};
use crate::console::complain;
use anyhow::{Context, Result};
use std::cell::RefCell;

/// A process of the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The broker and controller with this number, from 1.
    Broker(u16),
    /// The ClickHouse engine.
    ClickHouse,
}

/// A stack that is up. Dropping it stops the services that [`Borrowed::up`] started and leaves all others alone.
pub struct Borrowed {
    plan: Plan,
    /// Services to stop at the end, those included that were killed and started again.
    started: RefCell<Vec<Service>>,
}

impl Borrowed {
    /// Brings up what does not run, by the environment and the defaults.
    ///
    /// # Errors
    /// As `dev stack up`; what was started by then is stopped again.
    pub fn up() -> Result<Self> {
        Self::up_by(Plan::of_environment()?)
    }

    /// Brings up what does not run of a plan, from empty data.
    ///
    /// # Errors
    /// As [`Borrowed::up`].
    pub fn up_empty(plan: Plan) -> Result<Self> {
        {
            let _lock = locked(&plan)?;
            reset(&plan)?;
        }
        Self::up_by(plan)
    }

    fn up_by(plan: Plan) -> Result<Self> {
        let (started, came_up) = brought_up(&plan)?;
        let borrowed = Self { plan, started: RefCell::new(started) };
        came_up.map(|()| borrowed)
    }

    /// Addresses of the brokers, as clients want them.
    pub fn kafka(&self) -> String {
        match &self.plan.kafka {
            KafkaSource::Given(address) => address.clone(),
            KafkaSource::Home(_) | KafkaSource::Maven => node::bootstrap(&self.plan),
        }
    }

    /// Base address of ClickHouse's HTTP interface.
    pub fn clickhouse(&self) -> String {
        format!("http://127.0.0.1:{}", self.plan.clickhouse_port)
    }

    /// Kills a broker, or the ClickHouse engine, with SIGKILL and returns the process id that it had.
    ///
    /// # Errors
    /// When it does not run.
    pub fn kill(&self, what: Part) -> Result<u32> {
        self.service(what).signal("KILL")
    }

    /// Starts again what was killed, on its old data, and waits until it answers.
    ///
    /// # Errors
    /// As `dev stack up`.
    pub fn start_again(&self) -> Result<()> {
        let (started, came_up) = brought_up(&self.plan)?;
        let mut ours = self.started.borrow_mut();
        ours.retain(|old| started.iter().all(|new| new.dir != old.dir));
        ours.extend(started);
        came_up
    }

    /// The cluster as the first broker that answers knows it.
    ///
    /// # Errors
    /// When none answers.
    pub fn cluster(&self) -> Result<Cluster> {
        let ask = |id| Cluster::ask(&node::address(&self.plan, id));
        let mut answers = (1..=self.plan.brokers).map(ask);
        answers.find(Result::is_ok).context("no broker answers")?
    }

    /// Number of the broker that leads the controllers, as the newest note of any of them says.
    ///
    /// # Errors
    /// When no controller has noted one.
    pub fn controller(&self) -> Result<i32> {
        let dirs = (1..=self.plan.brokers).map(|id| node::node(&self.plan, id).dir);
        cluster::controller(dirs).context("no controller has noted who leads")
    }

    fn service(&self, what: Part) -> Service {
        match what {
            Part::Broker(id) => node::node(&self.plan, id),
            Part::ClickHouse => clickhouse::service(&self.plan),
        }
    }

    /// The plan that it came up by.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        let started = self.started.borrow();
        if started.is_empty() {
            return;
        }
        if let Err(error) = locked(&self.plan).and_then(|_lock| stop_all(&started)) {
            complain(&format!("stopping the stack: {error:#}"));
        }
    }
}

/// The services that this call started, and whether all came up.
fn brought_up(plan: &Plan) -> Result<(Vec<Service>, Result<()>)> {
    let _lock = locked(plan)?;
    let before = pids(&services(plan)?);
    let came_up = up(plan);
    let mut started = services(plan)?;
    started.retain(|service| service.running().is_some_and(|mark| !before.contains(&mark.pid)));
    Ok((started, came_up))
}

fn pids(services: &[Service]) -> Vec<u32> {
    services.iter().filter_map(|service| Some(service.running()?.pid)).collect()
}
