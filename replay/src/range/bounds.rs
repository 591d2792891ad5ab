//! The offsets of times, asked once when a replay is launched: the log goes on, the replay's range does not.

use pipeline::kafka::{self, Config, Reader};
use schemas::Millis;
use schemas::conditions::LASTS_MS;

use super::Span;

/// The times of a range, in milliseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// When its first record was appended.
    pub from: Millis,
    /// When it ends.
    pub to: Millis,
    /// How long before it folding starts.
    pub warm_up: Millis,
}

/// Bounds that cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum BoundsError {
    /// It ends before it begins.
    #[error("the range ends before it begins")]
    Backwards,
    /// The brokers do not say.
    #[error("look offsets up in {topic}")]
    Ask {
        /// The topic.
        topic: String,
        /// What they say.
        #[source]
        source: kafka::Error,
    },
}

impl BoundsError {
    /// A closed label for counters.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Backwards => "backwards",
            Self::Ask { .. } => "ask",
        }
    }
}

/// What is read of every partition of `topic`. Blocks.
///
/// # Errors
/// [`BoundsError`].
pub fn bounds(config: &Config, topic: &str, partitions: i32, times: Times) -> Result<Vec<Span>, BoundsError> {
    if times.to < times.from {
        return Err(BoundsError::Backwards);
    }
    let ask = |source| BoundsError::Ask { topic: topic.to_owned(), source };
    let reader = Reader::open(config, topic).map_err(ask)?;
    let span = |partition| {
        let at = |millis: Millis| reader.offset_at(partition, millis.max(0));
        let first = at(times.from)?;
        let end = at(times.to)?.max(first);
        let warmed = times.from.saturating_sub(times.warm_up);
        let warm = if times.warm_up > 0 { at(warmed)?.min(first) } else { first };
        let lead = at(warmed.saturating_sub(LASTS_MS))?.min(warm);
        Ok(Span { partition, lead, warm, first, end })
    };
    (0..partitions).map(span).collect::<Result<_, _>>().map_err(ask)
}
