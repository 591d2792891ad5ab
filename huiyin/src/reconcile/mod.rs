//! `huiyin reconcile`: whether everything that was accepted became what it had to become, whether the tables hold what the log holds, and
//! whether providers bill what was counted. Every gap is told with its step and its id.

mod balance;
mod books;
mod csv;
pub(crate) mod invoice;
mod report;
mod rows;

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;

use crate::config::Config;
use crate::timestamp::Timestamp;
use crate::{Ended, Said, Unsure};

/// Which time is looked at, and which invoices.
#[derive(Args)]
pub(crate) struct Reconcile {
    /// Messages that were accepted at this time or later: 2026-01-31T08:00:00Z, or 24h ago as 24h
    #[arg(long, default_value = "24h")]
    from: Timestamp,
    /// Messages that were accepted before this time; what runs now has no end yet
    #[arg(long, default_value = "15m")]
    to: Timestamp,
    /// A provider's invoice, as name=file; the name is that of an `[[account.invoice]]`
    #[arg(long)]
    invoice: Vec<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What one comparison found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    lines: Vec<Line>,
    gaps: Vec<Gap>,
    /// What could not be compared, and why.
    missing: Vec<String>,
}

/// One thing on two sides.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
struct Line {
    /// What is counted.
    step: String,
    /// The side that is given.
    left: String,
    /// What it must be equal to.
    right: String,
}

/// Something that is on one side only.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
struct Gap {
    step: String,
    /// What it is about: a message, a turn, a request, a record, a line of an invoice.
    id: String,
    what: String,
}

impl Found {
    fn line(&mut self, step: &str, left: impl ToString, right: impl ToString) {
        self.lines.push(Line { step: step.to_owned(), left: left.to_string(), right: right.to_string() });
    }

    fn gap(&mut self, step: &str, id: impl ToString, what: impl Into<String>) {
        self.gaps.push(Gap { step: step.to_owned(), id: id.to_string(), what: what.into() });
    }

    fn and(&mut self, other: Self) {
        self.lines.extend(other.lines);
        self.gaps.extend(other.gaps);
        self.missing.extend(other.missing);
    }
}

/// Compares; what is found is told, and the exit code says whether all of it is as it must be.
///
/// # Errors
/// When nothing can be compared.
pub(crate) async fn run(config: Config, ask: &Reconcile) -> anyhow::Result<Said> {
    let (Timestamp(from), Timestamp(to)) = (ask.from, ask.to);
    if from >= to {
        bail!("reconcile: --from is not before --to");
    }
    let invoices = invoices(&ask.invoice)?;
    let store = account::Store::new(&config.account()?);
    let (config, books) = crate::blocking(move || {
        pipeline::kafka::reach(&config.kafka)?;
        let books = books::read(&config, (from, to))?;
        Ok((config, books))
    })
    .await?;
    let mut found = balance::of(&books);
    found.missing.extend(books.expired.iter().cloned());
    found.and(rows::compare(&config, &store, &books).await?);
    found.and(rows::rollups(&store, (from, to)).await?);
    for (name, path) in invoices {
        let read =
            std::fs::read_to_string(&path).with_context(|| format!("read invoice {}", path.display()))?;
        found.and(invoice::compare(&config, &store, (&name, &read), (from, to)).await?);
    }
    let text = if ask.json { report::json(&found)? } else { report::text(&found) };
    if found.gaps.is_empty() && !found.missing.is_empty() {
        return Err(Unsure { text }.into());
    }
    Ok(Said { text, ended: Ended::well_if(found.gaps.is_empty()) })
}

fn invoices(given: &[String]) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let read = |text: &String| {
        let (name, path) =
            text.split_once('=').with_context(|| format!("read --invoice {text:?}: it is not name=file"))?;
        Ok((name.to_owned(), PathBuf::from(path)))
    };
    given.iter().map(read).collect()
}
