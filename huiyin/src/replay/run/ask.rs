//! What was asked of a replay, and the manifest that it comes to.

use std::time::Duration;

use ::replay::launch::snapshot;
use ::replay::range::{Arguments, Candidate as Tried, FORM, Manifest, Times, bounds};
use ::replay::results;
use anyhow::{Context, anyhow, bail};
use schemas::topic::Topic;

use super::set::{Set, WARM_UP};
use super::{Candidate, From, Run};
use crate::config::Config;
use crate::timestamp::Timestamp;

impl Run {
    /// What decides the outcome, as it was written.
    pub(super) fn arguments(
        &self,
        config: &Config,
        candidate: Option<&Candidate>,
        set: Option<&Set>,
    ) -> anyhow::Result<Arguments> {
        let mut apps: Vec<String> = self.apps.iter().map(ToString::to_string).collect();
        apps.sort();
        apps.dedup();
        if self.fork_at.is_some() && self.models == From::Recorded {
            bail!("--fork-at says from which turn on models are asked, and --models recorded asks none");
        }
        let tried = |candidate: &Candidate| Tried {
            name: candidate.name.clone(),
            bundle: candidate.hash.to_string(),
        };
        // What a data set is of, the data set says.
        let begin = self.from.clone().or_else(|| set.map(|set| set.from.clone()));
        let end = self.to.clone().or_else(|| set.map(|set| set.to.clone()));
        let by_default = set.filter(|_| self.state.is_none()).map(|_| WARM_UP.to_owned());
        let warm_up = self.warm_up.clone().or(by_default);
        Ok(Arguments {
            from: begin.context("--from is missing")?,
            to: end.context("--to is missing")?,
            apps,
            sample: self.sample.as_ref().map(|sample| sample.0.clone()),
            dataset: set.map(|set| set.named.clone()),
            candidate: candidate.map(tried),
            models: results::Models::from(self.models),
            fork_at: self.fork_at,
            warm_up,
            state: self
                .state
                .as_deref()
                .map(|folder| snapshot::hash(folder, config.partitions))
                .transpose()?,
            outputs: self.outputs.into(),
        })
    }

    /// The times of the range.
    pub(super) fn times(arguments: &Arguments) -> anyhow::Result<Times> {
        let time = |what: &str, text: &str| {
            text.parse::<Timestamp>().map(|time| time.0).map_err(|error| anyhow!("read {what}: {error}"))
        };
        let warm_up = arguments.warm_up.as_deref().map(humantime::parse_duration).transpose();
        let warm_up = warm_up.context("read --warm-up: it is no duration such as 2h")?;
        let times = Times {
            from: time("--from", &arguments.from)?,
            to: time("--to", &arguments.to)?,
            warm_up: millis(warm_up.unwrap_or_default()),
        };
        if times.to <= times.from {
            bail!("--to {} is not after --from {}", arguments.to, arguments.from);
        }
        Ok(times)
    }

    /// The manifest: what was asked for, with the offsets that it comes to now. Blocks.
    pub(super) fn manifest(
        &self,
        config: &Config,
        arguments: Arguments,
        incarnation: String,
    ) -> anyhow::Result<Manifest> {
        let times = Self::times(&arguments)?;
        let mut spans = bounds(&config.kafka, &config.topics.of(Topic::Events), config.partitions, times)?;
        let mut warm_up = times.warm_up;
        if let Some(folder) = &self.state {
            for span in &mut spans {
                let place = snapshot::place(folder, span.partition)?;
                if place.incarnation != incarnation || place.offset > span.first {
                    bail!(
                        "the snapshot in {} is of other topics, or of a time after --from",
                        folder.display()
                    );
                }
                (span.lead, span.warm) = (place.offset, place.offset);
                warm_up = warm_up.max(times.from.saturating_sub(place.at));
            }
        }
        Ok(Manifest {
            form: FORM,
            name: self.name.clone(),
            arguments,
            from: times.from,
            to: times.to,
            warm_up,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            engine: ::safety::ENGINE,
            incarnation,
            spans,
        })
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
