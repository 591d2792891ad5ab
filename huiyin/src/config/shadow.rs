//! A shadow as a deployment of its own.

use std::time::Duration;

use anyhow::{Context, bail};
use replay::mirror::{self, Shadow};
use schemas::topic::TopicNames;

use super::Config;

/// Longest name of a deployment.
const LONGEST_NAME: usize = 64;

/// How long a step of a shadow waits for more records: nobody waits for its answers, and the line has the same brokers.
const GATHERING: Duration = Duration::from_millis(200);

impl Config {
    /// The checked section `[shadow]`.
    ///
    /// # Errors
    /// When it is missing, or anything of it is wrong.
    pub(crate) fn shadow(&self) -> anyhow::Result<Shadow> {
        let raw = self.shadow.as_ref().context("section [shadow] is missing")?;
        Ok(mirror::validate(raw).map_err(|found| self.bad(found))?)
    }

    /// The shadow's candidate under names of its own: its bundle, and what it says of models or else what is said here, at this deployment's
    /// brokers. It has no section of a sink.
    ///
    /// # Errors
    /// When the candidate's file is not in order.
    pub(crate) fn shadowed(&self, shadow: &Shadow) -> anyhow::Result<Self> {
        let path = self.folder().join(&shadow.candidate);
        let deployment = format!("{}-shadow-{}", self.deployment, shadow.name);
        if deployment.len() > LONGEST_NAME {
            bail!(
                "name the shadow: {deployment:?} has more than {LONGEST_NAME} characters, take a shorter shadow.name"
            );
        }
        let candidate = Self::read(&path, Some(self.ordinal.to_string()), crate::variable)?;
        Ok(Self {
            deployment,
            partitions: self.partitions,
            replication: self.replication,
            topics: TopicNames::new(format!("{}shadow.{}.", self.topics.prefix(), shadow.name)),
            kafka: self.kafka.clone().gathering(GATHERING),
            decide: self.decide.clone(),
            call: candidate.call.clone().or_else(|| self.call.clone()),
            ingest: None,
            deliver: None,
            account: None,
            shadow: None,
            ..candidate
        })
    }
}
