//! Puts each role together from its section, its topics and the applied bundle.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use conversation::{Conversations, Ready};
use pipeline::batch::{BatchConfig, BatchDriver};
use pipeline::call::{CallConfig, CallDriver};
use pipeline::fold::FoldDriver;
use pipeline::kafka::{Instance, Publisher, PublisherLimits};
use pipeline::{StartPolicy, WallClock, call as calls};
use schemas::topic::Topic;
use tokio::runtime::Handle;

use super::bundle_watch::Watched;
use super::known::{self, Unknown};
use super::running::Running;
use super::shadow;
use crate::config::Config;
use crate::line;
use crate::role::Role;

/// What call may have on its way to the log about targets: a record for each partition and second, for a while.
pub(super) const CONDITIONS: PublisherLimits = PublisherLimits { records: 10_000, kibibytes: 16_384 };

/// Starts a role. Its section is checked against the file's own bundle: the one that is applied may be older, or newer, as long as
/// somebody changes both.
pub(crate) async fn start(
    role: Role,
    config: &Arc<Config>,
    watched: &Watched,
    incarnation: &str,
) -> anyhow::Result<Running> {
    match role {
        Role::Ingest => ingest(config, watched).await,
        Role::Decide => decide(config, watched, incarnation),
        Role::Call => call(config, watched, incarnation).await,
        Role::Deliver => deliver(config, watched, incarnation).await,
        Role::Account => account(config, incarnation).await,
        Role::Shadow => Ok(Running::Shadow(Box::new(shadow::start(config, incarnation).await?))),
    }
}

async fn ingest(config: &Config, watched: &Watched) -> anyhow::Result<Running> {
    let raw = config.ingest.as_ref().context("section [ingest] is missing")?;
    let section = ingest::validate(raw, &config.bundle).map_err(|found| config.bad(found))?;
    let publisher = Arc::new(Publisher::new(&config.kafka, section.publisher_limits()).context("connect")?);
    let log = ingest::Log::new(&config.deployment, &config.topics, config.partitions);
    let active =
        |ready: &Ready| ingest::ActiveBundle::new(Arc::clone(&ready.bundle), Arc::clone(&ready.engines));
    let bundle = watched.derive(move |ready| Ok(active(ready)))?;
    let step = ingest::Ingest::new(section, Arc::clone(&publisher) as Arc<dyn ingest::Publish>, log, bundle);
    Ok(Running::Ingest { server: ingest::serve(step).await?, publisher })
}

fn decide(config: &Config, watched: &Watched, incarnation: &str) -> anyhow::Result<Running> {
    let (deployment, settings) = (line::deployment(config), line::settings(config));
    let drivers = (0..config.decide.drivers).map(|number| {
        let fold = Conversations::new(&deployment, Arc::clone(&watched.bundles)).versioned();
        Ok(FoldDriver::spawn(deployment.driver(&settings, number)?, fold, incarnation)?)
    });
    Ok(Running::Fold(drivers.collect::<anyhow::Result<_>>()?))
}

async fn call(config: &Config, watched: &Watched, incarnation: &str) -> anyhow::Result<Running> {
    let raw = config.call.as_ref().context("section [call] is missing")?;
    let settings = call::validate(raw, &config.bundle).map_err(|found| config.bad(found))?;
    let manner =
        Manner::new(Role::Call, Topic::Requests, (settings.max_running, settings.overload, settings.grace));
    let rules = watched.derive(|ready| {
        let (bundle, engines) = (Arc::clone(&ready.bundle), Arc::clone(&ready.engines));
        Ok(call::Rules { bundle, engines })
    })?;
    let output = call::Output {
        topic: config.topics.of(Topic::Events).into(),
        source: format!("/huiyin/{}/call", config.deployment),
    };
    let step = Arc::new(call::Step::new(settings, rules, output, Arc::new(WallClock))?);
    let log = Publisher::new(&config.kafka, CONDITIONS).context("connect")?;
    let watched_step = Arc::downgrade(&step);
    let running = calls_of(config, manner, step, (incarnation, known::targets(config, watched)?)).await?;
    tokio::spawn(async move {
        let log = Arc::new(log);
        call::announce(watched_step, Arc::clone(&log)).await;
        // A client blocks while it is closed.
        tokio::task::spawn_blocking(move || drop(log));
    });
    Ok(running)
}

async fn deliver(config: &Config, watched: &Watched, incarnation: &str) -> anyhow::Result<Running> {
    let raw = config.deliver.as_ref().context("section [deliver] is missing")?;
    let settings = deliver::validate(raw, &config.bundle).map_err(|found| config.bad(found))?;
    let output = deliver::Output {
        topic: config.topics.of(Topic::Deliveries).into(),
        source: format!("/huiyin/{}/deliver", config.deployment),
    };
    let manner =
        Manner::new(Role::Deliver, Topic::Answers, (settings.max_running, settings.overload, settings.grace));
    let results = deliver::KafkaResults::new(config.kafka.clone(), Arc::clone(&output.topic));
    let step = deliver::Step::new(settings, output, Arc::new(results), Arc::new(WallClock))?;
    calls_of(config, manner, Arc::new(step), (incarnation, known::apps(config, watched)?)).await
}

/// What a role's call driver reads, and how.
struct Manner {
    role: Role,
    topic: Topic,
    limits: calls::RawLimits,
    grace: Duration,
}

impl Manner {
    fn new(role: Role, topic: Topic, (running, overload, grace): (usize, calls::Overload, Duration)) -> Self {
        let limits = calls::RawLimits { running, overload, ..calls::RawLimits::default() };
        Self { role, topic, limits, grace }
    }
}

/// A call driver on one topic.
async fn calls_of<H: calls::Handler>(
    config: &Config,
    manner: Manner,
    step: Arc<H>,
    (incarnation, unknown): (&str, Unknown),
) -> anyhow::Result<Running> {
    let driver = CallConfig {
        kafka: config.kafka.clone(),
        instance: Instance::new(&config.deployment, manner.role.label(), config.ordinal)?,
        topic: config.topics.of(manner.topic).into(),
        dead_letters: config.topics.of(Topic::DeadLetters).into(),
        start: StartPolicy::Earliest,
        limits: calls::Limits::new(manner.role.label(), manner.limits).map_err(|found| config.bad(found))?,
    };
    let incarnation = incarnation.to_owned();
    // Joining asks the brokers, which blocks.
    let spawn = move || CallDriver::spawn(driver, step, Handle::current(), incarnation);
    Ok(Running::Call { driver: tokio::task::spawn_blocking(spawn).await??, grace: manner.grace, unknown })
}

async fn account(config: &Config, incarnation: &str) -> anyhow::Result<Running> {
    let section = config.account()?;
    account::Store::new(&section).check().await.context("check the tables")?;
    let sink = account::AccountSink::new(&section, &config.topics)?;
    let driver = BatchConfig {
        kafka: config.kafka.clone(),
        instance: Instance::new(&config.deployment, Role::Account.label(), config.ordinal)?,
        topics: sink.topics(),
        dead_letters: config.topics.of(Topic::DeadLetters).into(),
        start: StartPolicy::Earliest,
        limits: section.limits().clone(),
    };
    let handle = BatchDriver::spawn(driver, Arc::new(sink), Handle::current(), incarnation.to_owned())?;
    Ok(Running::Batch(handle))
}
