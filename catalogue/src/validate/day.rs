//! Days, as files write them.

use std::time::{Duration, UNIX_EPOCH};

use common::Problems;
use schemas::Millis;
use toml::Spanned;

/// Reads a day into its first moment, UTC.
pub(super) fn day(place: &str, at: &Spanned<String>, problems: &mut Problems) -> Option<Millis> {
    let time = humantime::parse_rfc3339(&format!("{}T00:00:00Z", at.get_ref())).ok();
    let millis = time
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .and_then(|since| i64::try_from(since.as_millis()).ok());
    if millis.is_none() {
        problems.add_at(place, at, format!("{:?} is no day such as 2026-01-01", at.get_ref()));
    }
    millis
}

/// The day of a moment, UTC, as a file has it.
pub fn shown(day: Millis) -> String {
    let time = UNIX_EPOCH + Duration::from_millis(day.max(0).unsigned_abs());
    humantime::format_rfc3339_seconds(time).to_string().chars().take(10).collect()
}
