//! How long the rows of each table are kept: the table `[account.retention_days]`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use common::Problems;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::tables::stored;

/// Days that a row can be kept, ten years at most.
const DAYS: std::ops::RangeInclusive<u16> = 1..=3_650;

/// Days by table, as written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct RawRetention(BTreeMap<String, u16>);

impl JsonSchema for RawRetention {
    fn schema_name() -> Cow<'static, str> {
        "RawRetention".into()
    }

    /// A key for each table.
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let keys: Map<String, Value> = stored()
            .map(|table| {
                let (name, row, days) = (table.name, table.row, table.retention_days);
                let meaning = format!("Days that rows of `{name}` are kept; a row is {row}. {days} by default.");
                let (least, most) = (DAYS.start(), DAYS.end());
                let key = json!({
                    "type": "integer", "minimum": least, "maximum": most, "default": days, "description": meaning,
                });
                (name.to_owned(), key)
            })
            .collect();
        json_schema!({
            "description": "Days that the rows of each table are kept, 1 to 3650.",
            "type": "object",
            "properties": keys,
            "additionalProperties": false,
        })
    }
}

/// Days of every table.
#[derive(Debug, Clone)]
pub(crate) struct Retention(BTreeMap<&'static str, u16>);

impl Retention {
    /// Checks what was written and adds the defaults of the tables that are not named.
    pub(crate) fn new(RawRetention(written): &RawRetention, problems: &mut Problems) -> Self {
        let mut days: BTreeMap<_, _> = stored().map(|table| (table.name, table.retention_days)).collect();
        for (table, wanted) in written {
            if !DAYS.contains(wanted) {
                problems.add("account", format!("retention_days.{table}: it is not within 1..=3650"));
            }
            match days.get_mut(table.as_str()) {
                Some(days) => *days = *wanted,
                None => {
                    let tables: Vec<_> = days.keys().copied().collect();
                    let what =
                        format!("retention_days.{table}: there is no such table, only {}", tables.join(", "));
                    problems.add("account", what);
                }
            }
        }
        Self(days)
    }

    /// The tables and their days.
    pub(crate) fn of_tables(&self) -> impl Iterator<Item = (&'static str, u16)> {
        self.0.iter().map(|(table, days)| (*table, *days))
    }

    /// Days of one table.
    pub(crate) fn of(&self, table: &str) -> Option<u16> {
        self.0.get(table).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(written: &str) -> Result<Vec<(&'static str, u16)>, Vec<String>> {
        let mut problems = Problems::default();
        let retention = Retention::new(&toml::from_str(written).unwrap(), &mut problems);
        problems
            .finish(Some(retention.of_tables().collect()))
            .map_err(|found| found.into_iter().map(|problem| problem.what).collect())
    }

    #[test]
    fn tables_that_are_not_named_keep_their_own_retention() {
        let usual: BTreeMap<_, _> = checked("").unwrap().into_iter().collect();
        assert_eq!((usual["messages"], usual["safety_events"], usual["bodies"]), (400, 180, 7));
        let changed = checked("replies = 3650\nusage_minute = 1").unwrap().into_iter();
        let changed: BTreeMap<_, _> = changed.filter(|(table, days)| usual[table] != *days).collect();
        assert_eq!(changed, [("replies", 3_650), ("usage_minute", 1)].into());
    }

    #[test]
    fn an_unknown_table_is_told_with_those_that_exist_and_every_number_is_checked() {
        let found = checked("mesages = 30\nmodel_calls = 0\nreplies = 3651").unwrap_err();
        let expected = [
            "retention_days.model_calls: it is not within 1..=3650",
            "retention_days.replies: it is not within 1..=3650",
        ];
        assert!(
            found[0].starts_with("retention_days.mesages: there is no such table, only audit, bodies, "),
            "{found:?}"
        );
        assert_eq!(found[1..], expected);
        assert!(toml::from_str::<RawRetention>("replies = -1").is_err());
    }

    #[test]
    fn the_schema_has_a_key_with_its_default_for_every_table() {
        let schema = schemars::schema_for!(RawRetention).to_value();
        let tables: Vec<_> = schema["properties"].as_object().unwrap().keys().collect();
        assert_eq!(tables.len(), stored().count());
        assert_eq!(schema["properties"]["replies"]["default"], 400);
    }
}
