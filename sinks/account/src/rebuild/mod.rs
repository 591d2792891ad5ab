//! Making tables anew: facts from the log, rollups from facts.
//!
//! Nothing is changed in place. A table is filled under another name and put into its place whole; until that is done for all, a
//! mark in the database keeps the role from starting, and whoever runs it again begins anew. Rows that came before what the log still has
//! stay as they are, and so do sums that are older than the facts that are kept.

mod blocks;
mod statements;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use clickhouse::Row;
use pipeline::Record;
use pipeline::batch::{InsertError, Sink};
use serde::Deserialize;

use crate::rollups::{ROLLUPS, Rollup};
use crate::schema::Layout;
use crate::tables::{Definition, TABLES, definitions};
use crate::{AccountSink, Store, StoreError};
use blocks::Blocks;
pub(crate) use statements::MARK;

/// Longest time of one statement of a rebuild. They work month by month.
const LONGEST: Duration = Duration::from_secs(3_600);

/// What is to be made anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Tables of facts.
    pub facts: BTreeSet<&'static str>,
    /// Rollups.
    pub rollups: BTreeSet<&'static str>,
}

impl Scope {
    /// These tables, and the rollups that are made of them; all of them when none is named.
    ///
    /// # Errors
    /// The name that is none, with those that exist.
    pub fn of(named: &[String]) -> Result<Self, String> {
        let rollups = ROLLUPS.iter().map(|rollup| &rollup.definition);
        let all: Vec<_> = definitions().chain(rollups).map(|table| table.name).collect();
        if let Some(unknown) = named.iter().find(|name| !all.contains(&name.as_str())) {
            return Err(format!("there is no table {unknown:?}, only {}", all.join(", ")));
        }
        let is_named = |name: &str| named.is_empty() || named.iter().any(|other| other == name);
        let facts: BTreeSet<_> =
            definitions().map(|table| table.name).filter(|name| is_named(name)).collect();
        let is_fed = |rollup: &Rollup| rollup.views.iter().any(|view| facts.contains(view.of));
        let rollups = ROLLUPS.iter().filter(|rollup| is_named(rollup.definition.name) || is_fed(rollup));
        let rollups = rollups.map(|rollup| rollup.definition.name).collect();
        Ok(Self { facts, rollups })
    }

    fn rollups(&self) -> impl Iterator<Item = &'static Rollup> {
        ROLLUPS.iter().copied().filter(|rollup| self.rollups.contains(rollup.definition.name))
    }

    fn facts(&self) -> impl Iterator<Item = (usize, &'static Definition)> {
        definitions().enumerate().filter(|(_, table)| self.facts.contains(table.name))
    }
}

/// Checksum of each rollup.
pub type Checksums = BTreeMap<&'static str, String>;

/// What a rebuild has done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// Rows by table that records of the log gave.
    pub rows: BTreeMap<&'static str, u64>,
    /// Records that no rows could be made of; the role has written their dead letters.
    pub refused: u64,
    /// Rows that the store did not take.
    pub rejected: u64,
}

#[derive(Row, Deserialize)]
struct Text {
    text: String,
}

#[derive(Row, Deserialize)]
struct Month {
    month: u32,
}

/// A rebuild that has begun.
pub struct Rebuild<'a> {
    store: &'a Store,
    sink: &'a AccountSink,
    scope: Scope,
    blocks: Blocks,
    done: Rebuilt,
}

impl Store {
    /// Checksums of rollups, which do not depend on how their rows were merged.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer.
    pub async fn checksums(&self, scope: &Scope) -> Result<Checksums, StoreError> {
        let mut checksums = Checksums::new();
        for rollup in scope.rollups() {
            let sql = statements::checksum(self.layout(), rollup);
            let found = self.fetch_within::<String>("read checksum", &sql, LONGEST).await?;
            checksums.insert(rollup.definition.name, found.into_iter().next().unwrap_or_default());
        }
        Ok(checksums)
    }
}

