//! The statements of a rebuild.

use std::collections::BTreeMap;

use crate::rollups::{Rollup, View};
use crate::schema::Layout;
use crate::tables::Definition;

/// What stands behind the name of a table that is made anew.
const ASIDE: &str = "_rebuilt";
/// The table whose being there says that a rebuild is under way, or was interrupted.
pub(crate) const MARK: &str = "rebuilding";

/// The name under which a table is made anew.
pub(super) fn aside(name: &str) -> String {
    format!("{name}{ASIDE}")
}

pub(super) fn mark(layout: &Layout) -> String {
    layout.render(&format!(
        "CREATE TABLE IF NOT EXISTS {{database}}.{MARK} {{cluster}} (since DateTime DEFAULT now()) ENGINE = {{engine}} ORDER BY since"
    ))
}

/// Drops a table or a view, if it is there.
pub(super) fn dropped(layout: &Layout, name: &str) -> String {
    layout.render(&format!("DROP TABLE IF EXISTS {{database}}.{name} {{cluster}} SYNC"))
}

/// Makes a table anew under its other name, by all of its migrations.
pub(super) fn made_aside(layout: &Layout, definition: &Definition) -> Vec<String> {
    let name = definition.name;
    let (own, other) =
        (format!("{{database}}.{name} {{cluster}}"), format!("{{database}}.{} {{cluster}}", aside(name)));
    let of_table = definition.migrations.iter().filter(|step| step.template.contains(&own));
    of_table.map(|step| layout.render(step.template.replace(&own, &other).trim_end())).collect()
}

/// Puts the table that was made anew in the place of the old one.
pub(super) fn exchanged(layout: &Layout, name: &str) -> String {
    let other = aside(name);
    layout.render(&format!("EXCHANGE TABLES {{database}}.{name} AND {{database}}.{other} {{cluster}}"))
}

/// Copies the rows that no record of the log gives any more.
pub(super) fn older_facts(
    layout: &Layout,
    name: &str,
    columns: &str,
    lows: &BTreeMap<String, i64>,
) -> String {
    let places: Vec<String> = lows.keys().map(|place| format!("'{place}'")).collect();
    let firsts: Vec<String> = lows.values().map(ToString::to_string).collect();
    let (places, firsts, other) = (places.join(", "), firsts.join(", "), aside(name));
    layout.render(&format!(
        "INSERT INTO {{database}}.{other} ({columns}) SELECT {columns} FROM {{database}}.{name} WHERE source_offset < transform(\
         concat(source_topic, ':', toString(source_partition)), [{places}], [{firsts}], toInt64({}))",
        i64::MAX
    ))
}

/// Copies the rows of a rollup that are older than the facts that are kept.
pub(super) fn older_sums(layout: &Layout, rollup: &Rollup, columns: &str, since: &str) -> String {
    let Definition { name, moment, .. } = &rollup.definition;
    let other = aside(name);
    layout.render(&format!(
        "INSERT INTO {{database}}.{other} ({columns}) SELECT {columns} FROM {{database}}.{name} WHERE {moment} < toDateTime({since})"
    ))
}

/// The query of a view over one month of the facts from a moment on.
pub(super) fn of_month(layout: &Layout, view: &View, since: &str, month: u32) -> String {
    let facts = format!(
        "FROM (SELECT * FROM {{database}}.{} WHERE at >= toDateTime({since}) AND toYYYYMM(at) = {month}) AS facts",
        view.of
    );
    let select = view.select().replace(&format!("FROM {{database}}.{} AS facts", view.of), &facts);
    layout.render(&select)
}

/// Adds what a view makes of one month of the facts.
pub(super) fn rolled_up(layout: &Layout, name: &str, columns: &str, select: &str) -> String {
    let other = aside(name);
    let head = layout.render(&format!("INSERT INTO {{database}}.{other} ({columns}) SELECT {columns} FROM"));
    format!("{head} (\n{select})\nSETTINGS max_bytes_before_external_group_by = 2000000000")
}

/// The months that facts of a table are of.
pub(super) fn months(layout: &Layout, of: &str, since: &str) -> String {
    layout.render(&format!(
        "SELECT DISTINCT toYYYYMM(at) AS month FROM {{database}}.{of} WHERE at >= toDateTime({since}) ORDER BY month"
    ))
}

/// A rollup's number of keys and a hash over all of its sums.
pub(super) fn checksum(layout: &Layout, rollup: &Rollup) -> String {
    let Rollup { definition: Definition { name, .. }, keys, sums, .. } = rollup;
    layout.render(&format!(
        "SELECT concat(toString(count()), ':', hex(groupBitXor(hash))) AS checksum FROM \
         (SELECT cityHash64(formatRow('TabSeparated', {keys}, {sums})) AS hash FROM {{database}}.{name} GROUP BY {keys})\n\
         SETTINGS max_bytes_before_external_group_by = 2000000000"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::config;
    use crate::rollups::ROLLUPS;
    use crate::tables::{definitions, stored};

    fn layout() -> Layout {
        Layout::new(&config("database = 'd'"))
    }

    #[test]
    fn a_table_is_made_aside_by_every_step_that_made_it_and_by_no_view() {
        for definition in stored() {
            let made = made_aside(&layout(), definition);
            let name = aside(definition.name);
            assert!(made[0].contains(&format!("CREATE TABLE IF NOT EXISTS `d`.{name}")), "{}", made[0]);
            assert!(made.iter().all(|sql| sql.contains(&name) && !sql.contains("MATERIALIZED")), "{made:?}");
        }
        let calls = definitions().find(|table| table.name == "model_calls").unwrap();
        assert_eq!(made_aside(&layout(), calls).len(), calls.migrations.len());
    }

    #[test]
    fn the_query_of_a_view_reads_one_month_of_its_facts() {
        let view = &ROLLUPS[0].views[0];
        let sql = of_month(&layout(), view, "5", 202_501);
        let facts = "FROM (SELECT * FROM `d`.model_calls WHERE at >= toDateTime(5) AND toYYYYMM(at) = 202501) AS facts";
        assert!(sql.contains(facts) && sql.contains("GROUP BY app, minute"), "{sql}");
    }

    #[test]
    fn rows_of_records_that_the_log_has_are_not_copied() {
        let lows = [("events:0".to_owned(), 17), ("events:1".to_owned(), 0)].into();
        let sql = older_facts(&layout(), "messages", "app, at", &lows);
        assert!(
            sql.starts_with(
                "INSERT INTO `d`.messages_rebuilt (app, at) SELECT app, at FROM `d`.messages WHERE"
            ),
            "{sql}"
        );
        assert!(sql.contains("['events:0', 'events:1'], [17, 0], toInt64(9223372036854775807)"), "{sql}");
    }
}
