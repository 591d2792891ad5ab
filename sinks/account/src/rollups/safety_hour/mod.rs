//! `safety_hour`: what the filter found, by hour.

use super::{Measure, Rollup, View};
use crate::tables::{Definition, Migration};

pub(super) const SAFETY_HOUR: Rollup = Rollup {
    definition: Definition {
        name: "safety_hour",
        row: "what the filter found in one hour, by rule and place",
        retention_days: 400,
        moment: "hour",
        migrations: &[
            Migration {
                number: 27,
                name: "0027_safety_hour",
                template: include_str!("0027_safety_hour.sql"),
            },
            Migration {
                number: 28,
                name: "0028_safety_hour_of_events",
                template: include_str!("0028_safety_hour_of_events.sql"),
            },
        ],
        counts: None,
    },
    views: &[View {
        name: "safety_hour_of_events",
        of: "safety_events",
        template: include_str!("0028_safety_hour_of_events.sql"),
        measures: &[
            Measure { name: "hits", facts: "count()", rollup: "sum(hits)" },
            Measure { name: "spots", facts: "sum(toInt64(places))", rollup: "sum(spots)" },
        ],
    }],
    keys: "app, hour, category, rule, direction, place, action, shadow",
    sums: "sum(hits), sum(spots), uniqExactMerge(users), uniqExactMerge(conversations)",
};
