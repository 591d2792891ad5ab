//! Where sums come from: the same columns out of facts or, where one carries what is asked for, out of a rollup.

use super::kind::Value;
use super::moment::Clock;

/// A source: a placeholder that stands for a table in the text of a query.
#[derive(Debug)]
pub(super) struct Source {
    /// Name of the placeholder.
    pub(super) name: &'static str,
    /// The cheapest first; the last are the facts, which carry everything.
    variants: &'static [Variant],
}

/// One table that a source can be read from.
#[derive(Debug)]
pub(super) struct Variant {
    /// The table.
    pub(super) table: &'static str,
    /// What its rows are summed up by, in milliseconds: only ranges that begin and end there can be read from it.
    grain: i64,
    /// Columns that it can be asked for and narrowed by.
    carries: &'static [&'static str],
    /// The statement, with placeholders of its own. Rollups of minutes and hours share one.
    template: &'static str,
}

/// What stands behind a line of a rollup's statement that only hours have.
const OF_HOURS: &str = " -- hour";

/// Which of the variants may be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Cheapest,
    Rollup,
    Facts,
}

/// What is asked of a source.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    /// Columns that are grouped or narrowed by.
    pub(super) columns: Vec<String>,
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) clock: &'a Clock,
}

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

const MINUTE: i64 = 60_000;
/// A moment is as exact as the store has it.
const MOMENT: i64 = 1;

macro_rules! variant {
    ($file:literal, $table:literal, $grain:expr, $carries:expr) => {
        Variant {
            table: $table,
            grain: $grain,
            carries: $carries,
            template: include_str!(concat!("../../queries/sources/", $file, ".sql")),
        }
    };
}

const OF_MINUTE: &[&str] =
    &["app", "provider", "model", "target", "kind", "tier", "error", "hour", "day", "month"];
const OF_HOUR: &[&str] = &[
    "app",
    "provider",
    "model",
    "target",
    "kind",
    "tier",
    "error",
    "hour",
    "day",
    "month",
    "region",
    "chat_kind",
    "rule",
    "class",
    "arm",
];
const OF_CALLS: &[&str] = &[
    "app",
    "provider",
    "model",
    "target",
    "kind",
    "tier",
    "error",
    "hour",
    "day",
    "month",
    "region",
    "chat_kind",
    "rule",
    "class",
    "arm",
    "user",
];

/// Every source: what calls took and cost, how long they took, and what each person cost.
static SOURCES: &[Source] = &[
    Source {
        name: "usage",
        variants: &[
            variant!("usage_rollup", "usage_hour", HOUR, OF_HOUR),
            variant!("usage_rollup", "usage_minute", MINUTE, OF_MINUTE),
            variant!("usage_facts", "model_calls", MOMENT, OF_CALLS),
        ],
    },
    Source {
        name: "times",
        variants: &[
            variant!("times_rollup", "usage_hour", HOUR, OF_HOUR),
            variant!("times_rollup", "usage_minute", MINUTE, OF_MINUTE),
            variant!("times_facts", "model_calls", MOMENT, OF_HOUR),
        ],
    },
    Source {
        name: "people",
        variants: &[
            variant!("people_day", "user_day", DAY, &["app", "user", "tier"]),
            variant!("people_facts", "model_calls", MOMENT, &["app", "user", "tier", "conversation"]),
        ],
    },
];

/// The source of that name.
pub(super) fn named(name: &str) -> Option<&'static Source> {
    SOURCES.iter().find(|source| source.name == name)
}

impl Source {
    /// Columns that it can be narrowed by.
    pub(super) fn filters(&self) -> impl Iterator<Item = &'static str> {
        self.variants.iter().rev().take(1).flat_map(|facts| facts.carries.iter().copied())
    }

    /// The variant to read; nothing where only facts would do and a rollup is wanted.
    pub(super) fn choose(&self, wanted: Wanted, asked: &Asked<'_>) -> Option<&'static Variant> {
        let (facts, rollups) = self.variants.split_last()?;
        let rollup = rollups.iter().find(|variant| variant.can(asked));
        match wanted {
            Wanted::Cheapest => Some(rollup.unwrap_or(facts)),
            Wanted::Rollup => rollup,
            Wanted::Facts => Some(facts),
        }
    }
}

impl Variant {
    /// The statement.
    pub(super) fn sql(&self) -> String {
        let grain = if self.grain < HOUR { "minute" } else { "hour" };
        let lines = self.template.trim_end().lines().filter_map(|line| match line.strip_suffix(OF_HOURS) {
            Some(_) if self.grain < HOUR => None,
            of_hours => Some(of_hours.unwrap_or(line)),
        });
        lines.collect::<Vec<_>>().join("\n").replace("{grain}", grain)
    }

