//! How many callbacks may fail. Easemob switches off all callback rules of an app for minutes, those before delivery too, when
//! 90 callbacks after delivery have failed within 30 s; what is not HTTP 200 has failed, and is brought once more at once. So
//! an error is told while it can do no harm, which is when it may bring the callback again or find somebody who mends the
//! cause; behind a bound that instances together stay below, callbacks are spared: refused, counted, and answered 200.
//!
//! Easemob documents no such end for callbacks before delivery: there a failure lets the rule's own fallback decide. What
//! this line cannot take is bounded all the same; what the caller is to blame for is not, for any other answer to it would
//! be a verdict.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use schemas::ids::AppKey;
use tokio::time::Instant;

use crate::config::Stage;

/// Easemob counts failures within this time.
const WITHIN: Duration = Duration::from_secs(30);

/// Who is to blame for a failure. They are counted apart, so that nobody can use up with forged callbacks what is there for
/// true ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Blame {
    /// It cannot be believed or read.
    Caller,
    /// It can, and is not taken.
    Line,
}

/// Whose failures are counted together; callbacks to paths that nothing answers are of no app.
type Whose = (Option<AppKey>, Stage, Blame);

/// Failures of the last 30 s.
pub(crate) struct Failures {
    most: usize,
    recent: Mutex<HashMap<Whose, VecDeque<Instant>>>,
}

impl Failures {
    /// At most so many of each kind.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, recent: Mutex::default() }
    }

    /// Whether one more may fail; counts it if so.
    pub(crate) fn allow(&self, app: Option<&AppKey>, stage: Stage, blame: Blame) -> bool {
        let now = Instant::now();
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let times = recent.entry((app.cloned(), stage, blame)).or_default();
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
