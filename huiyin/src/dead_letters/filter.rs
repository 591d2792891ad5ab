//! The conditions by which dead letters are chosen.

use clap::Args;

use super::dead_letter::DeadLetter;
use crate::timestamp::Timestamp;

/// Conditions; a dead letter must meet all of them.
#[derive(Debug, Args)]
pub(crate) struct Filter {
    /// Given up at this time or later: 2026-01-31T08:00:00Z, or 2h ago as 2h
    #[arg(long)]
    pub(super) since: Option<Timestamp>,
    /// Given up before this time
    #[arg(long)]
    pub(super) until: Option<Timestamp>,
    /// Given up by this step
    #[arg(long)]
    pub(super) step: Option<String>,
    /// Given up for this reason
    #[arg(long)]
    pub(super) reason: Option<String>,
    /// Read from this topic, without the deployment's prefix
    #[arg(long)]
    pub(super) topic: Option<String>,
}

impl Filter {
    /// Whether a dead letter meets the conditions. `prefix` is the prefix of the deployment's topics.
    pub(super) fn passes(&self, letter: &DeadLetter, prefix: &str) -> bool {
        let at = letter.record.timestamp;
        let is = |asked: &Option<String>, found: &str| asked.as_deref().is_none_or(|asked| asked == found);
        self.since.is_none_or(|Timestamp(since)| at >= since)
            && self.until.is_none_or(|Timestamp(until)| at < until)
            && is(&self.step, &letter.step)
            && is(&self.reason, &letter.reason)
            && is(&self.topic, letter.source.topic.strip_prefix(prefix).unwrap_or(&letter.source.topic))
    }
}
