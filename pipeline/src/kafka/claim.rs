//! A claim on a name: of all processes that want the same one, one has it at a time, until it lets go or is dead.
//!
//! It is a consumer group on a topic with one partition, in which nobody consumes: the brokers give the partition to one member, leave it there when others
//! come, and take it from one that was killed when its session is over.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};

use super::log::Logged;
use super::{Config, Error, Group, Member};

/// Longest wait for news from the brokers.
const NEWS: Duration = Duration::from_millis(100);

/// Why a claim could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// Another process has it.
    #[error("another process has it (seen from the broker, on {host})")]
    Taken {
        /// Where it runs.
        host: String,
    },
    /// The brokers gave it to nobody.
    #[error("the brokers gave it to nobody")]
    Late,
    /// The brokers do not answer.
    #[error(transparent)]
    Kafka(#[from] Error),
    /// The process can have no more threads.
    #[error("start a thread")]
    Thread(#[source] std::io::Error),
}

/// A claim that this process has, until it is dropped, which blocks.
pub struct Claim {
    is_over: Arc<AtomicBool>,
    keeper: Option<JoinHandle<()>>,
}

impl Claim {
    /// Takes the claim that the group of this name stands for; `topic` is there and has one partition. Blocks, up to `patience` while another process has
    /// it. One that was killed has it until its session is over, for 10 s.
    ///
    /// # Errors
    /// [`ClaimError`].
    pub fn take(config: &Config, group: &str, topic: &str, patience: Duration) -> Result<Self, ClaimError> {
        let failed = || Error::client("claim");
        let member: BaseConsumer<Logged> =
            config.claimant(group).create_with_context(Logged).map_err(failed())?;
        member.subscribe(&[topic]).map_err(failed())?;
        let until = Instant::now() + patience;
        while !has_it(&member) {
            if Instant::now() > until {
                drop(member);
                return Err(refused(config, group));
            }
        }
        let is_over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&is_over);
        // A member that does not ask for news is put out of its group.
        let keep = move || {
            while !seen.load(Ordering::Relaxed) {
                has_it(&member);
            }
        };
        let keeper =
            thread::Builder::new().name("claim".to_owned()).spawn(keep).map_err(ClaimError::Thread)?;
        Ok(Self { is_over, keeper: Some(keeper) })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(keeper) = self.keeper.take() {
            drop(keeper.join());
        }
    }
}

/// Waits for news, and reads nothing. Whether the partition is this member's.
fn has_it(member: &BaseConsumer<Logged>) -> bool {
    // Records that come before the pause are of no interest, and errors are repeated until they are over.
    drop(member.poll(NEWS));
    let Ok(assigned) = member.assignment() else { return false };
    assigned.count() > 0 && member.pause(&assigned).is_ok()
}

fn refused(config: &Config, group: &str) -> ClaimError {
    match Group::open(config, group).and_then(|group| group.members()) {
        Ok(members) => {
            let taken = |member: Member| ClaimError::Taken { host: member.host };
            members.into_iter().next().map_or(ClaimError::Late, taken)
        }
        Err(error) => error.into(),
    }
}
