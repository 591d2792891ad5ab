//! The stack for as long as a command needs it: what the command had to start is stopped with it.

use super::plan::{KafkaSource, Plan};
use super::service::{Service, stop_all};
use super::{locked, node, services, up};
use crate::say::complain;
use anyhow::Result;

/// A stack that is up. Dropping it stops the services that [`Borrowed::up`] started and leaves all others alone.
pub(crate) struct Borrowed {
    plan: Plan,
    started: Vec<Service>,
}

impl Borrowed {
    /// Brings up what does not run, by the environment and the defaults.
    ///
    /// # Errors
    /// As `dev stack up`; what was started by then is stopped again.
    pub(crate) fn up() -> Result<Self> {
        let plan = Plan::of_environment()?;
        let (started, came_up) = brought_up(&plan)?;
        let borrowed = Self { plan, started };
        came_up.map(|()| borrowed)
    }

    /// Addresses of the brokers, as clients want them.
    pub(crate) fn kafka(&self) -> String {
        match &self.plan.kafka {
            KafkaSource::Given(address) => address.clone(),
            KafkaSource::Home(_) | KafkaSource::Maven => node::bootstrap(&self.plan),
        }
    }

    /// Base address of ClickHouse's HTTP interface.
    pub(crate) fn clickhouse(&self) -> String {
        format!("http://127.0.0.1:{}", self.plan.clickhouse_port)
    }

    /// The plan that it came up by.
    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        if self.started.is_empty() {
            return;
        }
        if let Err(error) = locked(&self.plan).and_then(|_lock| stop_all(&self.started)) {
            complain(&format!("stopping the stack: {error:#}"));
        }
    }
}

/// The services that run only since now, and whether all came up.
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
