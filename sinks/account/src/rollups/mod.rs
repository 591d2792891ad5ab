//! The rollups: sums over facts that the store keeps itself, by materialized views. Each is a folder with its definition and the views that
//! fill it, and a line in [`ROLLUPS`]. Every view reads facts, none another rollup, so that one fault cannot spread. What a view adds for a
//! block is deduplicated by the block's token as the block is.

mod rollup;
mod safety_hour;
mod usage_hour;
mod usage_minute;
mod user_day;
mod whereabouts;

pub(crate) use rollup::{Measure, Rollup, View};

/// Every rollup.
pub(crate) const ROLLUPS: &[&Rollup] = &[
    &usage_minute::USAGE_MINUTE,
    &usage_hour::USAGE_HOUR,
    &user_day::USER_DAY,
    &safety_hour::SAFETY_HOUR,
    &whereabouts::WHEREABOUTS,
];
