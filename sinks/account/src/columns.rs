//! Which columns each table has, read from its migrations: for the check at a start, and for the documentation.

use crate::tables::{Definition, stored};

const ADD: &str = "ADD COLUMN IF NOT EXISTS ";
const MODIFY: &str = "MODIFY COLUMN ";
const AFTER: &str = " AFTER ";
const COMMENT: &str = "COMMENT '";

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its type, in the store's words.
    pub kind: &'static str,
    /// What it holds; empty where the name says it.
    pub meaning: String,
}

/// Every table with its columns: those of facts, then the rollups.
pub fn columns_by_table() -> Vec<(&'static str, Vec<Column>)> {
    stored().map(|table| (table.name, columns(table))).collect()
}

/// The columns of a table after all of its migrations, in their order.
pub(crate) fn columns(definition: &Definition) -> Vec<Column> {
    let mut columns = Vec::new();
    for step in definition.migrations {
        let statement = statement(step.template);
        if let Some(list) = statement.strip_prefix("CREATE TABLE ").and_then(list) {
            columns.extend(items(list).filter(|item| !item.starts_with("INDEX ")).filter_map(column));
        } else if let Some((_, changes)) =
            statement.strip_prefix("ALTER TABLE ").and_then(|rest| rest.split_once("{cluster}"))
        {
            items(changes).for_each(|change| apply(&mut columns, change));
        }
    }
    columns
}

/// A template without the comment at its head.
fn statement(template: &'static str) -> &'static str {
    let mut rest = template;
    while let Some((_, behind)) = rest.split_once('\n').filter(|(line, _)| line.starts_with("--")) {
        rest = behind;
    }
    rest
}

/// What stands between the parentheses of a table's columns.
fn list(create: &'static str) -> Option<&'static str> {
    let (_, rest) = create.split_once("(\n")?;
    rest.split_once("\n)").map(|(list, _)| list)
}

/// The parts of a list, cut at the commas that are in no parentheses and no quotes.
pub(crate) fn items(list: &'static str) -> impl Iterator<Item = &'static str> {
    let (mut depth, mut quoted) = (0_usize, false);
    list.split(move |c: char| {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0 && !quoted
    })
    .map(str::trim)
}

/// `name type …`.
fn column(item: &'static str) -> Option<Column> {
    let (name, rest) = item.split_once(char::is_whitespace)?;
    let mut depth = 0_usize;
    let kind = rest.trim_start().split(|c: char| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && c.is_whitespace()
    });
    Some(Column { name, kind: kind.into_iter().next()?, meaning: meaning(rest) })
}

/// The text of a column's comment; a quote is written twice in it.
fn meaning(item: &str) -> String {
    let Some((_, rest)) = item.split_once(COMMENT) else { return String::new() };
    let end = rest.rfind('\'').unwrap_or(rest.len());
    rest[..end].replace("''", "'")
}

/// One change of an ALTER; those of indexes and settings change no column.
fn apply(columns: &mut Vec<Column>, change: &'static str) {
    let added = change.strip_prefix(ADD).and_then(column);
    let modified = change.strip_prefix(MODIFY).and_then(column);
    if let Some(added) = added {
        let after = change.rsplit_once(AFTER).map(|(_, name)| name);
        let at = after.and_then(|after| columns.iter().position(|column| column.name == after));
        columns.insert(at.map_or(columns.len(), |at| at + 1), added);
    } else if let Some(modified) = modified
        && let Some(column) = columns.iter_mut().find(|column| column.name == modified.name)
    {
        *column = modified;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::Migration;

    const TABLE: Definition = Definition {
        name: "t",
        row: "",
        retention_days: 1,
        moment: "at",
        migrations: &[
            Migration {
                number: 1,
                name: "",
                template: "-- x, (y\nCREATE TABLE IF NOT EXISTS {database}.t {cluster}\n(\n    a LowCardinality(String) COMMENT 'it''s a, b',\n    \
                           b   Nullable(Decimal(38, 12)) CODEC(ZSTD(1)),\n    INDEX i a TYPE set(1) GRANULARITY 4\n)\nENGINE = {engine}",
            },
            Migration {
                number: 2,
                name: "",
                template: "ALTER TABLE {database}.t {cluster}\n    ADD COLUMN IF NOT EXISTS c UInt8 DEFAULT multiIf(a = 'x, y', 1, 2) COMMENT 'c' AFTER a,\n    \
                           MODIFY COLUMN b String COMMENT 'b now',\n    ADD INDEX IF NOT EXISTS j a TYPE set(1) GRANULARITY 4",
            },
        ],
        counts: None,
    };

    #[test]
    fn columns_follow_from_the_migrations() {
        let found = columns(&TABLE);
        let told: Vec<_> = found.iter().map(|c| (c.name, c.kind, c.meaning.as_str())).collect();
        let a = ("a", "LowCardinality(String)", "it's a, b");
        assert_eq!(told, [a, ("c", "UInt8", "c"), ("b", "String", "b now")]);
    }

    #[test]
    fn every_table_has_columns_of_names_that_differ() {
        for table in stored() {
            let found = columns(table);
            assert!(found.len() > 3, "{}", table.name);
            for (i, column) in found.iter().enumerate() {
                assert!(
                    found[..i].iter().all(|other| other.name != column.name),
                    "{}.{}",
                    table.name,
                    column.name
                );
            }
        }
    }
}
