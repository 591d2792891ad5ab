//! `usage_minute`: calls by minute, for boards that are watched.

use super::{Measure, Rollup, View};
use crate::tables::{Definition, Migration};

pub(super) const USAGE_MINUTE: Rollup = Rollup {
    definition: Definition {
        name: "usage_minute",
        row: "calls, tokens, cost and times of one minute, by model and how the calls ended",
        retention_days: 90,
        moment: "minute",
        migrations: &[
            Migration {
                number: 19,
                name: "0019_usage_minute",
                template: include_str!("0019_usage_minute.sql"),
            },
            Migration {
                number: 20,
                name: "0020_usage_minute_of_calls",
                template: include_str!("0020_usage_minute_of_calls.sql"),
            },
        ],
        counts: None,
    },
    views: &[View {
        name: "usage_minute_of_calls",
        of: "model_calls",
        template: include_str!("0020_usage_minute_of_calls.sql"),
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
    keys: "app, minute, provider, model, target, kind, tier, error, billing, currency",
    sums: "sum(calls), sum(retries), sum(tokens_input), sum(tokens_cached), sum(tokens_cache_write_5m), sum(tokens_cache_write_1h), sum(tokens_output), sum(tokens_reasoning), sum(estimated), sum(cost), quantilesDDMerge(0.01, 0.5, 0.95, 0.99)(duration), quantilesDDMerge(0.01, 0.5, 0.95, 0.99)(first_token)",
};
