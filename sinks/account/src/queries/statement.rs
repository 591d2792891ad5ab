//! The statement that is sent: the query's text with the names of columns and the table of its source in it, and everything else beside it,
//! bound.

use std::collections::BTreeMap;

use common::Secret;

use super::kind::{Kind, Value};
use super::moment::Clock;
use super::prices;
use super::query::NamedQuery;
use super::run::QueryError;
use super::scan;
use super::source::{self, Asked, Variant, Wanted};
use crate::pseudonym;

/// A statement with what is bound to it.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) sql: String,
    pub(super) values: Vec<(String, Value)>,
    /// The table that its source is read from.
    pub(super) table: Option<&'static str>,
}

/// What values are read with.
pub(super) struct Readers<'a> {
    pub(super) clock: &'a Clock,
    pub(super) zone: &'a str,
    /// JSON of a list of prices.
    pub(super) prices: &'a str,
    /// Key of the pseudonyms.
    pub(super) key: &'a Secret,
}

/// Makes the statement of a query; what is not given has its default.
///
/// # Errors
/// [`QueryError`] names the parameter that is not as it must be.
pub(super) fn build(
    query: &NamedQuery,
    given: &BTreeMap<String, String>,
    readers: &Readers<'_>,
) -> Result<Statement, QueryError> {
    let mut values = values(query, given, readers)?;
    let (since, to) = period(query, &mut values)?;
    values.insert("zone".to_owned(), Value::Text(readers.zone.to_owned()));
    let variant = variant(query, &values, (since, to), readers.clock)?;
    let mut sql = replaced(&query.sql, |found| (found.name == prices::NAME).then(|| prices::SQL.to_owned()));
    if let Some(variant) = variant {
        let is_source = |name: &str| source::named(name).is_some();
        sql = replaced(&sql, |found| is_source(&found.name).then(|| format!("(\n{}\n)", variant.sql())));
    }
    values.insert(prices::BOUND.to_owned(), Value::Text(readers.prices.to_owned()));
    let sql = replaced(&sql, |found| match values.get(&found.name) {
        Some(Value::Columns(names)) => {
            Some(names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
        }
        _ => None,
    });
    let mut bound = Vec::new();
    for found in scan::placeholders(&sql) {
        if bound.iter().all(|(name, _)| *name != found.name) {
            // A filter of a source that the query does not have narrows nothing.
            let value = values.get(&found.name).cloned().unwrap_or(Value::Text(String::new()));
            bound.push((found.name, value));
        }
    }
    Ok(Statement { sql, values: bound, table: variant.map(|variant| variant.table) })
}

/// Every value, checked.
fn values(
    query: &NamedQuery,
    given: &BTreeMap<String, String>,
    Readers { clock, key, .. }: &Readers<'_>,
) -> Result<BTreeMap<String, Value>, QueryError> {
    let mut values = BTreeMap::new();
    let app = given.get("app").map(String::as_str).unwrap_or_default();
    for parameter in &query.parameters {
        let text = given.get(&parameter.name).unwrap_or(&parameter.default);
        let wrong = |expected: String| QueryError::Value {
            name: parameter.name.clone(),
            value: text.clone(),
            expected,
            meaning: parameter.meaning.clone(),
        };
        let value = match parameter.kind {
            Kind::User => {
                Value::Text(pseudonym::given(key, app, text).map_err(|expected| wrong(expected.to_owned()))?)
            }
            _ => parameter.kind.value(text, clock).map_err(wrong)?,
        };
        values.insert(parameter.name.clone(), value);
    }
    Ok(values)
}

/// Puts `before` and `since` beside `from` and `to`; gives the first and the last moment that are read.
fn period(query: &NamedQuery, values: &mut BTreeMap<String, Value>) -> Result<(i64, i64), QueryError> {
    let (Some(Value::Time(from)), Some(Value::Time(to))) = (values.get("from"), values.get("to")) else {
        return Ok((0, 0));
    };
    let (from, to) = (*from, *to);
    if from >= to {
        return Err(QueryError::Period);
    }
    let before = (from - (to - from)).max(0);
    let since = if query.looks_back() { before } else { from };
    values.insert("before".to_owned(), Value::Time(before));
    values.insert("since".to_owned(), Value::Time(since));
    Ok((since, to))
}

fn variant(
    query: &NamedQuery,
    values: &BTreeMap<String, Value>,
    (from, to): (i64, i64),
    clock: &Clock,
) -> Result<Option<&'static Variant>, QueryError> {
    let Some(source) = query.source() else { return Ok(None) };
    let wanted = match values.get("source") {
        Some(Value::Text(word)) if word == "facts" => Wanted::Facts,
        Some(Value::Text(word)) if word == "rollup" => Wanted::Rollup,
        _ => Wanted::Cheapest,
    };
    let columns = source::columns(source, values.iter().map(|(name, value)| (name.as_str(), value)));
    let asked = Asked { columns, from, to, clock };
    source.choose(wanted, &asked).map(Some).ok_or_else(|| QueryError::NoRollup(asked.columns.join(", ")))
}

/// The text with some of its placeholders replaced.
fn replaced(sql: &str, by: impl Fn(&scan::Placeholder) -> Option<String>) -> String {
    let (mut text, mut from) = (String::new(), 0);
    for found in scan::placeholders(sql) {
        if let Some(with) = by(&found) {
            text.push_str(&sql[from..found.place.start]);
            text.push_str(&with);
            from = found.place.end;
        }
    }
    text + &sql[from..]
}
