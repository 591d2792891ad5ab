//! The role `shadow`: copies live traffic into topics of its own, decides and asks models there by a candidate. It has no sink.
//!
//! It works on threads and clients of its own, so that no other role of the process waits for it.

mod begin;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use call::{Ceiling, Invoker, Output, Rules, Step};
use conversation::{Bundles, Conversations};
use pipeline::call::{self as calls, CallConfig, CallDriver};
use pipeline::fold::{self, FoldDriver};
use pipeline::kafka::{Instance, Publisher};
use pipeline::{Clock, StartPolicy, Stop, WallClock};
use replay::live::ask::{ATTEMPTS, payable};
use replay::live::purse::Purse;
use replay::mirror::Shadow as Section;
use replay::mirror::copy::Copier;
use replay::mirror::paid::Paid;
use schemas::event::Event;
use schemas::line::Line;
use schemas::topic::Topic;
use schemas::wire::{self, KIND};
use tokio::runtime::{Handle, Runtime};

use super::bundle_watch::{self, Watched};
use super::start::CONDITIONS;
use crate::admin::RoleHealth;
use crate::config::Config;
use crate::scan::{Part, scan_line};
use crate::{line, topics};

/// The step that copies.
const COPY: &str = "copy";
/// Records that are copied at a time.
const COPIED: usize = 256;

/// A shadow that runs.
pub(super) struct Shadow {
    copy: calls::Handle,
    decide: Vec<fold::Handle>,
    call: calls::Handle,
    /// Calls run on them.
    _threads: Threads,
}

/// Threads of its own. They are ended without waiting: nobody may wait for them on a thread of others.
struct Threads(Option<Runtime>);

impl Drop for Threads {
    fn drop(&mut self) {
        self.0.take().into_iter().for_each(Runtime::shutdown_background);
    }
}

/// What a shadow's steps are started with.
struct Scene<'a> {
    /// The deployment that is copied.
    live: &'a Config,
    /// The shadow's own.
    own: &'a Config,
    section: &'a Section,
    watched: &'a Watched,
    incarnation: &'a str,
    line: Line,
    runtime: Handle,
}

/// What is wrong with the section, the candidate's file or its prices.
pub(super) fn check(live: &Config) -> anyhow::Result<()> {
    let section = live.shadow()?;
    let own = live.shadowed(&section)?;
    payable(&own.bundle, &section.budget, WallClock.now()).context("pay the shadow's calls")
}

/// Makes its topics if they are not there, applies its bundle, and starts its steps. `incarnation` is that of the topics that are copied.
pub(super) async fn start(live: &Arc<Config>, incarnation: &str) -> anyhow::Result<Shadow> {
    let section = live.shadow()?;
    let own = Arc::new(live.shadowed(&section)?);
    payable(&own.bundle, &section.budget, WallClock.now()).context("pay the shadow's calls")?;
    let (ours, theirs, read) = (Arc::clone(&own), Arc::clone(live), incarnation.to_owned());
    let purse = Purse::new(section.budget.clone());
    let line = Line::of(Some(&section.name));
    let marked = line.clone();
    let prepare = move || {
        let prepared = prepare(&ours, &marked, purse)?;
        begin::begin(&theirs, &ours, &read)?;
        anyhow::Ok(prepared)
    };
    let (own_incarnation, purse) =
        tokio::task::spawn_blocking(prepare).await.context("prepare a shadow")??;
    let bundles = Bundles::new(own.kafka.clone(), &own.topics, own.bundle.hash_keys().clone());
    let watched = bundle_watch::start(bundles).await?;
    let threads = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("shadow")
        .enable_all()
        .build()
        .context("start the shadow's threads")?;
    let runtime = threads.handle().clone();
    let threads = Threads(Some(threads));
    let scene = Scene {
        live,
        own: &own,
        section: &section,
        watched: &watched,
        incarnation: &own_incarnation,
        line: line.clone(),
        runtime,
    };
    // What is read last starts first, so that nothing waits that was copied.
    let call = scene.call(Arc::new(purse)).await?;
    let decide = scene.decide()?;
    let copy = scene.copy(incarnation).await?;
    Ok(Shadow { copy, decide, call, _threads: threads })
}

/// The incarnation of the shadow's topics, and its purse less what earlier runs have spent. Blocks.
fn prepare(own: &Config, line: &Line, purse: Purse) -> anyhow::Result<(String, Purse)> {
    tracing::info!("{}", topics::create(own, false)?.trim_end());
    let incarnation = topics::incarnation(own)?;
    tracing::info!("{}", line::apply_on(line, own)?.trim_end());
    let parts: Vec<(i32, Part)> = (0..own.partitions).map(|partition| (partition, Part::All)).collect();
    scan_line(line, own, Topic::Events, &parts, |record| {
        if record.header(KIND) == Some(b"answered")
            && let Event::Answered(answered) =
                wire::decode(|name| record.header(name), record.value.as_deref())?
        {
            purse.book(
                answered
                    .all_attempts()
                    .filter_map(|attempt| Ceiling::of_attempt(&own.bundle, attempt, attempt.started_at)),
            );
        }
        Ok(())
    })?;
    Ok((incarnation, purse))
}