    fn can(&self, asked: &Asked<'_>) -> bool {
        let carries = asked.columns.iter().all(|column| self.carries.contains(&column.as_str()));
        let fits = [asked.from, asked.to].iter().all(|at| at % self.grain == 0);
        let ahead = |unit: i64| asked.clock.is_ahead_by_whole(unit, asked.from, asked.to);
        // Where a day of the deployment is no day of UTC, no day's row is within one.
        carries && fits && (self.grain < HOUR || ahead(if self.grain < DAY { HOUR } else { DAY }))
    }
}

/// The columns that a query asks a source for.
pub(super) fn columns<'a>(
    source: &Source,
    values: impl Iterator<Item = (&'a str, &'a Value)>,
) -> Vec<String> {
    let known: Vec<&str> = source.filters().collect();
    let mut columns = Vec::new();
    for (name, value) in values {
        match value {
            Value::Columns(chosen) => {
                columns.extend(chosen.iter().filter(|column| known.contains(&column.as_str())).cloned());
            }
            Value::Text(text) if !text.is_empty() && known.contains(&name) => columns.push(name.to_owned()),
            _ => {}
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW_YEAR: i64 = 1_735_689_600_000;

    fn table(
        source: &str,
        wanted: Wanted,
        columns: &[&str],
        (from, to): (i64, i64),
        zone: &str,
    ) -> Option<&'static str> {
        let clock = Clock::at(zone, NEW_YEAR).unwrap();
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        let asked = Asked { columns, from, to, clock: &clock };
        named(source).unwrap().choose(wanted, &asked).map(|variant| variant.table)
    }

    #[test]
    fn the_cheapest_table_that_carries_what_is_asked_is_read() {
        let day = (NEW_YEAR, NEW_YEAR + DAY);
        let of = |columns: &[&str], range, zone: &str| {
            table("usage", Wanted::Cheapest, columns, range, zone).unwrap()
        };
        assert_eq!(of(&["app", "rule", "day"], day, "UTC"), "usage_hour");
        assert_eq!(of(&["app"], day, "Asia/Shanghai"), "usage_hour");
        assert_eq!(of(&["app", "user"], day, "UTC"), "model_calls");
        // Half an hour: only minutes have it, and these do not have the rule.
        let half = (NEW_YEAR, NEW_YEAR + 30 * MINUTE);
        assert_eq!(of(&["app"], half, "UTC"), "usage_minute");
        assert_eq!(of(&["rule"], half, "UTC"), "model_calls");
        assert_eq!(of(&["app"], (NEW_YEAR, NEW_YEAR + 1), "UTC"), "model_calls");
        assert_eq!(of(&["day"], day, "Asia/Kolkata"), "usage_minute");
    }

    #[test]
    fn minutes_and_hours_share_a_statement_and_hours_have_more_columns() {
        for source in ["usage", "times"] {
            let [hour, minute] = [0, 1].map(|at: usize| named(source).unwrap().variants[at].sql());
            assert!(
                hour.contains("FROM usage_hour AS facts") && hour.contains("facts.rule AS rule"),
                "{hour}"
            );
            assert!(minute.contains("FROM usage_minute AS facts") && !minute.contains("rule"), "{minute}");
            assert!(minute.contains("toDate(facts.minute, {zone:String}) AS day"), "{minute}");
            for sql in [&hour, &minute] {
                assert!(!sql.contains("{grain}") && !sql.contains("--"), "{sql}");
            }
        }
    }

    #[test]
    fn a_day_of_utc_is_read_only_where_days_are_those_of_utc() {
        let day = (NEW_YEAR, NEW_YEAR + DAY);
        let of =
            |columns: &[&str], zone: &str| table("people", Wanted::Cheapest, columns, day, zone).unwrap();
        assert_eq!(of(&["user"], "UTC"), "user_day");
        assert_eq!(of(&["user"], "Asia/Shanghai"), "model_calls");
        assert_eq!(of(&["conversation"], "UTC"), "model_calls");
    }

    #[test]
    fn facts_or_a_rollup_can_be_asked_for() {
        let day = (NEW_YEAR, NEW_YEAR + DAY);
        assert_eq!(table("usage", Wanted::Facts, &[], day, "UTC"), Some("model_calls"));
        assert_eq!(table("usage", Wanted::Rollup, &[], day, "UTC"), Some("usage_hour"));
        assert_eq!(table("usage", Wanted::Rollup, &["user"], day, "UTC"), None);
    }
}
