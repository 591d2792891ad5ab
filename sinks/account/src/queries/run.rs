//! Runs a query.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use clickhouse::error::Error;

use super::moment::Clock;
use super::prices::ListPrice;
use super::query::NamedQuery;
use super::statement::{self, Readers, Statement};
use super::table::{Table, read};
use crate::{Store, StoreError};

/// How often the store is asked how far it is.
const ASKED_EVERY: Duration = Duration::from_millis(500);

/// Why a query gives nothing.
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
    /// A value has not the form of its parameter.
    #[error("run query: {name}={value:?} is not {expected}. {name}: {meaning}")]
    Value {
        /// The parameter.
        name: String,
        /// What was given.
        value: String,
        /// What it should have been.
        expected: String,
        /// What it means.
        meaning: String,
    },
    /// Nothing is between the two moments.
    #[error("run query: from is not before to")]
    Period,
    /// A rollup was asked for that there is not.
    #[error("run query: no rollup carries {0} between these moments; source=facts reads the facts")]
    NoRollup(String),
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
            Self::Value { .. } => "parameter_value",
            Self::Period => "period",
            Self::NoRollup(_) => "no_rollup",
            Self::Store(error) => error.label(),
            Self::Answer(_) => "answer",
        }
    }
}

/// What a query is asked.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// Values of parameters by their names; the others have their defaults.
    pub given: BTreeMap<String, String>,
    /// Prices of the configuration, for queries that compare with them.
    pub prices: Vec<ListPrice>,
}

/// What a query gave, and what it took.
#[derive(Debug)]
pub struct Answer {
    /// The result.
    pub table: Table,
    /// What the store read for it.
    pub reading: Reading,
    /// The table that its source was read from, where it has a source: a rollup, or facts.
    pub read_from: Option<&'static str>,
}

/// What the store read, as it says itself.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Reading {
    /// Rows.
    pub rows: u64,
    /// Bytes, uncompressed.
    pub bytes: u64,
    /// Seconds that it took.
    pub seconds: f64,
}

/// How far a query is that runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// How long it has been running.
    pub elapsed: Duration,
    /// Rows that were read; unknown where the store does not say.
    pub rows: Option<u64>,
    /// Rows that are to be read, about.
    pub of: Option<u64>,
}

/// Runs a shipped query; parameters that are not given have their defaults.
///
/// # Errors
/// [`QueryError`] when the name or a parameter is unknown, a value has the wrong form, or the store does not answer.
pub async fn run(store: &Store, name: &str, given: &BTreeMap<String, String>) -> Result<Table, QueryError> {
    let query = find(super::list().iter(), name)?;
    let question = Question { given: given.clone(), ..Question::default() };
    Ok(run_one(store, query, &question, |_| {}).await?.table)
}

/// The query of that name.
pub(super) fn find<'a>(
    queries: impl Iterator<Item = &'a NamedQuery> + Clone,
    name: &str,
) -> Result<&'a NamedQuery, QueryError> {
    queries.clone().find(|query| query.name == name).ok_or_else(|| QueryError::Unknown {
        name: name.to_owned(),
        known: queries.map(|query| query.name.as_str()).collect::<Vec<_>>().join(", "),
    })
}

/// Runs a query and tells twice a second how far it is.
///
/// # Errors
/// As [`run`].
pub async fn run_one(
    store: &Store,
    query: &NamedQuery,
    Question { given, prices }: &Question,
    mut watch: impl FnMut(Progress),
) -> Result<Answer, QueryError> {
    if let Some(name) = given.keys().find(|name| query.parameters.iter().all(|p| p.name != **name)) {
        let known = query.parameters.iter().map(|p| p.name.as_str()).collect::<Vec<_>>().join(", ");
        return Err(QueryError::Parameter { name: name.clone(), known });
    }
    let clock = Clock::now(store.zone()).ok_or(QueryError::Period)?;
    let prices = serde_json::to_string(prices)?;
    let readers = Readers { prices: &prices, clock: &clock, zone: store.zone(), key: store.key() };
    let statement = statement::build(query, given, &readers)?;
    let read_from = statement.table;
    let id = uuid::Uuid::now_v7().to_string();
    let begun = Instant::now();
    let asked = ask(store, statement, &id);
    tokio::pin!(asked);
    let answer = loop {
        tokio::select! {
            answer = &mut asked => break answer?,
            () = tokio::time::sleep(ASKED_EVERY) => watch(progress(store, &id, begun.elapsed()).await),
        }
    };
    let (table, reading) = read(&answer)?;
    Ok(Answer { table, reading, read_from })
}

async fn ask(
    store: &Store,
    Statement { sql, values, .. }: Statement,
    id: &str,
) -> Result<Vec<u8>, QueryError> {
    let query = store.database.query_raw(&sql);
    let query = values.into_iter().fold(query, |query, (name, value)| query.param(&name, value));
    let query = query
        // Exact amounts are text in JSON: a reader's numbers would round them.
        .with_setting("output_format_json_quote_decimals", "1")
        .with_setting("output_format_json_quote_64bit_integers", "0")
        .with_setting("wait_end_of_query", "1")
        .with_setting("readonly", "2")
        .with_setting("query_id", id);
    let answer = async { query.fetch_bytes("JSONCompact")?.collect().await };
    match store.within("run query", answer).await {
        Ok(bytes) => Ok(bytes.to_vec()),
        Err(StoreError::Statement { attempt, source: Error::BadResponse(text) }) => {
            let source = Error::BadResponse(without_statement(&text));
            Err(StoreError::Statement { attempt, source }.into())
        }
        Err(error) => Err(error.into()),
    }
}

/// As the store tells it of a query that runs; one that does not know it tells nothing.
async fn progress(store: &Store, id: &str, elapsed: Duration) -> Progress {
    let sql =
        "SELECT read_rows, total_rows_approx FROM system.processes WHERE query_id = {id:String} LIMIT 1";
    let asked = store.database.query_raw(sql).param("id", id).fetch_one::<(u64, u64)>();
    let told = store.within("read progress", asked).await.ok();
    Progress { elapsed, rows: told.map(|(rows, _)| rows), of: told.map(|(_, of)| of).filter(|of| *of > 0) }
}

/// The store's words without the whole statement, which it quotes.
fn without_statement(text: &str) -> String {
    match text.split_once(": In scope ") {
        Some((what, statement)) => {
            let name = statement.rfind(". (").and_then(|at| statement.get(at..)).unwrap_or_default();
            format!("{what}{name}")
        }
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_store_is_told_without_the_statement() {
        let text = "Code: 41. DB::Exception: Cannot read DateTime: unexpected word: In scope SELECT a. (b) FROM t. (CANNOT_PARSE) (version 26)";
        let told = without_statement(text);
        assert_eq!(
            told,
            "Code: 41. DB::Exception: Cannot read DateTime: unexpected word. (CANNOT_PARSE) (version 26)"
        );
        assert_eq!(without_statement("Code: 60. No table"), "Code: 60. No table");
    }
}
