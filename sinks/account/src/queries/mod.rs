//! Named queries. Every sum that is shown anywhere comes from one of them.

mod header;
mod table;

use std::collections::BTreeMap;
use std::sync::LazyLock;

pub use header::Parameter;
pub use table::Table;

use clickhouse::error::Error;

use crate::rollups::{ROLLUPS, Rollup};
use crate::tables::{Counts, Definition, definitions};
use crate::{Store, StoreError};

/// Name and text of every query.
static QUERIES: LazyLock<Vec<(&str, String)>> = LazyLock::new(|| {
    vec![
        ("cost", include_str!("../../queries/cost.sql").to_owned()),
        ("counts", counts()),
        ("drift", drift()),
        ("false_hits", include_str!("../../queries/false_hits.sql").to_owned()),
        ("safety_hits", include_str!("../../queries/safety_hits.sql").to_owned()),
        ("whereabouts", include_str!("../../queries/whereabouts.sql").to_owned()),
    ]
});

/// The query `counts`, over every table.
fn counts() -> String {
    let tables: Vec<String> = definitions()
        .filter_map(|Definition { name, counts, .. }| Some((name, counts.as_ref()?)))
        .map(|(name, Counts { label, ordinal })| {
            let source = format!("(source_topic, source_partition, source_offset, {ordinal})");
            format!(
                "    SELECT '{name}' AS name, app, at, {label} AS label, {source} AS source\n    FROM {name}"
            )
        })
        .collect();
    include_str!("../../queries/counts.sql").replace("{tables}", &tables.join("\n    UNION ALL\n"))
}

/// The query `drift`, over every measure of every view.
fn drift() -> String {
    let bounds = |time: &str| {
        format!(
            "({{app:String}} = '' OR app = {{app:String}}) AND {time} >= parseDateTime64BestEffort({{from:String}}, 3, 'UTC') \
             AND {time} < parseDateTime64BestEffort({{to:String}}, 3, 'UTC')"
        )
    };
    let mut measures = Vec::new();
    for Rollup { definition: Definition { name, moment, .. }, views, .. } in ROLLUPS.iter().copied() {
        for (view, measure) in
            views.iter().flat_map(|view| view.measures.iter().map(move |measure| (view, measure)))
        {
            let (of, label) =
                (view.of, format!("'{name}' AS name, '{}.{}' AS measure", view.of, measure.name));
            measures.push(format!(
                "    SELECT {label}, toString({}) AS facts, '' AS rolled_up\n    FROM {of}\n    WHERE {}",
                measure.facts,
                bounds("at")
            ));
            measures.push(format!(
                "    SELECT {label}, '' AS facts, toString({}) AS rolled_up\n    FROM {name}\n    WHERE {}",
                measure.rollup,
                bounds(moment)
            ));
        }
    }
    include_str!("../../queries/drift.sql").replace("{measures}", &measures.join("\n    UNION ALL\n"))
}

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
    /// A value has not the form of its parameter.
    #[error("run query: {name}={value:?} is no timestamp. {name}: {meaning}")]
    Value {
        /// The parameter.
        name: &'static str,
        /// What was given.
        value: String,
        /// What it means, with the form of its value.
        meaning: &'static str,
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
            Self::Value { .. } => "parameter_value",
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
    let answer =
        store.within("run query", async { statement.fetch_bytes("JSONCompact")?.collect().await }).await;
    match answer {
        Ok(bytes) => Ok(Table::from_json(&bytes)?),
        Err(StoreError::Statement { attempt, source: Error::BadResponse(text) }) => {
            if let Some(error) = no_timestamp(store, query, given).await {
                return Err(error);
            }
            Err(StoreError::Statement { attempt, source: Error::BadResponse(without_statement(&text)) }
                .into())
        }
        Err(error) => Err(error.into()),
    }
}

/// The first of the given values that is no timestamp, which the store's error does not name; `None` when the store does not answer.
async fn no_timestamp(
    store: &Store,
    query: &NamedQuery,
    given: &BTreeMap<String, String>,
) -> Option<QueryError> {
    for parameter in &query.parameters {
        let Some(value) = given.get(parameter.name).filter(|_| parameter.is_timestamp(query.sql)) else {
            continue;
        };
        let sql = "SELECT toUInt8(isNull(parseDateTime64BestEffortOrNull({value:String}, 3, 'UTC')))";
        let asked = store.database.query_raw(sql).param("value", value);
        if matches!(store.within("check parameter", asked.fetch_one::<u8>()).await, Ok(1)) {
            let Parameter { name, meaning, .. } = *parameter;
            return Some(QueryError::Value { name, value: value.clone(), meaning });
        }
    }
    None
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
