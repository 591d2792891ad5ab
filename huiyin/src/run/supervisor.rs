//! Keeps the roles running: one that ends by itself is started again, while the others go on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::bundle_watch::Watched;
use super::running::Running;
use super::{Board, lock};
use super::{shadow, start};
use crate::config::Config;
use crate::metrics;
use crate::role::Role;

/// The first wait before a role is started again; it doubles up to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// A role that ran this long has recovered.
const RECOVERED: Duration = Duration::from_secs(60);
/// Fenced so often within that time, a role has a twin.
const TWIN: usize = 3;
/// How long a process that starts waits for the store. One that hangs must not keep callbacks from being answered.
const STORE: Duration = Duration::from_secs(5);
/// How long what is left of a role may take to go.
const REMAINS: Duration = Duration::from_secs(5);

/// How often a role ended of late.
#[derive(Debug)]
struct Endings {
    last: Instant,
    in_a_row: u32,
}

/// Whether a start failed only because the store is away.
fn is_passing(error: &anyhow::Error) -> bool {
    error.downcast_ref::<account::StoreError>().is_some_and(account::StoreError::is_passing)
}

/// Starts roles, and starts them again.
pub(crate) struct Supervisor {
    board: Board,
    config: Arc<Config>,
    watched: Arc<Watched>,
    incarnation: String,
    endings: BTreeMap<Role, Endings>,
    fenced: BTreeMap<Role, Vec<Instant>>,
    starting: JoinSet<(Role, anyhow::Result<Running>)>,
}

impl Supervisor {
    /// Supervises the roles of a board that is still empty.
    pub(crate) fn new(board: Board, config: Arc<Config>, watched: Watched, incarnation: String) -> Self {
        Self {
            board,
            config,
            watched: Arc::new(watched),
            incarnation,
            endings: BTreeMap::new(),
            fenced: BTreeMap::new(),
            starting: JoinSet::new(),
        }
    }

    /// Starts a role for the first time: what is wrong then is for the operator. A store that is merely away is not wrong:
    /// a process that is started again meanwhile still answers callbacks.
    pub(crate) async fn start(&mut self, role: Role) -> anyhow::Result<()> {
        if role == Role::Shadow {
            return self.start_beside(role);
        }
        let starting = start::start(role, &self.config, &self.watched, &self.incarnation);
        let started = match role {
            Role::Account => match tokio::time::timeout(STORE, starting).await {
                Ok(started) => started,
                Err(_) => {
                    metrics::started(role.label());
                    self.again(role, format!("the store did not answer within {STORE:?}"));
                    return Ok(());
                }
            },
            Role::Ingest | Role::Decide | Role::Call | Role::Deliver | Role::Shadow => starting.await,
        };
        metrics::started(role.label());
        match started {
            Ok(running) => drop(lock(&self.board).insert(role, Ok(running))),
            Err(error) if is_passing(&error) => self.again(role, format!("{error:#}")),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Starts the shadow, for which no other role waits: it reads all that it wrote before. What is wrong with its section is for the operator, at
    /// once.
    fn start_beside(&mut self, role: Role) -> anyhow::Result<()> {
        shadow::check(&self.config)?;
        metrics::started(role.label());
        lock(&self.board).insert(role, Err("it is starting".to_owned()));
        let (config, watched) = (Arc::clone(&self.config), Arc::clone(&self.watched));
        let incarnation = self.incarnation.clone();
        self.starting.spawn(async move { (role, start::start(role, &config, &watched, &incarnation).await) });
        Ok(())
    }

    /// Looks after all roles once.
    ///
    /// # Errors
    /// Why the process must end: another one has its identity.
    pub(crate) async fn look_after(&mut self) -> Result<(), String> {
        while let Some(started) = self.starting.try_join_next() {
            match started {
                Ok((role, Ok(running))) => {
                    tracing::info!(role = role.label(), "started again");
                    lock(&self.board).insert(role, Ok(running));
                }
                Ok((role, Err(error))) => self.again(role, format!("{error:#}")),
                Err(error) => return Err(format!("start a role again: {error}")),
            }
        }
        let ended: Vec<Role> = {
            let board = lock(&self.board);
            let has_ended = |entry: &Result<Running, String>| entry.as_ref().is_ok_and(Running::has_ended);
            board.iter().filter(|(_, entry)| has_ended(entry)).map(|(role, _)| *role).collect()
        };
        for role in ended {
            let Some(Ok(running)) = lock(&self.board).insert(role, Err("it ended".to_owned())) else {
                continue;
            };
            let why = running.into_failure(REMAINS).await;
            self.judge(role, &why)?;
            self.again(role, why);
        }
        Ok(())
    }

    /// Fenced, it may have been its own former membership: every broker that dies may leave one behind. Fenced again and
    /// again within a minute, it is a twin.
    fn judge(&mut self, role: Role, why: &str) -> Result<(), String> {
        if !why.contains("another process") {
            return Ok(());
        }
        let fenced = self.fenced.entry(role).or_default();
        fenced.retain(|at| at.elapsed() < RECOVERED);
        fenced.push(Instant::now());
        match fenced.len() {
            TWIN.. => Err(format!("{} ended by itself: {why}", role.label())),
            _ => Ok(()),
        }
    }

    /// Starts a role again after a wait that grows while it keeps ending.
    fn again(&mut self, role: Role, why: String) {
        let now = Instant::now();
        let endings = self.endings.entry(role).or_insert(Endings { last: now, in_a_row: 0 });
        if now.duration_since(endings.last) > RECOVERED {
            endings.in_a_row = 0;
        }
        let wait = FIRST_WAIT.saturating_mul(1 << endings.in_a_row.min(6)).min(LONGEST_WAIT);
        endings.in_a_row += 1;
        endings.last = now + wait;
        tracing::error!(role = role.label(), why, ?wait, "a role ended by itself and is started again");
        metrics::restarted(role.label());
        lock(&self.board).insert(role, Err(why));
        let (config, watched) = (Arc::clone(&self.config), Arc::clone(&self.watched));
        let incarnation = self.incarnation.clone();
        self.starting.spawn(async move {
            tokio::time::sleep(wait).await;
            (role, start::start(role, &config, &watched, &incarnation).await)
        });
    }

    /// Ends the roles in the order of the data flow, each within what is left of the grace.
    pub(crate) async fn end(mut self, leave: bool, grace: Duration) {
        self.starting.shutdown().await;
        let until = Instant::now() + grace;
        for role in Role::ALL {
            let Some(Ok(running)) = lock(&self.board).remove(&role) else { continue };
            // The last ones still get the time to commit what they have.
            let left = until.saturating_duration_since(Instant::now()).max(Duration::from_secs(2));
            tracing::info!(role = role.label(), "ending");
            running.end(leave, left).await;
        }
    }
}
