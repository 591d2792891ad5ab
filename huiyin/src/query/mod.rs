//! `huiyin query`: runs a named query, shipped or of the operator's own, and tells its result.

mod prices;
mod progress;

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use account::queries::{self, Answer, Form, NamedQuery, Question};
use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use crate::config::Config;

/// What is asked, and how the result is told.
#[derive(Args)]
pub(crate) struct Query {
    /// Its name
    name: Option<String>,
    /// A parameter, name=value
    #[arg(short, long = "param")]
    parameters: Vec<String>,
    /// How the result is told
    #[arg(long, value_enum, default_value_t = Told::Table)]
    format: Told,
    /// Print one JSON object with columns and rows; the same as --format json
    #[arg(long)]
    json: bool,
    /// Also say, on standard error, from which table it was read, and how many rows and bytes
    #[arg(long)]
    explain: bool,
    /// A folder of queries of your own, in place of account.queries
    #[arg(long)]
    queries: Option<PathBuf>,
}

/// How a result is told.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Told {
    /// Aligned text
    Table,
    /// Comma-separated values (RFC 4180)
    Csv,
    /// A JSON object per line
    Jsonl,
    /// One JSON object with columns and rows
    Json,
}

impl From<Told> for Form {
    fn from(told: Told) -> Self {
        match told {
            Told::Table => Self::Text,
            Told::Csv => Self::Csv,
            Told::Jsonl => Self::Lines,
            Told::Json => Self::Json,
        }
    }
}

/// Lists the queries, or runs one.
pub(crate) async fn run(config: &Config, ask: &Query) -> anyhow::Result<String> {
    let folder = ask.queries.clone().or_else(|| folder(config));
    let own = folder.map(|folder| own(&folder)).transpose()?.unwrap_or_default();
    let all = || queries::list().iter().chain(&own);
    let Some(name) = &ask.name else { return Ok(all().map(described).collect()) };
    let query = all().find(|query| query.name == *name).with_context(|| {
        let known = all().map(|query| query.name.as_str()).collect::<Vec<_>>().join(", ");
        format!("run query: {name:?} is none of {known}")
    })?;
    let question = Question { given: given(&ask.parameters)?, prices: prices::of(&config.bundle) };
    let mut line = progress::Line::new(std::io::stderr().is_terminal());
    let store = account::Store::new(&config.account()?);
    let answer = queries::run_one(&store, query, &question, |progress| line.show(progress)).await;
    line.clear();
    let answer = answer?;
    if ask.explain {
        writeln!(std::io::stderr(), "{}", explained(&answer)).ok();
    }
    Ok(answer.table.told(if ask.json { Form::Json } else { ask.format.into() }))
}

/// The configured folder of own queries.
pub(crate) fn folder(config: &Config) -> Option<PathBuf> {
    let written = config.account.as_ref()?.queries.as_ref()?;
    Some(config.folder().join(written))
}

/// The queries of a folder.
///
/// # Errors
/// Everything that is wrong with any of them, each with file and line.
pub(crate) fn own(folder: &std::path::Path) -> anyhow::Result<Vec<NamedQuery>> {
    let read = queries::read_own(folder, queries::list());
    read.map_err(|problems| anyhow::anyhow!("read queries:\n{}", problems.join("\n")))
}

fn given(parameters: &[String]) -> anyhow::Result<BTreeMap<String, String>> {
    let mut given = BTreeMap::new();
    for parameter in parameters {
        let Some((name, value)) = parameter.split_once('=') else {
            bail!("read --param {parameter:?}: it is not name=value")
        };
        if given.insert(name.to_owned(), value.to_owned()).is_some() {
            bail!("read --param {parameter:?}: {name} is given twice")
        }
    }
    Ok(given)
}

/// Its name, what it gives, and a line for each parameter.
fn described(query: &NamedQuery) -> String {
    let meaning = query.meaning.replace('\n', "\n    ");
    let parameters = query.parameters.iter().map(|p| {
        let default = if p.default.is_empty() { "-" } else { &p.default };
        format!("    {}: {} [{default}] {}\n", p.name, p.kind.told(), p.meaning)
    });
    format!("{}\n    {meaning}\n{}", query.name, parameters.collect::<String>())
}

fn explained(Answer { reading, read_from, .. }: &Answer) -> String {
    let from = read_from.map(|table| format!(" from {table}")).unwrap_or_default();
    format!(
        "read{from}: {} rows, {} in {:.3} s",
        reading.rows,
        progress::bytes(reading.bytes),
        reading.seconds
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_a_name_and_a_value_and_is_given_once() {
        let read = |texts: &[&str]| given(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        assert_eq!(read(&["app=a#b", "by=app,day"]).unwrap()["by"], "app,day");
        assert!(read(&["app"]).is_err() && read(&["app=a", "app=b"]).is_err());
    }

    #[test]
    fn every_parameter_of_a_query_is_described_with_its_kind_and_default() {
        let cost = queries::list().iter().find(|query| query.name == "cost").unwrap();
        let told = described(cost);
        assert!(told.starts_with("cost\n    What calls cost"), "{told}");
        assert!(told.contains("\n    from: time [30d] ") && told.contains("\n    app: text [-] "), "{told}");
    }
}