impl<'a> Rebuild<'a> {
    /// Marks the database, takes the views away, and makes empty tables aside. `lows` has the first offset that the log still has of each
    /// partition, by `topic:partition`: rows of earlier ones are copied.
    ///
    /// # Errors
    /// [`StoreError`] when a statement fails; run it again then.
    pub async fn begin(
        store: &'a Store,
        sink: &'a AccountSink,
        scope: Scope,
        lows: &BTreeMap<String, i64>,
    ) -> Result<Self, StoreError> {
        let rebuild = Self { store, sink, scope, blocks: Blocks::default(), done: Rebuilt::default() };
        rebuild.run("mark the database", &statements::mark(rebuild.layout())).await?;
        for view in rebuild.scope.rollups().flat_map(|rollup| rollup.views) {
            rebuild.run("drop view", &statements::dropped(rebuild.layout(), view.name)).await?;
        }
        for (_, definition) in rebuild.scope.facts() {
            rebuild.make_aside(definition).await?;
            let columns = rebuild.columns_of_both(definition.name).await?;
            if !columns.is_empty() {
                let sql = statements::older_facts(rebuild.layout(), definition.name, &columns, lows);
                rebuild.run("copy older rows", &sql).await?;
            }
        }
        Ok(rebuild)
    }

    /// Adds the rows of a record by the newest builder.
    ///
    /// # Errors
    /// [`InsertError`] when the store does not take a block; run it again then.
    pub async fn take(&mut self, record: &Record) -> Result<(), InsertError> {
        let Ok(rows) = self.sink.rows(self.sink.version(), record) else {
            self.done.refused += 1;
            return Ok(());
        };
        for (table, row) in rows {
            let is_wanted =
                TABLES.get(table).is_some_and(|it| self.scope.facts.contains(it.definition().name));
            if is_wanted && let Some(block) = self.blocks.push(table, row) {
                self.store_block(table, &block).await?;
            }
        }
        Ok(())
    }

    /// Stores what is left, puts the tables into their places, makes the rollups of them, and the views.
    ///
    /// # Errors
    /// [`InsertError`] when the store does not take a block; [`StoreError`] as its text.
    pub async fn finish(mut self) -> Result<Rebuilt, InsertError> {
        for (table, block) in self.blocks.rest() {
            self.store_block(table, &block).await?;
        }
        self.put_in_place().await.map_err(|error| InsertError::Retry(told(&error)))?;
        Ok(self.done)
    }

    async fn put_in_place(&self) -> Result<(), StoreError> {
        for (_, definition) in self.scope.facts() {
            self.exchange(definition.name).await?;
        }
        for rollup in self.scope.rollups() {
            self.roll_up(rollup).await?;
        }
        for view in self.scope.rollups().flat_map(|rollup| rollup.views) {
            self.run("make view", &self.layout().render(view.template.trim_end())).await?;
        }
        self.run("take the mark away", &statements::dropped(self.layout(), MARK)).await
    }

    /// Fills a rollup from facts. Sums that are older than the facts that are kept are copied.
    async fn roll_up(&self, rollup: &Rollup) -> Result<(), StoreError> {
        let name = rollup.definition.name;
        self.make_aside(&rollup.definition).await?;
        let since = self.layout().facts_since(rollup);
        let columns = self.columns_of_both(name).await?;
        if !columns.is_empty() {
            self.run("copy older sums", &statements::older_sums(self.layout(), rollup, &columns, &since))
                .await?;
        }
        for view in rollup.views {
            let columns = view.columns().join(", ");
            let months = statements::months(self.layout(), view.of, &since);
            for Month { month } in self.store.fetch_within("read months", &months, LONGEST).await? {
                let select = statements::of_month(self.layout(), view, &since, month);
                self.run("roll up", &statements::rolled_up(self.layout(), name, &columns, &select)).await?;
            }
        }
        self.exchange(name).await
    }

    fn layout(&self) -> &Layout {
        self.store.layout()
    }

