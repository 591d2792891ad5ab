//! Which dead letters are meant.

use clap::Args;

use super::letter::Letter;
use crate::moment::Moment;

/// Conditions that must all hold.
#[derive(Debug, Args)]
pub(crate) struct Filter {
    /// Given up at this moment or later: 2026-01-31T08:00:00Z, or 2h ago as 2h
    #[arg(long)]
    pub(super) since: Option<Moment>,
    /// Given up before this moment
    #[arg(long)]
    pub(super) until: Option<Moment>,
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
    /// Whether it lets a letter through; `prefix` is that of the deployment's topics.
    pub(super) fn passes(&self, letter: &Letter, prefix: &str) -> bool {
        let at = letter.record.timestamp;
        let is = |asked: &Option<String>, found: &str| asked.as_deref().is_none_or(|asked| asked == found);
        self.since.is_none_or(|Moment(since)| at >= since)
            && self.until.is_none_or(|Moment(until)| at < until)
            && is(&self.step, &letter.step)
            && is(&self.reason, &letter.reason)
            && is(&self.topic, letter.source.0.strip_prefix(prefix).unwrap_or(&letter.source.0))
    }
}
