//! What a rollup is: how it is defined in the database, which views fill it, and what it must agree with.

use crate::columns::items;
use crate::tables::Definition;

/// A rollup as the database knows it.
#[derive(Debug)]
pub(crate) struct Rollup {
    /// The table that the views fill; its migrations make the views as well.
    pub(crate) definition: Definition,
    /// The views.
    pub(crate) views: &'static [View],
    /// The columns of its sort key.
    pub(crate) keys: &'static str,
    /// Sums over rows of the same key, which are the same however the rows were merged.
    pub(crate) sums: &'static str,
}

/// A view over one table of facts.
#[derive(Debug)]
pub(crate) struct View {
    /// Its name in the database.
    pub(crate) name: &'static str,
    /// The table of facts that it reads.
    pub(crate) of: &'static str,
    /// The statement that makes it: the template of the newest migration that does.
    pub(crate) template: &'static str,
    /// What must agree between the facts and the rollup.
    pub(crate) measures: &'static [Measure],
}

/// One sum that facts and rollup have both.
#[derive(Debug)]
pub(crate) struct Measure {
    /// Its name.
    pub(crate) name: &'static str,
    /// SQL over the table of facts.
    pub(crate) facts: &'static str,
    /// SQL over the rollup.
    pub(crate) rollup: &'static str,
}

impl View {
    /// The query of the view: it gives the rows that facts add to the rollup.
    pub(crate) fn select(&self) -> &'static str {
        self.template.split_once(" AS\n").map_or("", |(_, select)| select)
    }

    /// The columns that its query gives.
    pub(crate) fn columns(&self) -> Vec<&'static str> {
        let list =
            self.select().strip_prefix("SELECT\n").and_then(|rest| rest.split_once("\nFROM {database}"));
        let items = list.into_iter().flat_map(|(list, _)| items(list));
        items.map(|item| item.rsplit_once(" AS ").map_or(item, |(_, name)| name)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::ROLLUPS;
    use crate::columns::columns;
    use crate::tables::definitions;

    #[test]
    fn every_view_reads_facts_fills_its_rollup_and_is_made_by_a_migration() {
        for rollup in ROLLUPS {
            let name = rollup.definition.name;
            assert!(!rollup.views.is_empty(), "{name}");
            for view in rollup.views {
                assert!(definitions().any(|table| table.name == view.of), "{} reads {}", view.name, view.of);
                let made = format!(
                    "CREATE MATERIALIZED VIEW IF NOT EXISTS {{database}}.{} {{cluster}}\nTO {{database}}.{name} AS\nSELECT",
                    view.name
                );
                assert!(view.template.contains(&made), "{}", view.name);
                assert!(view.select().contains(&format!("FROM {{database}}.{}", view.of)), "{}", view.name);
                let migrations = rollup.definition.migrations;
                assert!(migrations.iter().any(|step| step.template == view.template), "{}", view.name);
                assert!(!view.measures.is_empty(), "{}", view.name);
                let columns = columns(&rollup.definition);
                for name in view.columns() {
                    assert!(columns.iter().any(|column| column.name == name), "{}: {name}", view.name);
                }
                assert!(view.columns().len() > 3, "{}", view.name);
            }
        }
    }
}
