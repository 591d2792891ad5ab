//! `whereabouts`: from an id to the app and the hour of its rows, which the sort keys of the facts begin with.

use super::{Measure, Rollup, View};
use crate::tables::{Definition, Migration};

pub(super) const WHEREABOUTS: Rollup = Rollup {
    definition: Definition {
        name: "whereabouts",
        row: "one id and the hour in which it was named",
        retention_days: 400,
        moment: "hour",
        migrations: &[
            Migration {
                number: 29,
                name: "0029_whereabouts",
                template: include_str!("0029_whereabouts.sql"),
            },
            Migration {
                number: 30,
                name: "0030_whereabouts_of_messages",
                template: include_str!("0030_whereabouts_of_messages.sql"),
            },
            Migration {
                number: 31,
                name: "0031_whereabouts_of_requests",
                template: include_str!("0031_whereabouts_of_requests.sql"),
            },
            Migration {
                number: 32,
                name: "0032_whereabouts_of_replies",
                template: include_str!("0032_whereabouts_of_replies.sql"),
            },
        ],
        counts: None,
    },
    views: &[
        View {
            name: "whereabouts_of_messages",
            of: "messages",
            template: include_str!("0030_whereabouts_of_messages.sql"),
            measures: &[Measure {
                name: "ids",
                facts: "countIf(message != '') + count(turn)",
                rollup: "countIf(kind IN ('message', 'turn'))",
            }],
        },
        View {
            name: "whereabouts_of_requests",
            of: "requests",
            template: include_str!("0031_whereabouts_of_requests.sql"),
            measures: &[Measure {
                name: "ids",
                facts: "count(request)",
                rollup: "countIf(kind = 'request')",
            }],
        },
        View {
            name: "whereabouts_of_replies",
            of: "replies",
            template: include_str!("0032_whereabouts_of_replies.sql"),
            measures: &[Measure {
                name: "ids",
                facts: "count() + countIf(easemob_id != '')",
                rollup: "countIf(kind IN ('answer', 'easemob_id'))",
            }],
        },
    ],
    keys: "id_hash, kind, app, hour",
    sums: "count()",
};
