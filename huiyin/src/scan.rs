//! Reads parts of topics once, in order, up to an end that is fixed when reading starts.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use pipeline::Record;
use pipeline::kafka::{Read, Reader};
use schemas::line::Line;
use schemas::topic::Topic;

use crate::config::Config;

/// Reading fails when no record came for this long.
const SILENCE: Duration = Duration::from_secs(30);

/// Which records of a partition are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// All.
    All,
    /// Those that were appended at this time, in milliseconds since the epoch, or later.
    Since(i64),
    /// Those from one offset on and before another.
    Span(i64, i64),
}

/// Hands every record of these parts on that is one of the real line. What a replay wrote, and somebody copied here, is none.
///
/// # Errors
/// When the brokers do not answer, or `take` fails.
pub(crate) fn scan(
    config: &Config,
    topic: Topic,
    parts: &[(i32, Part)],
    take: impl FnMut(&Record) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    scan_line(&Line::Real, config, topic, parts, take)
}

/// As [`scan`], the records of another line.
///
/// # Errors
/// As [`scan`].
pub(crate) fn scan_line(
    line: &Line,
    config: &Config,
    topic: Topic,
    parts: &[(i32, Part)],
    mut take: impl FnMut(&Record) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let name = config.topics.of(topic);
    let mut reader = Reader::open(&config.kafka, &name).context("connect")?;
    for (partition, part) in parts {
        match *part {
            Part::All => reader.add(*partition, 0)?,
            Part::Since(since) => reader.add_since(*partition, since)?,
            Part::Span(first, end) => reader.add_span(*partition, first, end)?,
        }
    }
    let mut last = Instant::now();
    while !reader.is_done() {
        match reader.poll(Duration::from_millis(100)).with_context(|| format!("read {name}"))? {
            Read::Record(record) => {
                last = Instant::now();
                if line.admit(|name| record.header(name)).is_err() {
                    continue;
                }
                take(&record)
                    .with_context(|| format!("read {name}/{}@{}", record.partition, record.offset))?;
            }
            Read::End(_) => last = Instant::now(),
            Read::Nothing if last.elapsed() > SILENCE => bail!("read {name}: nothing came for 30 s"),
            Read::Nothing => {}
        }
    }
    Ok(())
}
