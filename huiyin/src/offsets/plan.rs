//! The pure part of a reset: which records it would run again and which it would leave out.

use std::ops::RangeInclusive;

use pipeline::call::Progress;
use pipeline::offsets::Said;

/// Number of offsets, markers of transactions included: at least as many as records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Effect {
    /// Done before, and would be run again.
    pub(super) again: i64,
    /// Possibly done before: they are in a range that was open.
    pub(super) perhaps: i64,
    /// Not done before, and would never be.
    pub(super) skipped: i64,
}

impl Effect {
    /// Both together.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            again: self.again + other.again,
            perhaps: self.perhaps + other.perhaps,
            skipped: self.skipped + other.skipped,
        }
    }
}

/// What comes of going on at `to` instead of at `from`, of which `said` is known if it can be read.
pub(super) fn effect(from: i64, said: Option<&Said>, to: i64) -> Effect {
    let mut effect = Effect { again: (from - to).max(0), perhaps: 0, skipped: (to - from).max(0) };
    match said {
        Some(Said::Call(progress)) => {
            let split = to.clamp(progress.base, progress.high);
            effect.again += done(progress, split..=progress.high);
            effect.skipped -= done(progress, progress.base..=split);
        }
        Some(Said::Batch { pending: Some((first, last)), .. }) => {
            effect.perhaps = (last + 1 - to.max(*first)).max(0);
        }
        Some(Said::Batch { pending: None, .. } | Said::Fold { .. }) | None => {}
    }
    effect
}

/// Finished offsets from the start of a stretch up to before its end, both within the map.
fn done(progress: &Progress, stretch: RangeInclusive<i64>) -> i64 {
    let (from, to) = stretch.into_inner();
    let incomplete = progress.incomplete.range(from..to).count();
    (to - from) - i64::try_from(incomplete).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use pipeline::call::Mark;

    use super::*;

    fn effect_of(said: &Said, to: i64) -> (i64, i64, i64) {
        let Effect { again, perhaps, skipped } = effect(10, Some(said), to);
        (again, perhaps, skipped)
    }

    #[test]
    fn what_is_done_ahead_of_the_frontier_runs_again_or_is_no_loss() {
        let incomplete = [10, 12, 15].map(|offset| (offset, Mark::default())).into();
        let said =
            Said::Call(Progress { high: 20, clean: false, exact: false, incomplete, ..Progress::fresh(10) });
        // Done: everything below 10, and 11, 13, 14, 16 to 19.
        assert_eq!(effect_of(&said, 10), (7, 0, 0));
        assert_eq!(effect_of(&said, 4), (6 + 7, 0, 0));
        assert_eq!(effect_of(&said, 13), (6, 0, 2));
        assert_eq!(effect_of(&said, 20), (0, 0, 3));
        assert_eq!(effect_of(&said, 25), (0, 0, 3 + 5));
    }

    #[test]
    fn an_open_range_may_be_stored_already() {
        let said = Said::Batch { pending: Some((10, 19)), builder: 1 };
        assert_eq!(effect_of(&said, 10), (0, 10, 0));
        assert_eq!(effect_of(&said, 7), (3, 10, 0));
        assert_eq!(effect_of(&said, 15), (0, 5, 5));
        assert_eq!(effect_of(&said, 20), (0, 0, 10));
    }

    #[test]
    fn a_fold_and_metadata_that_cannot_be_read_count_by_the_offset_alone() {
        let said = Said::Fold { running: true, attempts: 0, window: 16 };
        assert_eq!(effect_of(&said, 4), (6, 0, 0));
        assert_eq!(effect(10, None, 13), Effect { skipped: 3, ..Effect::default() });
    }
}
