//! Reads the log in several threads, each with partitions of its own.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use pipeline::kafka::Reader;
use schemas::topic::Topic;

use super::Range;
use super::judge::{Filter, Found, Stopped};
use crate::config::Config;
use crate::scan::{Part, scan};

/// What a message leads to is looked for until so long after the range, in milliseconds.
const FOLLOWS_WITHIN: i64 = 60 * 60 * 1_000;

/// What the log has of a range.
#[derive(Debug, Default)]
pub(super) struct Scanned {
    pub(super) messages: u64,
    pub(super) answers: u64,
    /// By conversation, then in the log's order.
    pub(super) stopped: Vec<Stopped>,
    pub(super) took: Duration,
}

/// Judges everything in a range.
///
/// # Errors
/// When the brokers do not answer, or a record cannot be read.
pub(super) fn read(config: &Config, filter: &Filter, range: Range) -> anyhow::Result<Scanned> {
    let begun = Instant::now();
    let partitions: Vec<i32> = (0..config.partitions).collect();
    let threads = thread::available_parallelism().map_or(1, usize::from).clamp(1, partitions.len().max(1));
    let shares = partitions.chunks(partitions.len().div_ceil(threads).max(1));
    let found: Vec<anyhow::Result<Found>> = thread::scope(|scope| {
        let running: Vec<_> = shares
            .map(|share| {
                scope.spawn(move || {
                    share
                        .iter()
                        .map(|one| of_partition(config, filter, range, *one))
                        .collect::<anyhow::Result<Vec<_>>>()
                })
            })
            .collect();
        let ended = running.into_iter().map(|thread| {
            thread.join().map_err(|_| anyhow!("judge: a thread ended unexpectedly")).and_then(|found| {
                let mut all = Found::default();
                found?.into_iter().for_each(|one| all.add(one));
                Ok(all)
            })
        });
        ended.collect()
    });
    let mut all = Found::default();
    for one in found {
        all.add(one?);
    }
    let Found { messages, answers, mut stopped, .. } = all;
    stopped.sort_by_key(|stopped| (stopped.speaker, stopped.conversation.to_string()));
    Ok(Scanned { messages, answers, stopped, took: begun.elapsed() })
}

/// Events first; the other topics only if something was found that they may speak for.
fn of_partition(config: &Config, filter: &Filter, range: Range, partition: i32) -> anyhow::Result<Found> {
    let mut found = Found::default();
    let span = |topic: Topic, to: i64| -> anyhow::Result<Part> {
        let reader = Reader::open(&config.kafka, &config.topics.of(topic))?;
        Ok(Part::Span(reader.offset_at(partition, range.from)?, reader.offset_at(partition, to)?))
    };
    let events = span(Topic::Events, range.to)?;
    scan(config, Topic::Events, &[(partition, events)], |record| filter.event(&mut found, record))?;
    if found.waits_for_answers() {
        // Up to the end of the log: it may have been taken back at any time.
        let answers = Part::Since(range.from);
        scan(config, Topic::Answers, &[(partition, answers)], |record| found.let_out(record))?;
        found.settle();
    }
    if found.waits_for_decisions() {
        let decisions = span(Topic::Decisions, range.to.saturating_add(FOLLOWS_WITHIN))?;
        scan(config, Topic::Decisions, &[(partition, decisions)], |record| found.decided(record))?;
        found.settle();
    }
    Ok(found)
}