    async fn run(&self, attempt: &'static str, sql: &str) -> Result<(), StoreError> {
        self.store.execute_within(attempt, sql, LONGEST).await
    }

    async fn make_aside(&self, definition: &Definition) -> Result<(), StoreError> {
        let other = statements::aside(definition.name);
        self.run("drop table", &statements::dropped(self.layout(), &other)).await?;
        for sql in statements::made_aside(self.layout(), definition) {
            self.run("make table", &sql).await?;
        }
        Ok(())
    }

    /// Puts a table that was made anew into its place; where there was none, it just gets its name.
    async fn exchange(&self, name: &str) -> Result<(), StoreError> {
        let (layout, other) = (self.layout(), statements::aside(name));
        if self.columns_of(name).await?.is_empty() {
            let rename = format!("RENAME TABLE {{database}}.{other} TO {{database}}.{name} {{cluster}}");
            return self.run("put table into its place", &layout.render(&rename)).await;
        }
        self.run("put table into its place", &statements::exchanged(layout, name)).await?;
        self.run("drop old table", &statements::dropped(layout, &other)).await
    }

    async fn columns_of(&self, name: &str) -> Result<String, StoreError> {
        let database = &self.layout().database;
        let sql = format!(
            "SELECT name AS text FROM system.columns WHERE database = '{database}' AND table = '{name}' ORDER BY position"
        );
        self.columns(&sql).await
    }

    /// Columns that a table has as it is and as it must be: one that is gone cannot be copied.
    async fn columns_of_both(&self, name: &str) -> Result<String, StoreError> {
        let (database, other) = (&self.layout().database, statements::aside(name));
        let sql = format!(
            "SELECT name AS text FROM system.columns WHERE database = '{database}' AND table IN ('{name}', '{other}') \
             GROUP BY name HAVING count() = 2 ORDER BY name"
        );
        self.columns(&sql).await
    }

    async fn columns(&self, sql: &str) -> Result<String, StoreError> {
        let columns: Vec<Text> = self.store.fetch("read columns", sql).await?;
        Ok(columns.iter().map(|column| column.text.as_str()).collect::<Vec<_>>().join(", "))
    }

    /// Stores a block; one that is refused is halved down to the rows that are to blame.
    async fn store_block(&mut self, table: usize, rows: &[crate::Row]) -> Result<(), InsertError> {
        let Some(listed) = TABLES.get(table) else { return Ok(()) };
        let name = listed.definition().name;
        let mut open = vec![rows];
        while let Some(rows) = open.pop() {
            let token = self.blocks.token();
            match listed.insert(&self.store.writer, &statements::aside(name), &token, rows).await {
                Ok(()) => {
                    *self.done.rows.entry(name).or_default() += u64::try_from(rows.len()).unwrap_or(u64::MAX);
                }
                Err(InsertError::Rejected(_)) if rows.len() > 1 => {
                    let (one, other) = rows.split_at(rows.len() / 2);
                    open.extend([other, one]);
                }
                Err(InsertError::Rejected(_)) => self.done.rejected += 1,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// An error with everything that caused it.
fn told(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |told, cause| format!("{told}: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_facts_takes_its_rollups_with_it_and_a_rollup_comes_alone() {
        let of = |named: &[&str]| Scope::of(&named.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        let calls = of(&["model_calls"]).unwrap();
        assert_eq!(calls.facts, ["model_calls"].into());
        assert_eq!(calls.rollups, ["usage_hour", "usage_minute", "user_day"].into());
        let alone = of(&["safety_hour"]).unwrap();
        assert_eq!((alone.facts.len(), alone.rollups), (0, ["safety_hour"].into()));
        let all = of(&[]).unwrap();
        assert_eq!((all.facts.len(), all.rollups.len()), (TABLES.len(), ROLLUPS.len()));
        assert!(of(&["usage"]).unwrap_err().contains("\"usage\", only messages, model_calls"));
    }
}
