//! The logs of one partition, opened where its span begins.

use conversation::crashed;
use schemas::topic::Topic;

use super::work::LaunchError;

use crate::log::{LogError, Stretch};
use crate::range::{Manifest, Span};
use crate::recorded::AHEAD_MS;
use crate::run::Logs;
use crate::world::Line;

/// Opens the logs of a span. What is beside `events` is written after what it follows from, so it is found by the range's own times.
pub(super) fn open(line: &Line, manifest: &Manifest, span: Span) -> Result<Logs, LaunchError> {
    let deployment = line.deployment();
    let (config, topics) = (&deployment.kafka, &deployment.topics);
    let partition = span.partition;
    let beside = |topic: Topic, time: i64| -> Result<Box<Stretch>, LogError> {
        Stretch::since(config, &topics.of(topic), partition, time.saturating_sub(AHEAD_MS)).map(Box::new)
    };
    let events = Stretch::span(config, &topics.of(Topic::Events), partition, span.lead..span.end)?;
    Ok(Logs {
        events: Box::new(events),
        decisions: beside(Topic::Decisions, manifest.from.saturating_sub(manifest.warm_up))?,
        requests: beside(Topic::Requests, manifest.from)?,
        answers: beside(Topic::Answers, manifest.from)?,
        crashed: crashed(deployment, partition).map_err(LaunchError::Crashed)?,
    })
}
