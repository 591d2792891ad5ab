//! How many callbacks may fail.
//!
//! A callback that is not answered with HTTP 200 has failed for Easemob. After delivery Easemob brings it once more at once, and
//! when 90 have failed within 30 s it switches off all callback rules of the app for minutes, those before delivery too. So an
//! instance answers only a small number of callbacks with an error, which lets Easemob repeat them and people notice the cause.
//! Callbacks beyond that number are spared: refused, counted, and answered with 200.
//!
//! For callbacks before delivery Easemob documents no such ban: when one fails, the rule's own fallback decides. Failures that
//! this line is to blame for are bounded all the same. Those that the caller is to blame for are not, since any answer but an
//! error would be a verdict.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use schemas::ids::AppKey;
use tokio::time::Instant;

use crate::config::Stage;

/// Easemob counts failures within this time.
const WITHIN: Duration = Duration::from_secs(30);

/// Who is to blame for a failure. Both are counted apart, so that forged callbacks cannot use up the failures that genuine ones may
/// have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Blame {
    /// The callback cannot be believed or read.
    Caller,
    /// The callback is good, and this line does not take it.
    Line,
}

/// Failures that are counted together.
#[derive(PartialEq, Eq, Hash)]
struct Group {
    /// `None` for callbacks to paths that belong to nothing.
    app: Option<AppKey>,
    stage: Stage,
    blame: Blame,
}

/// Failures of the last 30 s.
pub(crate) struct Failures {
    most: usize,
    recent: Mutex<HashMap<Group, VecDeque<Instant>>>,
}

impl Failures {
    /// At most `most` of each group within 30 s.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, recent: Mutex::default() }
    }

    /// Whether one more may fail; counts it if so.
    pub(crate) fn allow(&self, app: Option<&AppKey>, stage: Stage, blame: Blame) -> bool {
        let now = Instant::now();
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let times = recent.entry(Group { app: app.cloned(), stage, blame }).or_default();
        while times.front().is_some_and(|failed| now.duration_since(*failed) >= WITHIN) {
            times.pop_front();
        }
        let allowed = times.len() < self.most;
        if allowed {
            times.push_back(now);
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn within_any_thirty_seconds_no_more_fail_than_may() {
        let failures = Failures::new(20);
        let app = AppKey::new("acme#support").unwrap();
        let mut failed: Vec<Instant> = Vec::new();
        for _ in 0..2_000 {
            tokio::time::advance(Duration::from_millis(70)).await;
            if failures.allow(Some(&app), Stage::Post, Blame::Line) {
                failed.push(Instant::now());
            }
        }
        assert!(failed.windows(21).all(|times| times[20] - times[0] >= WITHIN));
        assert!(failed.len() >= 80, "{} in 140 s", failed.len());
    }

    #[tokio::test(start_paused = true)]
    async fn apps_stages_and_blame_are_counted_apart() {
        let failures = Failures::new(1);
        let [one, other] = ["acme#support", "acme#sales"].map(|key| AppKey::new(key).unwrap());
        for app in [None, Some(&one), Some(&other)] {
            for stage in [Stage::Pre, Stage::Post] {
                for blame in [Blame::Caller, Blame::Line] {
                    assert!(failures.allow(app, stage, blame));
                    assert!(!failures.allow(app, stage, blame));
                }
            }
        }
        assert!(!Failures::new(0).allow(None, Stage::Post, Blame::Line));
    }
}
