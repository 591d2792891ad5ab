//! `huiyin recost`: prices calls of a time again by a table of prices, each by its day. What differs becomes a correction with a signed
//! amount; nothing that was booked is changed, so sums are right at every moment, and doing it again changes nothing more. Without
//! `--execute` it only tells what it would do.

mod plan;
mod report;
mod write;

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, bail};
use catalogue::Price;
use catalogue::raw::RawPrice;
use clap::Args;
use serde::Deserialize;

use crate::act::Who;
use crate::config::Config;
use crate::timestamp::{Timestamp, told};

/// Which calls are priced again, and by what.
#[derive(Args)]
pub(crate) struct Recost {
    /// Calls that started at this time or later: 2026-01-31T08:00:00Z, or 24h ago as 24h
    #[arg(long)]
    from: Timestamp,
    /// Calls that started before this time
    #[arg(long)]
    to: Timestamp,
    /// A file with rows `[[price]]` as the configuration has them
    #[arg(long)]
    prices: PathBuf,
    /// Also tell the differences in this currency, by the rates of account.rate
    #[arg(long)]
    currency: Option<String>,
    #[command(flatten)]
    who: Who,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Do it
    #[arg(long)]
    execute: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    price: Vec<RawPrice>,
}

/// Calls are read by so much time at once, in milliseconds.
const AT_ONCE: i64 = 6 * 60 * 60 * 1_000;

/// Tells the differences by model; with `--execute` also writes the corrections.
///
/// # Errors
/// When the prices are not in order, the store does not answer, or the log does not take a correction.
pub(crate) async fn run(config: Config, ask: &Recost) -> anyhow::Result<String> {
    let (Timestamp(from), Timestamp(to)) = (ask.from, ask.to);
    if from >= to {
        bail!("recost: --from is not before --to");
    }
    let text =
        std::fs::read_to_string(&ask.prices).with_context(|| format!("read {}", ask.prices.display()))?;
    let prices = prices(&text)?;
    let (name, execute, who) = (plan::name(&prices), ask.execute, ask.who.clone());
    let config = crate::blocking(move || {
        pipeline::kafka::reach(&config.kafka)?;
        if execute {
            write::check(&config)?;
        }
        Ok(config)
    })
    .await?;
    let store = account::Store::new(&config.account()?);
    let mut plan = plan::Plan::default();
    let terms = plan::Terms { run: &name, prices: &prices, by: &who.name(), now: crate::check::now() };
    let mut begin = from;
    while begin < to {
        let end = (begin + AT_ONCE).min(to);
        for call in store.booked_calls(begin, end).await? {
            plan.take(&call, &terms)?;
        }
        begin = end;
    }
    let rates = config.account.as_ref().map(|account| account.rate.clone()).unwrap_or_default();
    let into = ask.currency.as_deref();
    let mut told_text =
        if ask.json { report::json(&plan, &rates, into)? } else { report::text(&plan, &rates, into) };
    if execute && !plan.corrections.is_empty() {
        let subject = format!("calls from {} to {}", told(from), told(to));
        let written = plan.corrections.len();
        crate::blocking(move || write::write(&config, &plan, &who, (&name, subject))).await?;
        if !ask.json {
            told_text.push_str(&format!(
                "{written} corrections were written; they count as soon as account has stored them\n"
            ));
        }
    } else if !ask.json {
        told_text.push_str(if execute {
            "nothing was changed: all of it is booked so\n"
        } else {
            "nothing was changed: --execute does it\n"
        });
    }
    Ok(told_text)
}

/// The rows of a file, checked.
fn prices(text: &str) -> anyhow::Result<Vec<Price>> {
    let file: File = toml::from_str(text).context("read --prices")?;
    catalogue::price_table(file.price).map_err(|problems| {
        let told: BTreeMap<String, String> =
            problems.into_iter().map(|problem| (problem.place.to_string(), problem.what)).collect();
        let lines: Vec<String> = told.into_iter().map(|(place, what)| format!("{place}: {what}")).collect();
        anyhow::anyhow!("read --prices:\n{}", lines.join("\n"))
    })
}
