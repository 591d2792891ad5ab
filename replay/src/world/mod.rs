//! The candidate's world: the fold of a partition, or of one conversation, with records that the log does not have.

mod made;

use std::sync::Arc;

use conversation::{Bundles, Conversations, Deployment, Folded, Replay, Settings, States, Tap};
use decide::Output;
use pipeline::fold::RefoldError;
use pipeline::kafka::NameError;
use pipeline::{Outgoing, Record};
use schemas::Millis;
use schemas::ids::BundleHash;
use schemas::topic::Topic;

pub use made::{Place, made_offset, outcome, switch};

use crate::range::Outputs;
use crate::run::RunError;
use crate::shadow::Kind;

/// The line whose log is folded.
#[derive(Clone)]
pub struct Line {
    deployment: Deployment,
    settings: Settings,
    bundles: Arc<Bundles>,
    fold: Conversations,
    events: Arc<str>,
    kept: Arc<[(String, Kind)]>,
    outputs: Outputs,
}

/// What one record led to.
#[derive(Debug, Default)]
pub struct Step {
    /// What the line would write, in order.
    pub outputs: Vec<Outgoing>,
    /// What was taken and written, as it is.
    pub folded: Vec<Folded>,
}

impl Step {
    /// The decisions, each with its record.
    pub fn decisions<'a>(
        &'a self,
        line: &Line,
    ) -> impl Iterator<Item = (&'a schemas::decision::Decision, &'a Outgoing)> {
        let told = self.folded.iter().filter_map(|folded| match folded {
            Folded::Output(Output::Decision(decision)) => Some(decision.as_ref()),
            _ => None,
        });
        let is_decision = |output: &&Outgoing| Some(Kind::Decisions) == line_kind(&line.kept, output);
        told.zip(self.outputs.iter().filter(is_decision))
    }
}

fn line_kind(kept: &[(String, Kind)], output: &Outgoing) -> Option<Kind> {
    kept.iter().find(|(topic, _)| **topic == *output.topic).map(|(_, kind)| *kind)
}

impl Line {
    /// A deployment's line with these bundles. `settings` must be those of the line that wrote the log.
    pub fn new(deployment: Deployment, settings: Settings, bundles: Arc<Bundles>) -> Self {
        let kept =
            Topic::ALL.into_iter().filter_map(|topic| Some((deployment.topics.of(topic), Kind::of(topic)?)));
        Self {
            fold: Conversations::new(&deployment, Arc::clone(&bundles)).versioned(),
            events: deployment.topics.of(Topic::Events).into(),
            kept: kept.collect(),
            deployment,
            settings,
            bundles,
            outputs: Outputs::All,
        }
    }

    /// The same line, of which so much is written.
    #[must_use]
    pub fn writing(self, outputs: Outputs) -> Self {
        let fold = match outputs {
            Outputs::All => self.fold.versioned(),
            Outputs::Results => self.fold.bare(),
        };
        Self { fold, outputs, ..self }
    }

    /// What of it is written.
    pub fn outputs(&self) -> Outputs {
        self.outputs
    }

    /// The deployment.
    pub fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    /// Where its bundles come from.
    pub fn bundles(&self) -> &Arc<Bundles> {
        &self.bundles
    }

    /// Topic `events`.
    pub fn events(&self) -> &Arc<str> {
        &self.events
    }

    /// Who says what a replay makes up, in records.
    pub fn source(&self) -> String {
        format!("/huiyin/{}/replay", self.deployment.name)
    }

    /// Where a replay keeps what the fold writes; nowhere, for dead letters.
    pub fn kind(&self, output: &Outgoing) -> Option<Kind> {
        line_kind(&self.kept, output)
    }

    /// The fold, to restore states with.
    pub fn fold(&self) -> Conversations {
        self.fold.clone()
    }
}

/// The fold of one partition, or of one conversation of it.
pub struct World {
    replay: Replay,
    tap: Tap,
    partition: i32,
    events: Arc<str>,
    /// What the records that are made here are told apart by.
    name: String,
    made: u64,
    now: Millis,
}

impl World {
    /// A world that goes on from these states. `name` tells its made records from those of others of the partition.
    ///
    /// # Errors
    /// [`NameError`] when the deployment's name cannot be used.
    pub fn new(line: &Line, partition: i32, name: &str, states: States) -> Result<Self, NameError> {
        let tap = Tap::default();
        let fold = line.fold.clone().tapped(tap.clone());
        let replay = Replay::from_states(&line.deployment, &line.settings, fold, partition, states)?;
        Ok(Self {
            replay,
            tap,
            partition,
            events: Arc::clone(&line.events),
            name: name.to_owned(),
            made: 0,
            now: Millis::MIN,
        })
    }

    /// Names records that the line gave up unfolded.
    pub fn skip_crashed(&mut self, offsets: &[i64]) {
        self.replay.skip_crashed(offsets.iter().copied());
    }

    /// Folds a record.
    ///
    /// # Errors
    /// [`RefoldError`] where the line would stop.
    pub fn feed(&mut self, record: &Record) -> Result<Step, RefoldError> {
        self.now = self.now.max(record.timestamp);
        let outputs = self.replay.feed(record)?;
        Ok(Step { outputs, folded: self.tap.drain() })
    }

    /// Switches to a bundle.
    ///
    /// # Errors
    /// [`RunError`] when it cannot be had.
    pub fn switch(&mut self, line: &Line, bundle: &BundleHash, time: Millis) -> Result<(), RunError> {
        let offset = made_offset(&format!("{}:switch:{bundle}", self.name));
        let place = Place { partition: self.partition, offset, time };
        self.feed(&switch(line.events(), &line.source(), place, bundle)?)?;
        Ok(())
    }

    /// The bundle that holds, if one does.
    pub fn bundle(&self) -> Option<BundleHash> {
        self.states().control.bundle().cloned()
    }

    /// When its earliest timer is due.
    pub fn due(&self) -> Option<Millis> {
        self.replay.due()
    }

    /// The clock record that fires timers which are due then, not before what was folded.
    pub fn clock(&mut self, due: Millis) -> Record {
        self.made += 1;
        let time = due.max(self.now);
        let offset = made_offset(&format!("{}:clock:{time}:{}", self.name, self.made));
        let clock = self.replay.clock(time);
        Place { partition: self.partition, offset, time }.record(&self.events, clock)
    }

    /// Its partition.
    pub fn partition(&self) -> i32 {
        self.partition
    }

    /// The log's time as far as it was folded.
    pub fn now(&self) -> Millis {
        self.now
    }

    /// The states as they are now.
    pub fn states(&self) -> States {
        self.replay.states()
    }
}
