//! What columns can hold of what records say.

use pipeline::Refused;
use schemas::Millis;
use schemas::request::RouteMark;

use crate::view;

/// The store's seconds end in 2106; nothing of ours is later.
const LAST_TIMESTAMP: Millis = u32::MAX as Millis * 1_000;

/// A time that decides partition and expiry of a row.
///
/// # Errors
/// A dead letter when the store has no such time.
pub(crate) fn timestamp(time: Millis) -> Result<Millis, Refused> {
    foreign_timestamp(time).ok_or(Refused::DeadLetter { reason: "time_out_of_range" })
}

/// A time that somebody else told; `None` when the store has no such time.
pub(crate) fn foreign_timestamp(time: Millis) -> Option<Millis> {
    (0..=LAST_TIMESTAMP).contains(&time).then_some(time)
}

/// The length of a list.
pub(crate) fn count(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

/// The digits of `Decimal(38, 12)`, the type of every amount.
const LARGEST_PICO: u128 = 10u128.pow(38) - 1;

/// An amount in 10⁻¹², unless it is larger than a column holds, which would cut it silently. No price times any number of tokens that we
/// accept is that large.
pub(crate) fn amount(pico: i128) -> Option<i128> {
    Some(pico).filter(|pico| pico.unsigned_abs() <= LARGEST_PICO)
}

/// What chose the targets, as columns have it; all of it empty where nobody says.
#[derive(Debug, Default)]
pub(crate) struct Marked<'a> {
    pub(crate) rule: &'a str,
    pub(crate) class: &'a str,
    /// `experiment=arm`, by the names of the experiments.
    pub(crate) arms: Vec<String>,
}

impl<'a> Marked<'a> {
    /// Of a request that ended.
    pub(crate) fn of(mark: Option<&'a view::RouteMark<'_>>) -> Self {
        let Some(mark) = mark else { return Self::default() };
        Self {
            rule: &mark.rule,
            class: mark.class.as_deref().unwrap_or_default(),
            arms: arms(mark.arms.iter().map(|(experiment, arm)| (&**experiment, &**arm))),
        }
    }

    /// Of a call whose cost is corrected.
    pub(crate) fn of_corrected(mark: Option<&'a RouteMark>) -> Self {
        let Some(mark) = mark else { return Self::default() };
        Self {
            rule: &mark.rule,
            class: mark.class.as_deref().unwrap_or_default(),
            arms: arms(mark.arms.iter().map(|(experiment, arm)| (experiment.as_str(), arm.as_str()))),
        }
    }
}

/// `experiment=arm` of each.
pub(crate) fn arms<'a>(arms: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<String> {
    arms.into_iter().map(|(experiment, arm)| format!("{experiment}={arm}")).collect()
}
