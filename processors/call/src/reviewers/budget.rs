//! What apps may spend on reviews: counted here, since no fold sees the reviews of a whole app.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use catalogue::ReviewPolicy;
use schemas::ids::AppKey;
use tokio::time::Instant;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// Reviews of this process by app, within a minute and within a day.
#[derive(Debug)]
pub(crate) struct Budget(Mutex<State>);

#[derive(Debug)]
struct State {
    /// This instance's part of every budget.
    share: f64,
    used: BTreeMap<AppKey, [Window; 2]>,
}

/// Reviews since a time.
#[derive(Debug, Clone, Copy)]
struct Window {
    since: Instant,
    reviews: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self(Mutex::new(State { share: 1.0, used: BTreeMap::new() }))
    }
}

impl Budget {
    pub(crate) fn set_share(&self, share: f64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).share = share;
    }

    /// Takes one review, unless this instance's part of a budget is used up. It may always have one.
    pub(crate) fn take(&self, app: &AppKey, policy: &ReviewPolicy) -> bool {
        let now = Instant::now();
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let share = state.share;
        let windows = state.used.entry(app.clone()).or_insert([Window { since: now, reviews: 0 }; 2]);
        let limits = [(policy.per_minute, MINUTE), (policy.per_day, DAY)];
        let mut is_free = true;
        for (window, (most, length)) in windows.iter_mut().zip(limits) {
            if now.duration_since(window.since) >= length {
                *window = Window { since: now, reviews: 0 };
            }
            let most = most.map(|most| ((f64::from(most) * share) as u32).max(1));
            is_free &= most.is_none_or(|most| window.reviews < most);
        }
        if is_free {
            windows.iter_mut().for_each(|window| window.reviews = window.reviews.saturating_add(1));
        }
        is_free
    }
}

#[cfg(test)]
mod tests {
    use catalogue::reviewer::Fallback;
    use schemas::ids::TargetName;

    use super::*;

    fn policy(per_minute: Option<u32>, per_day: Option<u32>) -> ReviewPolicy {
        ReviewPolicy {
            reviewer: TargetName::new("cloud").unwrap(),
            within_ms: 1,
            when_away: Fallback::Block,
            controversial: Fallback::Block,
            text: None,
            per_minute,
            per_day,
            charged: false,
            answers: catalogue::ReviewTime::Before,
        }
    }

    fn app(name: &str) -> AppKey {
        AppKey::new(name).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_budget_is_an_apps_own_and_is_there_again_after_its_time() {
        let (budget, policy) = (Budget::default(), policy(Some(2), Some(3)));
        let take = |name: &str| budget.take(&app(name), &policy);
        assert_eq!([take("a#b"), take("a#b"), take("a#b"), take("a#c")], [true, true, false, true]);
        tokio::time::advance(MINUTE).await;
        assert_eq!([take("a#b"), take("a#b")], [true, false], "the day's is used up");
        tokio::time::advance(DAY).await;
        assert!(take("a#b"));
    }

    #[tokio::test(start_paused = true)]
    async fn an_instance_has_its_part_and_one_review_in_any_case() {
        let (budget, policy) = (Budget::default(), policy(Some(8), None));
        let taken = |name: &str| (0..20).filter(|_| budget.take(&app(name), &policy)).count();
        budget.set_share(0.25);
        assert_eq!(taken("a#b"), 2);
        budget.set_share(0.0);
        assert_eq!(taken("a#c"), 1);
        assert!((0..1_000).all(|_| budget.take(&app("a#d"), &super::tests::policy(None, None))));
    }
}
