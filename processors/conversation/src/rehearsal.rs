//! A log of one partition in memory, in virtual time: what the line would decide on events that never were.

use std::sync::Arc;

use decide::Output;
use pipeline::fold::RefoldError;
use pipeline::kafka::NameError;
use pipeline::{Headers, Outgoing, Record};
use schemas::Millis;
use schemas::event::{ConfigSwitch, Event};
use schemas::ids::BundleHash;
use schemas::topic::{Topic, TopicNames};
use schemas::wire::{self, EncodeError};

use crate::written::{Unread, output};
use crate::{Bundles, Conversations, Deployment, Replay, Settings};

/// The partition that all of it is in.
const PARTITION: i32 = 0;

/// A log that grows by what is appended to it, folded as the line folds it.
pub struct Rehearsal {
    replay: Replay,
    topics: TopicNames,
    source: String,
    offset: i64,
    now: Millis,
}

/// Something that the line would not fold.
#[derive(Debug, thiserror::Error)]
pub enum RehearsalError {
    /// The deployment's name cannot be used.
    #[error(transparent)]
    Name(#[from] NameError),
    /// An event breaks the rules of its record.
    #[error(transparent)]
    Event(#[from] EncodeError),
    /// The fold stops at a record.
    #[error(transparent)]
    Fold(#[from] RefoldError),
    /// What the fold wrote cannot be read, or is a dead letter.
    #[error(transparent)]
    Unread(#[from] Unread),
}

impl RehearsalError {
    /// A closed label for counters.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Name(_) => "name",
            Self::Event(_) => "event",
            Self::Fold(_) => "fold",
            Self::Unread(_) => "unread",
        }
    }
}

impl Rehearsal {
    /// A log that begins at `now` with this bundle of `bundles`. Its decisions tell of every rule that was looked at, and are otherwise those of the
    /// running line. `deployment` lends its names; its brokers are not asked.
    ///
    /// # Errors
    /// [`RehearsalError`] when the bundle cannot be used.
    pub fn new(
        deployment: &Deployment,
        settings: &Settings,
        bundles: &Arc<Bundles>,
        bundle: BundleHash,
        now: Millis,
    ) -> Result<Self, RehearsalError> {
        let deployment = Deployment { partitions: 1, ..deployment.clone() };
        let fold = Conversations::new(&deployment, Arc::clone(bundles)).telling_all();
        let mut rehearsal = Self {
            replay: Replay::new(&deployment, settings, fold, PARTITION)?,
            topics: deployment.topics.clone(),
            source: format!("/huiyin/{}/rehearsal", deployment.name),
            offset: 0,
            now,
        };
        rehearsal.append(&Event::Config(ConfigSwitch { bundle, at: now }))?;
        Ok(rehearsal)
    }

    /// The time, in milliseconds since the epoch.
    pub fn now(&self) -> Millis {
        self.now
    }

    /// When the earliest timer fires.
    pub fn due(&self) -> Option<Millis> {
        self.replay.due()
    }

    /// Appends an event at the present time. Gives what the line writes for it.
    ///
    /// # Errors
    /// [`RehearsalError`] when the line would not fold it.
    pub fn append(&mut self, event: &Event) -> Result<Vec<Output>, RehearsalError> {
        let encoded = wire::encode(event, &self.source)?;
        self.feed(encoded.key, Headers::from_iter(encoded.headers), Some(encoded.value))
    }

    /// Lets time pass until then, with every timer that comes due. Gives what the line writes meanwhile.
    ///
    /// # Errors
    /// [`RehearsalError`] when the line would stop.
    pub fn pass_until(&mut self, until: Millis) -> Result<Vec<Output>, RehearsalError> {
        let mut written = Vec::new();
        while let Some(due) = self.due().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            let Outgoing { key, headers, value, .. } = self.replay.clock(self.now);
            written.extend(self.feed(key, Headers::from_iter(headers), value)?);
        }
        self.now = self.now.max(until);
        Ok(written)
    }

    fn feed(
        &mut self,
        key: Option<Vec<u8>>,
        headers: Headers,
        value: Option<Vec<u8>>,
    ) -> Result<Vec<Output>, RehearsalError> {
        let record = Record {
            topic: self.topics.of(Topic::Events).into(),
            partition: PARTITION,
            offset: self.offset,
            timestamp: self.now,
            key,
            headers,
            value,
        };
        self.offset += 1;
        let written = self.replay.feed(&record)?;
        Ok(written.iter().map(|written| output(&self.topics, written)).collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
mod tests;
