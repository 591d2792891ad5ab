//! `huiyin export`: results for other people's books.

use std::collections::BTreeMap;

use account::queries::{self, Form, Table};
use account::{RawRate, converted, decimal, decimal_text};
use clap::{Args, Subcommand};
use serde_json::Value;

use crate::config::Config;

/// What is exported.
#[derive(Subcommand)]
pub(crate) enum Export {
    /// Cost per app, day, model and currency with the version of its price, corrections listed, as CSV
    Finance(Finance),
}

/// Which time, and how amounts are told.
#[derive(Args)]
pub(crate) struct Finance {
    /// The first moment, as a query's time: 2026-01, 2026-01-31, 30d
    #[arg(long)]
    from: String,
    /// The first moment that does not belong to it any more
    #[arg(long)]
    to: String,
    /// Only this app, org#app
    #[arg(long)]
    app: Option<String>,
    /// Also tell each amount in this currency, by the rates of account.rate, with the rate and its day
    #[arg(long)]
    currency: Option<String>,
}

/// Runs the query `finance` and tells its result.
///
/// # Errors
/// When the store does not answer.
pub(crate) async fn run(config: &Config, export: &Export) -> anyhow::Result<String> {
    let Export::Finance(ask) = export;
    let app = ask.app.clone().unwrap_or_default();
    let given = [("from", ask.from.clone()), ("to", ask.to.clone()), ("app", app)];
    let given: BTreeMap<String, String> = given.map(|(name, value)| (name.to_owned(), value)).into();
    let store = account::Store::new(&config.account()?);
    let mut table = queries::run(&store, "finance", &given).await?;
    if let Some(into) = &ask.currency {
        let rates = config.account.as_ref().map(|account| account.rate.as_slice()).unwrap_or_default();
        convert(&mut table, rates, into);
    }
    Ok(table.told(Form::Csv))
}

/// Adds each amount in another currency, with the rate; where there is no rate the columns are empty.
fn convert(table: &mut Table, rates: &[RawRate], into: &str) {
    let place = |name: &str| table.columns.iter().position(|column| column == name);
    let (Some(day), Some(currency), Some(amount)) = (place("day"), place("currency"), place("amount")) else {
        return;
    };
    for row in &mut table.rows {
        let text = |at: usize| row.get(at).and_then(Value::as_str).unwrap_or_default();
        let (day, currency) = (text(day).to_owned(), text(currency).to_owned());
        let cells = match decimal(text(amount)) {
            Some(pico) if currency == into => [decimal_text(pico).into(), "1".into(), day.into()],
            Some(pico) => match converted(rates, pico, (&currency, into), &day) {
                Some((pico, rate)) => {
                    [decimal_text(pico).into(), rate.rate.as_str().into(), rate.day.as_str().into()]
                }
                None => [Value::Null, Value::Null, Value::Null],
            },
            None => [Value::Null, Value::Null, Value::Null],
        };
        row.extend(cells);
    }
    let names = [format!("amount_{}", into.to_lowercase()), "rate".to_owned(), "rate_day".to_owned()];
    table.columns.extend(names);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn amounts_are_converted_by_the_rate_of_their_day_or_not_at_all() {
        let row = |day: &str, currency: &str, amount: Value| vec![json!(day), json!(currency), amount];
        let mut table = Table {
            columns: ["day", "currency", "amount"].map(str::to_owned).to_vec(),
            rows: vec![
                row("2025-01-02", "USD", json!("1.5")),
                row("2025-01-02", "CNY", json!("-2")),
                row("2024-12-31", "USD", json!("1")),
                row("2025-01-02", "", Value::Null),
            ],
        };
        let rate =
            RawRate { from: "USD".into(), to: "CNY".into(), day: "2025-01-01".into(), rate: "7.2".into() };
        convert(&mut table, &[rate], "CNY");
        assert_eq!(
            table.told(Form::Csv),
            "day,currency,amount,amount_cny,rate,rate_day\r\n2025-01-02,USD,1.5,10.8,7.2,2025-01-01\r\n\
             2025-01-02,CNY,-2,-2,1,2025-01-02\r\n2024-12-31,USD,1,,,\r\n2025-01-02,,,,,\r\n"
        );
    }
}
