//! Named queries: whoever shows a sum uses these.

mod header;
mod table;

use std::collections::BTreeMap;

pub use header::Parameter;
pub use table::Table;

use crate::{Store, StoreError};

/// Name and text of every query.
const QUERIES: &[(&str, &str)] =
    &[("cost", include_str!("../../queries/cost.sql")), ("counts", include_str!("../../queries/counts.sql"))];

/// A query as described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedQuery {
    /// Its name.
    pub name: &'static str,
    /// What it gives, one or more lines.
    pub meaning: String,
    /// What it can be asked with.
    pub parameters: Vec<Parameter>,
    sql: &'static str,
}

/// Why a named query gives nothing.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// There is none of that name.
    #[error("run query: {name:?} is none of {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// The names that exist.
        known: String,
    },
    /// It has no such parameter.
    #[error("run query: parameter {name:?} is none of {known}")]
    Parameter {
        /// What was given.
        name: String,
        /// The parameters that it has.
        known: String,
    },
    /// The store did not answer it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store's answer is not a table.
    #[error("read result of query")]
    Answer(#[from] serde_json::Error),
}

impl QueryError {
    /// A closed label for counters.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "unknown_query",
            Self::Parameter { .. } => "unknown_parameter",
            Self::Store(error) => error.label(),
            Self::Answer(_) => "answer",
        }
    }
}

/// Every named query.
pub fn list() -> Vec<NamedQuery> {
    (QUERIES.iter())
        .map(|(name, sql)| {
            let (meaning, parameters) = header::read(sql);
            NamedQuery { name, meaning, parameters, sql }
        })
        .collect()
}

/// Runs a named query; parameters that are not given have their defaults.
///
/// # Errors
/// [`QueryError`] when the name or a parameter is unknown, a value has the wrong form, or the store does not answer.
pub async fn run(store: &Store, name: &str, given: &BTreeMap<String, String>) -> Result<Table, QueryError> {
    let queries = list();
    let known = || queries.iter().map(|query| query.name).collect::<Vec<_>>().join(", ");
    let query = (queries.iter().find(|query| query.name == name))
        .ok_or_else(|| QueryError::Unknown { name: name.to_owned(), known: known() })?;
    if let Some(name) = given.keys().find(|name| query.parameters.iter().all(|p| p.name != **name)) {
        let known = query.parameters.iter().map(|p| p.name).collect::<Vec<_>>().join(", ");
        return Err(QueryError::Parameter { name: name.clone(), known });
    }
    let statement = (query.parameters.iter()).fold(store.database.query_raw(query.sql), |statement, p| {
        statement.param(p.name, given.get(p.name).map_or(p.default, String::as_str))
    });
    let statement = statement
        // Exact amounts are text in JSON: a reader's numbers would round them.
        .with_setting("output_format_json_quote_decimals", "1")
        .with_setting("output_format_json_quote_64bit_integers", "0")
        .with_setting("wait_end_of_query", "1");
    let bytes =
        store.within("run query", async { statement.fetch_bytes("JSONCompact")?.collect().await }).await?;
    Ok(Table::from_json(&bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_query_says_what_it_gives_and_declares_what_it_uses() {
        for query in list() {
            assert!(query.meaning.ends_with('.'), "{}: {:?}", query.name, query.meaning);
            for parameter in &query.parameters {
                assert!(query.sql.contains(&format!("{{{}:", parameter.name)), "{parameter:?}");
                assert!(!parameter.meaning.is_empty());
            }
            let used = query.sql.matches('{').count();
            let declared: usize =
                query.parameters.iter().map(|p| query.sql.matches(&format!("{{{}:", p.name)).count()).sum();
            assert_eq!(used, declared, "{}", query.name);
        }
    }
}
