//! The schema's history: the tables' steps, numbered, forward only, each recorded in the database with the checksum of its template.

use std::collections::BTreeMap;

use clickhouse::Row;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::columns::{Column, columns};
use crate::failure::code;
use crate::rebuild::MARK;
use crate::rollups::{ROLLUPS, View};
use crate::schema::Layout;
use crate::tables::{Migration, stored};
use crate::{Store, StoreError};

const CREATE_DATABASE: &str = "CREATE DATABASE IF NOT EXISTS {database} {cluster}";
const CREATE_RECORD: &str = "CREATE TABLE IF NOT EXISTS {database}.schema_migrations {cluster}
(
    number     UInt32,
    name       String,
    checksum   String COMMENT 'SHA-256 of the template',
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = {engine}
ORDER BY number";

/// Codes of ClickHouse for a table and a database that are not there.
const ABSENT: [u32; 2] = [60, 81];

/// Every step of every table, in the order of their numbers.
fn history() -> Vec<&'static Migration> {
    let mut steps: Vec<_> = stored().flat_map(|table| table.migrations).collect();
    steps.sort_by_key(|step| step.number);
    steps
}

impl Migration {
    fn checksum(&self) -> String {
        base16ct::lower::encode_string(&Sha256::digest(self.template))
    }

    /// The change and its record.
    fn statements(&self, layout: &Layout) -> [String; 2] {
        let (number, name, checksum) = (self.number, self.name, self.checksum());
        let record = format!(
            "INSERT INTO {{database}}.schema_migrations (number, name, checksum) SELECT {number}, '{name}', '{checksum}'"
        );
        [layout.render(self.template.trim_end()), layout.render(&record)]
    }
}

#[derive(Row, Deserialize)]
struct Applied {
    number: u32,
    name: String,
    checksum: String,
}

#[derive(Row, Deserialize)]
struct Existing {
    name: String,
    engine_full: String,
}

impl Store {
    /// Applies the migrations that are missing and brings retention and deduplication window of the tables to what
    /// is configured. Gives what was done, one line each; empty when there was nothing to do.
    ///
    /// # Errors
    /// [`StoreError`] when a statement fails, an applied migration has drifted, or the database is newer.
    pub async fn migrate(&self) -> Result<Vec<String>, StoreError> {
        migrate(self).await
    }

    /// The SQL of a migration from nothing, for someone who applies it by hand.
    pub fn print(&self) -> String {
        script(self.layout())
    }

    /// Checks that the database is as this version and its configuration need it.
    ///
    /// # Errors
    /// [`StoreError`] says what is missing or differs, and what to do.
    pub async fn check(&self) -> Result<(), StoreError> {
        check(self).await
    }
}

/// The whole history as SQL.
fn script(layout: &Layout) -> String {
    let first = [CREATE_DATABASE, CREATE_RECORD].map(|template| layout.render(template));
    let steps = history().into_iter().flat_map(|step| step.statements(layout));
    first.into_iter().chain(steps).map(|statement| format!("{statement};\n\n")).collect()
}

/// Applies what is missing; gives the names of the steps and the corrections that were made.
async fn migrate(store: &Store) -> Result<Vec<String>, StoreError> {
    store.execute("create database", &store.layout().render(CREATE_DATABASE)).await?;
    store.execute("create table of migrations", &store.layout().render(CREATE_RECORD)).await?;
    let mut done = Vec::new();
    for step in pending(&applied(store).await?)? {
        for statement in step.statements(store.layout()) {
            store.execute("apply migration", &statement).await?;
        }
        done.push(step.name.to_owned());
    }
    for statement in corrections(store).await? {
        store.execute("correct table", &statement).await?;
        done.push(statement);
    }
    Ok(done)
}

/// Compares the database with this version and its configuration.
async fn check(store: &Store) -> Result<(), StoreError> {
    if let Some(step) = pending(&applied(store).await?)?.first() {
        return Err(StoreError::NotMigrated(step.name.to_owned()));
    }
    let corrections = corrections(store).await?;
    check_columns(store).await?;
    if corrections.is_empty() { Ok(()) } else { Err(StoreError::Settings(corrections.join("; "))) }
}

/// The steps that are recorded; none when database or record are not there yet.
async fn applied(store: &Store) -> Result<Vec<Applied>, StoreError> {
    let sql = "SELECT number, name, checksum FROM {database}.schema_migrations ORDER BY number";
    let absent = |text: &str| code(text).is_some_and(|code| ABSENT.contains(&code));
    match store.fetch("read migrations", &store.layout().render(sql)).await {
        Err(StoreError::Statement { source: clickhouse::error::Error::BadResponse(text), .. })
            if absent(&text) =>
        {
            Ok(Vec::new())
        }
        other => other,
    }
}

