//! What commands do stands in the log: a record of its own kind in `events`, which the table `audit` has as a row. Whoever adds a command
//! that changes something calls [`write()`] when it is done.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use pipeline::Outgoing;
use pipeline::kafka::{Publisher, PublisherLimits};
use schemas::act::Act;
use schemas::event::Event;
use schemas::ids::{AppKey, EventId};
use schemas::topic::Topic;
use schemas::wire;

use crate::config::Config;

/// How long the record may take.
const BOUND: Duration = Duration::from_secs(30);

/// In whose name a command acts.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Who {
    /// Who does it; it stands in the log. The name of the operating system's user by default
    #[arg(long)]
    pub(crate) by: Option<String>,
    /// Why; it stands in the log
    #[arg(long)]
    pub(crate) why: Option<String>,
}

impl Who {
    /// The name that stands in the log.
    pub(crate) fn name(&self) -> String {
        let user = || ["USER", "LOGNAME"].iter().find_map(|name| crate::variable(name));
        self.by.clone().or_else(user).unwrap_or_else(|| "unknown".to_owned())
    }
}

/// What was done.
#[derive(Debug, Clone)]
pub(crate) struct Done {
    /// A word for it: `offsets_reset`, `requeue`, …
    pub(crate) kind: &'static str,
    /// The app that it was about, if it was about one.
    pub(crate) app: Option<AppKey>,
    /// What it was done to.
    pub(crate) subject: String,
    /// What else is to be known of it; no text that a person wrote.
    pub(crate) details: BTreeMap<String, String>,
}

/// Writes it down. Blocks.
///
/// # Errors
/// When the log does not take it; what was done is done.
pub(crate) fn write(config: &Config, who: &Who, done: Done) -> anyhow::Result<()> {
    let record = record(config, who, done, crate::check::now())?;
    let limits = PublisherLimits { records: 10, kibibytes: 1_024 };
    let publisher = Publisher::new(&config.kafka, limits).context("connect")?;
    let mut receiver = publisher.publish(&record).context(UNTOLD)?;
    if !publisher.flush_within(BOUND) {
        bail!("{UNTOLD}: no acknowledgement within {} s", BOUND.as_secs());
    }
    receiver.try_recv().context(UNTOLD)?.context(UNTOLD)?;
    Ok(())
}

const UNTOLD: &str = "it is done, and could not be written down in the log";

/// The record of an act. It belongs to no conversation, so any partition will do.
fn record(config: &Config, who: &Who, done: Done, now: i64) -> anyhow::Result<Outgoing> {
    let Done { kind, app, subject, details } = done;
    let by = who.name();
    let id = EventId::derive(&format!("act:{kind}:{subject}:{by}:{now}"), 0);
    let act = Act { id, kind: kind.to_owned(), app, by, subject, why: who.why.clone(), details, at: now };
    let encoded = wire::encode(&Event::Act(act), &format!("/huiyin/{}/admin", config.deployment))?;
    let partitions = u128::try_from(config.partitions).unwrap_or(1).max(1);
    Ok(Outgoing {
        topic: config.topics.of(Topic::Events).into(),
        partition: i32::try_from(id.uuid().as_u128() % partitions).unwrap_or_default(),
        key: None,
        headers: encoded.headers,
        value: Some(encoded.value),
    })
}