impl Scene<'_> {
    async fn call(&self, purse: Arc<Purse>) -> anyhow::Result<calls::Handle> {
        let own = self.own;
        let raw = own.call.as_ref().context("section [call] is missing")?;
        let settings = call::validate(raw, &own.bundle).map_err(|found| own.bad(found))?;
        let limits = calls::RawLimits {
            running: settings.max_running,
            overload: settings.overload,
            ..calls::RawLimits::default()
        };
        let rules = self.watched.derive(|ready| {
            let (bundle, engines) = (Arc::clone(&ready.bundle), Arc::clone(&ready.engines));
            Ok(Rules { bundle, engines })
        })?;
        let output = Output {
            topic: own.topics.of(Topic::Events).into(),
            source: format!("/huiyin/{}/call", own.deployment),
        };
        let clock: Arc<dyn Clock> = Arc::new(WallClock);
        let invoker = Invoker::new(settings.with_attempts(ATTEMPTS), Arc::clone(&clock))?;
        let invoker = Paid::new(invoker, self.section.limits, purse, Arc::clone(&clock));
        let step = Arc::new(Step::asking(invoker, rules, output, clock).on(self.line.clone()));
        let log = Publisher::new(&own.kafka, CONDITIONS).context("connect")?;
        let (watched_step, log) = (Arc::downgrade(&step), Arc::new(log));
        self.runtime.spawn(async move {
            call::announce(watched_step, Arc::clone(&log)).await;
            // A client blocks while it is closed.
            tokio::task::spawn_blocking(move || drop(log));
        });
        self.calls(own, Role::of(own, "call", Topic::Requests, limits)?, step, self.incarnation).await
    }

    fn decide(&self) -> anyhow::Result<Vec<fold::Handle>> {
        let (deployment, settings) = (line::deployment(self.own), line::settings(self.own));
        let settings = conversation::Settings { start: StartPolicy::Earliest, ..settings };
        let drivers = (0..self.own.decide.drivers).map(|number| {
            let fold = Conversations::new(&deployment, Arc::clone(&self.watched.bundles)).versioned();
            let fold = fold.on(self.line.clone());
            Ok(FoldDriver::spawn(deployment.driver(&settings, number)?, fold, self.incarnation)?)
        });
        drivers.collect()
    }

    /// The copier reads the live log; its commits carry that log's incarnation.
    async fn copy(&self, incarnation: &str) -> anyhow::Result<calls::Handle> {
        let limits = calls::RawLimits {
            running: COPIED,
            share_percent: 100,
            overload: calls::Overload::Wait,
            ..calls::RawLimits::default()
        };
        let copier = Copier {
            to: self.own.topics.of(Topic::Events).into(),
            sample: self.section.sample,
            name: self.section.name.clone(),
            line: self.line.clone(),
        };
        let role = Role { start: StartPolicy::Latest, ..Role::of(self.own, COPY, Topic::Events, limits)? };
        self.calls(self.live, role, Arc::new(copier), incarnation).await
    }

    async fn calls<H: calls::Handler>(
        &self,
        reads: &Config,
        role: Role,
        handler: Arc<H>,
        incarnation: &str,
    ) -> anyhow::Result<calls::Handle> {
        let driver = CallConfig {
            kafka: self.own.kafka.clone(),
            instance: role.instance,
            topic: reads.topics.of(role.topic).into(),
            dead_letters: self.own.topics.of(Topic::DeadLetters).into(),
            start: role.start,
            limits: role.limits,
        };
        let (incarnation, runtime) = (incarnation.to_owned(), self.runtime.clone());
        // Joining asks the brokers, which blocks.
        let spawn = move || CallDriver::spawn(driver, handler, runtime, incarnation);
        Ok(tokio::task::spawn_blocking(spawn).await??)
    }
}

/// What a call driver of a shadow is, and what it reads.
struct Role {
    instance: Instance,
    topic: Topic,
    start: StartPolicy,
    limits: calls::Limits,
}

impl Role {
    fn of(own: &Config, name: &'static str, topic: Topic, limits: calls::RawLimits) -> anyhow::Result<Self> {
        Ok(Self {
            instance: Instance::new(&own.deployment, name, own.ordinal)?,
            topic,
            start: StartPolicy::Earliest,
            limits: calls::Limits::new(name, limits).map_err(|found| own.bad(found))?,
        })
    }
}

impl Shadow {
    /// How it is.
    pub(super) fn health(&self, role: &'static str) -> RoleHealth {
        let (copy, call) = (self.copy.health(), self.call.health());
        let decide: Vec<_> = self.decide.iter().map(fold::Handle::health).collect();
        let owned: usize = decide.iter().map(|health| health.owned.len()).sum();
        let detail = format!(
            "copies {} partitions, decides {owned}, {} calls running, {} queued",
            copy.status.partitions.len(),
            call.status.running,
            call.status.queued
        );
        RoleHealth {
            role,
            live: copy.alive && call.alive && decide.iter().all(|health| health.alive),
            ready: copy.is_ready() && call.is_ready() && decide.iter().all(fold::Health::is_ready),
            detail,
        }
    }

    /// Whether any of its steps ended by itself.
    pub(super) fn has_ended(&self) -> bool {
        let fold = self.decide.iter().any(|driver| driver.health().failure.is_some());
        fold || self.copy.health().failure.is_some() || self.call.health().failure.is_some()
    }

    /// Ends its steps in the order of the data flow, and tells why the first one ended by itself, if any did. Blocks.
    pub(super) fn end(self, how: Stop, grace: Duration) -> Option<String> {
        let copied = self.copy.stop(how, grace).failure;
        for driver in &self.decide {
            driver.ask(how, grace);
        }
        let decided: Vec<_> = self.decide.into_iter().map(fold::Handle::join).collect();
        let called = self.call.stop(how, grace).failure;
        copied.or(decided.into_iter().find_map(|health| health.failure)).or(called)
    }
}
