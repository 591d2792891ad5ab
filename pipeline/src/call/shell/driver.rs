//! Starts the driver's threads.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::sync_channel;
use std::thread::{self, JoinHandle};

use tokio::runtime;
use tokio::sync::mpsc;

use super::assign::Starts;
use super::committer::Committer;
use super::core_thread::{CoreThread, Tasks};
use super::handle::{Control, Handle};
use super::poller::Poller;
use super::reading::Reading;
use super::shared::Shared;
use super::worker::Work;
use crate::StartPolicy;
use crate::call::core::Core;
use crate::call::handler::Handler;
use crate::call::limits::Limits;
use crate::kafka::{self, Admin, Consumer, Error, Instance};

/// Events on their way to the core. Batches of records are the large ones.
const EVENTS: usize = 16;
/// Commands on their way to the poller; more wait with the core.
const COMMANDS: usize = 256;

/// What a call driver reads, and how.
#[derive(Debug, Clone)]
pub struct CallConfig {
    /// Access to the brokers.
    pub kafka: kafka::Config,
    /// Who this process is.
    pub instance: Instance,
    /// The topic to read.
    pub topic: Arc<str>,
    /// Topic for records that cannot be run; it has at least as many partitions as `topic`.
    pub dead_letters: Arc<str>,
    /// Where a partition without a committed offset starts.
    pub start: StartPolicy,
    /// Bounds on what runs and waits.
    pub limits: Limits,
}

/// Runs slow work per record, thousands at a time, each with one committed outcome.
#[derive(Debug)]
pub struct CallDriver;

impl CallDriver {
    /// Joins the group and starts to read. Calls run as tasks on `runtime`, which must have its timer enabled.
    /// `incarnation` is that of the deployment's topics. Blocks while it asks the brokers for the topic.
    ///
    /// # Errors
    /// [`kafka::Error`] when the topic is missing, or a client or a thread cannot be made.
    pub fn spawn<H: Handler>(
        config: CallConfig,
        handler: Arc<H>,
        runtime: runtime::Handle,
        incarnation: String,
    ) -> Result<Handle, Error> {
        let shared = Arc::new(Shared::new(Arc::clone(&config.topic)));
        let (events, incoming) = mpsc::channel(EVENTS);
        let (commands, commanded) = sync_channel(COMMANDS);
        let (orders, ordered) = sync_channel(1);
        let committer = Committer {
            config: config.kafka.clone(),
            instance: config.instance.clone(),
            topic: Arc::clone(&config.topic),
            dead_letters: Arc::clone(&config.dead_letters),
            shared: Arc::clone(&shared),
            events: events.clone(),
            commands: commands.clone(),
        };
        // First of all: after an unclean end its client waits until the brokers have aborted what was left open, and no call
        // starts before it has committed that it does.
        let committing = start("call-committer", move || committer.run(&ordered))?;
        let member = Member::join(&config).inspect_err(|_| shared.finish())?;
        let work = Arc::new(Work {
            handler,
            dead_letters: Arc::clone(&config.dead_letters),
            step: config.instance.role().to_owned(),
            output_bytes: config.limits.output_bytes(),
        });
        let leave = Arc::new(AtomicBool::new(false));
        let core_thread = CoreThread {
            core: Core::new(config.limits.core(&incarnation), &incarnation),
            work: Arc::clone(&work),
            shared: Arc::clone(&shared),
            events: incoming,
            orders,
            commands,
            all: member.partitions,
            runtime: runtime.clone(),
            tasks: Tasks::default(),
        };
        let poller = Poller {
            consumer: member.consumer,
            topic: Arc::clone(&config.topic),
            starts: Starts { config: config.kafka, topic: config.topic, policy: config.start, incarnation },
            reading: Reading::new(work),
            shared: Arc::clone(&shared),
            events: events.clone(),
            commands: commanded,
            owned: BTreeMap::new(),
            epochs: 0,
            losses: 0,
            again: Vec::new(),
            releasing: Vec::new(),
            end: None,
        };
        let leaving = Arc::clone(&leave);
        let threads = vec![
            start("call-poller", move || poller.run())?,
            committing,
            start("call-core", move || runtime.block_on(core_thread.run(leaving)))?,
        ];
        let board = shared.board().clone();
        Ok(Handle::new(board, Control { shared, events, leave }, threads))
    }
}

/// A member of the step's group, and how many partitions the group has to share.
struct Member {
    consumer: Consumer,
    partitions: usize,
}

impl Member {
    fn join(config: &CallConfig) -> Result<Self, Error> {
        let partitions = partitions(config)?;
        let consumer = Consumer::join(&config.kafka, &config.instance, &[&config.topic])?;
        Ok(Self { consumer, partitions })
    }
}

/// Partitions of the topic; every one of them must have a place for dead letters.
fn partitions(config: &CallConfig) -> Result<usize, Error> {
    let found = Admin::new(&config.kafka)?.partitions()?;
    let count = |topic: &Arc<str>| {
        let missing = || Error::Unexpected(format!("use topic {topic}: it does not exist"));
        found.get(&**topic).copied().ok_or_else(missing)
    };
    let (all, letters) = (count(&config.topic)?, count(&config.dead_letters)?);
    if letters < all {
        let reason = format!("use topic {}: {letters} partitions, needs {all}", config.dead_letters);
        return Err(Error::Unexpected(reason));
    }
    Ok(all)
}

fn start(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, Error> {
    let thread = thread::Builder::new().name(name.into()).spawn(run);
    thread.map_err(|error| Error::Unexpected(format!("start thread {name}: {error}")))
}
