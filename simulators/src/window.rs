//! Amounts spent within a window of time, as the vendors' limits count them.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Which amounts a limit counts together. No vendor documents which it uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Counting {
    /// Those of the last window, whenever it begins.
    #[default]
    Sliding,
    /// Those of one second, or one minute, of the clock.
    Fixed,
}

/// A limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) most: u32,
    pub(crate) window_ms: u64,
    pub(crate) counting: Counting,
}

/// What was spent under one limit.
#[derive(Debug, Default)]
pub(crate) struct Window {
    spent: VecDeque<(u64, u64)>,
    used: u64,
}

impl Window {
    /// Whether an amount fits now.
    pub(crate) fn fits(&mut self, amount: u64, limit: Limit, now_ms: u64) -> bool {
        let is_over = |at: u64| match limit.counting {
            Counting::Sliding => at + limit.window_ms <= now_ms,
            Counting::Fixed => at / limit.window_ms < now_ms / limit.window_ms,
        };
        while let Some((_, amount)) = self.spent.pop_front_if(|(at, _)| is_over(*at)) {
            self.used -= amount;
        }
        self.used + amount <= u64::from(limit.most)
    }

    /// Spends an amount, fitting or not.
    pub(crate) fn spend(&mut self, amount: u64, now_ms: u64) {
        self.spent.push_back((now_ms, amount));
        self.used += amount;
    }

    /// Spends an amount if it fits.
    pub(crate) fn take(&mut self, amount: u64, limit: Limit, now_ms: u64) -> bool {
        let fits = self.fits(amount, limit, now_ms);
        if fits {
            self.spend(amount, now_ms);
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::{Counting, Limit, Window};

    fn taken(counting: Counting, at: &[u64]) -> Vec<bool> {
        let (mut window, limit) = (Window::default(), Limit { most: 2, window_ms: 1_000, counting });
        at.iter().map(|at| window.take(1, limit, *at)).collect()
    }

    #[test]
    fn a_sliding_second_has_no_border_to_double_the_limit_at() {
        let at = [900, 950, 1_000, 1_050, 1_899, 1_900, 1_950];
        assert_eq!(taken(Counting::Sliding, &at), [true, true, false, false, false, true, true]);
    }

    #[test]
    fn a_fixed_second_begins_anew_with_the_clock() {
        let at = [900, 950, 999, 1_000, 1_050, 1_100, 2_000];
        assert_eq!(taken(Counting::Fixed, &at), [true, true, false, true, true, false, true]);
    }

    #[test]
    fn what_is_refused_is_not_counted_and_amounts_fit_whole_or_not_at_all() {
        let limit = Limit { most: 5, window_ms: 60_000, counting: Counting::Sliding };
        let mut window = Window::default();
        let taken =
            [(3, 0), (3, 1), (2, 2), (1, 3), (3, 60_000)].map(|(amount, at)| window.take(amount, limit, at));
        assert_eq!(taken, [true, false, true, false, true]);
    }
}