/// The steps that are not recorded; an error when those that are do not match.
fn pending(applied: &[Applied]) -> Result<Vec<&'static Migration>, StoreError> {
    let history = history();
    for past in applied {
        let Some(step) = history.iter().find(|step| step.number == past.number) else {
            return Err(StoreError::Newer(past.name.clone()));
        };
        let known = step.checksum();
        if known != past.checksum {
            let (name, applied) = (past.name.clone(), past.checksum.clone());
            return Err(StoreError::Drift { name, applied, known });
        }
    }
    let is_missing = |step: &&Migration| applied.iter().all(|past| past.number != step.number);
    Ok(history.into_iter().filter(is_missing).collect())
}

#[derive(Row, Deserialize)]
struct ExistingColumn {
    table: String,
    name: String,
    kind: String,
}

/// Looks for columns that are gone or have another type. Columns that an operator added are no concern of ours.
async fn check_columns(store: &Store) -> Result<(), StoreError> {
    let database = &store.layout().database;
    let sql = format!("SELECT table, name, type AS kind FROM system.columns WHERE database = '{database}'");
    let existing: Vec<ExistingColumn> = store.fetch("read columns", &sql).await?;
    let mut kinds: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    kinds.extend(existing.iter().map(|c| ((c.table.as_str(), c.name.as_str()), c.kind.as_str())));
    for definition in stored() {
        let table = definition.name;
        for Column { name: column, kind: needed, .. } in columns(definition) {
            match kinds.get(&(table, column)) {
                None => return Err(StoreError::MissingColumn { table, column, needed }),
                Some(found) if *found != needed => {
                    return Err(StoreError::ColumnType { table, column, found: (*found).to_owned(), needed });
                }
                Some(_) => {}
            }
        }
    }
    Ok(())
}

/// Statements that bring the tables to what is configured.
async fn corrections(store: &Store) -> Result<Vec<String>, StoreError> {
    let database = &store.layout().database;
    let sql = format!("SELECT name, engine_full FROM system.tables WHERE database = '{database}'");
    let existing: BTreeMap<String, String> =
        (store.fetch::<Existing>("read tables", &sql).await?.into_iter())
            .map(|table| (table.name, table.engine_full))
            .collect();
    let mut statements = Vec::new();
    if existing.contains_key(MARK) {
        return Err(StoreError::Rebuilding);
    }
    for table in stored() {
        let engine = existing.get(table.name).ok_or(StoreError::MissingTable(table.name))?;
        statements.extend(store.layout().corrections(table, engine));
    }
    for rollup in ROLLUPS {
        if let Some(View { name: view, .. }) =
            rollup.views.iter().find(|view| !existing.contains_key(view.name))
        {
            return Err(StoreError::MissingView { view, rollup: rollup.definition.name });
        }
    }
    Ok(statements)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::config;

    fn layout(more: &str) -> Layout {
        Layout::new(&config(more))
    }

    fn as_applied() -> Vec<Applied> {
        (history().into_iter())
            .map(|step| Applied { number: step.number, name: step.name.into(), checksum: step.checksum() })
            .collect()
    }

    #[test]
    fn steps_are_numbered_from_one_without_gaps_and_named_so() {
        for (i, step) in history().iter().enumerate() {
            assert_eq!(step.number as usize, i + 1);
            assert!(step.name.starts_with(&format!("{:04}_", step.number)));
        }
    }

    #[test]
    fn no_placeholder_is_left_in_the_script() {
        for more in ["", "cluster = 'c'"] {
            let script = script(&layout(more));
            assert!(!script.contains(['{', '}']), "{script}");
            assert_eq!(script.matches("ON CLUSTER").count(), if more.is_empty() { 0 } else { 35 });
        }
    }

    #[test]
    fn released_templates_keep_their_checksums_and_new_ones_are_added() {
        let checksums: Vec<String> = history().into_iter().map(Migration::checksum).collect();
        let released = [
            "ca56592c8f78e6aa407cfbdc00b0e0dc20ddef2e7d6e334c05ae75e2d2a92c4a",
            "28d73333318c48ed7492795f3062e83bc3ad747b6f3826380ccc91e5405969d5",
            "04126ed8725a20f8016b45843bd5a10c2914f680512d107095f47585ce9f09f2",
            "289f48065446d13478e8789377704a18f05025d4d4f6c6d156a417b47cf9b0f2",
            "9f67a835573ac4639a9f8d16c34e066b6115ad91f9e105a96fc2d8e2efa0c3dd",
        ];
        assert_eq!(checksums[..released.len()], released, "add a migration instead of changing one");
    }

    #[test]
    fn what_was_applied_is_not_applied_again() {
        assert!(pending(&as_applied()).unwrap().is_empty());
        let names: Vec<_> = pending(&as_applied()[..1]).unwrap().iter().map(|step| step.name).collect();
        assert_eq!(names.len(), history().len() - 1);
        assert_eq!(names[0], "0002_model_calls");
    }

    #[test]
    fn drift_and_a_newer_database_are_refused() {
        let mut changed = as_applied();
        changed[0].checksum = "0".repeat(64);
        assert_eq!(pending(&changed).err().unwrap().label(), "drift");
        let mut newer = as_applied();
        newer.push(Applied { number: 99, name: "0099_later".into(), checksum: String::new() });
        assert_eq!(pending(&newer).err().unwrap().label(), "newer");
    }
}
