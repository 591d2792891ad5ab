//! `usage_hour`: calls by hour, for months and years.

use super::{Measure, Rollup, View};
use crate::tables::{Definition, Migration};

pub(super) const USAGE_HOUR: Rollup = Rollup {
    definition: Definition {
        name: "usage_hour",
        row: "calls, tokens, cost and times of one hour, by model, rule, arm and how the calls ended",
        retention_days: 1825,
        moment: "hour",
        migrations: &[
            Migration { number: 21, name: "0021_usage_hour", template: include_str!("0021_usage_hour.sql") },
            Migration {
                number: 22,
                name: "0022_usage_hour_of_calls",
                template: include_str!("0022_usage_hour_of_calls.sql"),
            },
        ],
        counts: None,
    },
    views: &[View {
        name: "usage_hour_of_calls",
        of: "model_calls",
        template: include_str!("0022_usage_hour_of_calls.sql"),
        measures: &[
            Measure { name: "calls", facts: "sum(toInt64(calls))", rollup: "sum(calls)" },
            Measure { name: "cost", facts: "sum(ifNull(cost, 0))", rollup: "sum(cost)" },
            Measure {
                name: "tokens_input",
                facts: "sum(ifNull(tokens_input, 0))",
                rollup: "sum(tokens_input)",
            },
            Measure {
                name: "tokens_output",
                facts: "sum(ifNull(tokens_output, 0))",
                rollup: "sum(tokens_output)",
            },
        ],
    }],
    keys: "app, hour, provider, model, target, kind, tier, error, billing, currency, region, chat_kind, rule, class, arms",
    sums: "sum(calls), sum(retries), sum(tokens_input), sum(tokens_cached), sum(tokens_cache_write_5m), sum(tokens_cache_write_1h), sum(tokens_output), sum(tokens_reasoning), sum(estimated), sum(cost), quantilesDDMerge(0.01, 0.5, 0.95, 0.99)(duration), quantilesDDMerge(0.01, 0.5, 0.95, 0.99)(first_token)",
};
