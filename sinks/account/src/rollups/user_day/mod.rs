//! `user_day`: what each person did and cost. Apart from the other rollups, which so many persons would make large.

use super::{Measure, Rollup, View};
use crate::tables::{Definition, Migration};

pub(super) const USER_DAY: Rollup = Rollup {
    definition: Definition {
        name: "user_day",
        row: "messages, calls, tokens, cost and ratings of one person on one day",
        retention_days: 400,
        moment: "day",
        migrations: &[
            Migration { number: 23, name: "0023_user_day", template: include_str!("0023_user_day.sql") },
            Migration {
                number: 24,
                name: "0024_user_day_of_messages",
                template: include_str!("0024_user_day_of_messages.sql"),
            },
            Migration {
                number: 25,
                name: "0025_user_day_of_calls",
                template: include_str!("0025_user_day_of_calls.sql"),
            },
            Migration {
                number: 26,
                name: "0026_user_day_of_feedback",
                template: include_str!("0026_user_day_of_feedback.sql"),
            },
        ],
        counts: None,
    },
    views: &[
        View {
            name: "user_day_of_messages",
            of: "messages",
            template: include_str!("0024_user_day_of_messages.sql"),
            measures: &[
                Measure { name: "messages", facts: "count()", rollup: "sum(messages)" },
                Measure { name: "blocked", facts: "countIf(ruling = 'blocked')", rollup: "sum(blocked)" },
            ],
        },
        View {
            name: "user_day_of_calls",
            of: "model_calls",
            template: include_str!("0025_user_day_of_calls.sql"),
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
        },
        View {
            name: "user_day_of_feedback",
            of: "feedback",
            template: include_str!("0026_user_day_of_feedback.sql"),
            measures: &[
                Measure { name: "ratings", facts: "count(rating)", rollup: "sum(ratings)" },
                Measure {
                    name: "rating_sum",
                    facts: "sum(toInt64(ifNull(rating, 0)))",
                    rollup: "sum(rating_sum)",
                },
            ],
        },
    ],
    keys: "app, day, user, tier, currency",
    sums: "sum(messages), sum(asked), sum(blocked), sum(calls), sum(tokens_input), sum(tokens_output), sum(cost), sum(ratings), sum(rating_sum)",
};
