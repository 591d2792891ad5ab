//! A provider's invoice against what was counted here, by day, model and key.

use std::collections::{BTreeMap, BTreeSet};

use account::queries::{self, Table};
use account::{RawInvoice, RawRate, Store, converted, decimal, decimal_text, whole_days};
use anyhow::{Context, bail};

use super::{Found, csv};
use crate::config::Config;
use crate::timestamp::told;

/// Day, model and key; 0 where keys are not told apart.
type Key = (String, String, u64);

/// What one side says of a day, model and key, in 10⁻¹² by currency.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Side {
    amounts: BTreeMap<String, i128>,
    /// Calls that may be billed, or are and have no price.
    open: u64,
}

/// Compares one invoice.
///
/// # Errors
/// When it is not configured, cannot be read, or the store does not answer.
pub(super) async fn compare(
    config: &Config,
    store: &Store,
    (name, text): (&str, &str),
    (from, to): (i64, i64),
) -> anyhow::Result<Found> {
    let account = config.account.as_ref().context("section [account] is missing")?;
    let invoice = account.invoice.iter().find(|invoice| invoice.name == name);
    let invoice = invoice.with_context(|| format!("there is no [[account.invoice]] of the name {name:?}"))?;
    let days: BTreeSet<String> = whole_days(&invoice.time_zone, from, to).into_iter().collect();
    if days.is_empty() {
        bail!("invoice {name}: no day of {} lies wholly between --from and --to", invoice.time_zone);
    }
    let theirs = theirs(invoice, text, &days)?;
    let given = [
        ("provider", invoice.provider.clone()),
        ("targets", invoice.targets.join(",")),
        ("days", invoice.time_zone.clone()),
        ("from", told(from)),
        ("to", told(to)),
    ];
    let given = given.map(|(name, value)| (name.to_owned(), value)).into();
    let ours = ours(&queries::run(store, "billed", &given).await?, &days, invoice.key.is_some())?;
    Ok(differences(invoice, &account.rate, &ours, &theirs))
}

/// The lines of the file on these days.
fn theirs(invoice: &RawInvoice, text: &str, days: &BTreeSet<String>) -> anyhow::Result<BTreeMap<Key, Side>> {
    let unended =
        |line| anyhow::anyhow!("invoice {}: the quoted field of line {line} has no end", invoice.name);
    let mut records = csv::read(text, invoice.separator).map_err(unended)?.into_iter();
    let names = records.next().with_context(|| format!("invoice {}: it is empty", invoice.name))?;
    let column = |wanted: &str| {
        let at = names.iter().position(|name| name.trim() == wanted);
        at.with_context(|| {
            format!("invoice {}: it has no column {wanted:?}, only {}", invoice.name, names.join(", "))
        })
    };
    let (day_at, model_at, amount_at) =
        (column(&invoice.day)?, column(&invoice.model)?, column(&invoice.amount)?);
    let key_at = invoice.key.as_deref().map(column).transpose()?;
    let currency_at = invoice.currency_column.as_deref().map(column).transpose()?;
    let mut theirs: BTreeMap<Key, Side> = BTreeMap::new();
    for (index, record) in records.enumerate() {
        let field = |at: usize| record.get(at).map(|text| text.trim()).unwrap_or_default();
        let place = || format!("invoice {}, record {}", invoice.name, index + 2);
        let day =
            day(field(day_at)).with_context(|| format!("{}: {:?} is no day", place(), field(day_at)))?;
        if !days.contains(&day) {
            continue;
        }
        let amount = decimal(field(amount_at));
        let amount = amount.with_context(|| format!("{}: {:?} is no amount", place(), field(amount_at)))?;
        let key = match key_at.map(field) {
            None => 0,
            Some(key) => {
                let number = invoice.keys.get(key).copied().or_else(|| key.parse().ok());
                number
                    .with_context(|| format!("{}: key {key:?} is none of account.invoice.keys", place()))?
                    .into()
            }
        };
        let model = field(model_at);
        let model = invoice.models.get(model).map_or(model, String::as_str).to_owned();
        let currency = currency_at.map_or(invoice.currency.as_str(), field).to_owned();
        let side = theirs.entry((day, model, key)).or_default();
        *side.amounts.entry(currency).or_default() += amount;
    }
    Ok(theirs)
}

/// The day that a field begins with.
fn day(text: &str) -> Option<String> {
    let digits: String = text.chars().take(10).filter(char::is_ascii_digit).collect();
    let is_written = |form: [usize; 3]| {
        let parts: Vec<usize> = text.get(..10).unwrap_or(text).split(['-', '/']).map(str::len).collect();
        parts == form
    };
    let is_plain = text.len() >= 8 && text.bytes().take(8).all(|c| c.is_ascii_digit());
    let digits = if is_plain { digits.get(..8)?.to_owned() } else { digits };
    let good = digits.len() == 8 && (is_plain || is_written([4, 2, 2]));
    good.then(|| Some(format!("{}-{}-{}", digits.get(..4)?, digits.get(4..6)?, digits.get(6..8)?)))?
}

fn ours(table: &Table, days: &BTreeSet<String>, by_key: bool) -> anyhow::Result<BTreeMap<Key, Side>> {
    let mut ours: BTreeMap<Key, Side> = BTreeMap::new();
    for row in 0..table.rows.len() {
        let text = |column: &str| table.get(row, column).and_then(|value| value.as_str()).unwrap_or_default();
        let count =
            |column: &str| table.get(row, column).and_then(serde_json::Value::as_u64).unwrap_or_default();
        if !days.contains(text("day")) {
            continue;
        }
        let key = if by_key { count("key") } else { 0 };
        let side = ours.entry((text("day").to_owned(), text("model").to_owned(), key)).or_default();
        side.open += count("uncertain") + count("unpriced");
        if !text("currency").is_empty() {
            let cost = decimal(text("cost")).context("read the cost of a day")?;
            *side.amounts.entry(text("currency").to_owned()).or_default() += cost;
        }
    }
    Ok(ours)
}

fn differences(
    invoice: &RawInvoice,
    rates: &[RawRate],
    ours: &BTreeMap<Key, Side>,
    theirs: &BTreeMap<Key, Side>,
) -> Found {
    let mut found = Found::default();
    let step = format!("counted = billed by {}", invoice.name);
    let tolerance = decimal(&invoice.tolerance).unwrap_or_default();
    let (mut same, mut by_rates) = (0, BTreeSet::new());
    let keys: BTreeSet<&Key> = ours.keys().chain(theirs.keys()).collect();
    for key in &keys {
        let (day, model, number) = key;
        let id = if *number == 0 { format!("{day} {model}") } else { format!("{day} {model} key {number}") };
        let side = |all: &BTreeMap<Key, Side>| all.get(*key).cloned().unwrap_or_default();
        let (ours, theirs) = (side(ours), side(theirs));
        let mut wanted = theirs.amounts.clone();
        for (currency, amount) in &theirs.amounts {
            let target = ours
                .amounts
                .keys()
                .find(|own| *own != currency)
                .filter(|_| !ours.amounts.contains_key(currency));
            let Some(target) = target else { continue };
            if let Some((amount, rate)) = converted(rates, *amount, (currency, target), day) {
                by_rates.insert(format!("{currency} in {target} at {}, the rate of {}", rate.rate, rate.day));
                wanted.remove(currency);
                *wanted.entry(target.clone()).or_default() += amount;
            }
        }
        let currencies: BTreeSet<&String> = ours.amounts.keys().chain(wanted.keys()).collect();
        let mut is_same = true;
        for currency in currencies {
            let of = |amounts: &BTreeMap<String, i128>| amounts.get(currency).copied().unwrap_or_default();
            let (counted, billed) = (of(&ours.amounts), of(&wanted));
            if (counted - billed).abs() > tolerance {
                is_same = false;
                let open = match ours.open {
                    0 => String::new(),
                    open => format!("; {open} calls may be billed and have no amount here"),
                };
                let difference = decimal_text(counted - billed);
                let what = format!(
                    "{} {currency} counted, {} billed, difference {difference}{open}",
                    decimal_text(counted),
                    decimal_text(billed)
                );
                found.gap(&step, &id, what);
            }
        }
        same += usize::from(is_same);
    }
    found.line(&step, format!("{} days, models and keys", keys.len()), format!("{same} the same"));
    by_rates.into_iter().for_each(|rate| found.line("converted", rate, "by account.rate"));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invoice(more: &str) -> RawInvoice {
        let text = "name = 'o'\nprovider = 'openai'\nday = 'Date'\nmodel = 'Model'\namount = 'Cost'\n"
            .to_owned()
            + more;
        toml::from_str(&text).unwrap()
    }

    fn days() -> BTreeSet<String> {
        ["2025-01-01", "2025-01-02"].map(str::to_owned).into()
    }

    fn counted(rows: &[(&str, &str, u64, &str, &str)]) -> BTreeMap<Key, Side> {
        let mut ours: BTreeMap<Key, Side> = BTreeMap::new();
        for (day, model, key, currency, cost) in rows {
            let side = ours.entry(((*day).to_owned(), (*model).to_owned(), *key)).or_default();
            side.amounts.insert((*currency).to_owned(), decimal(cost).unwrap());
        }
        ours
    }

    fn gaps(
        invoice: &RawInvoice,
        rates: &[RawRate],
        ours: &BTreeMap<Key, Side>,
        csv: &str,
    ) -> Vec<(String, String)> {
        let found = differences(invoice, rates, ours, &theirs(invoice, csv, &days()).unwrap());
        found.gaps.into_iter().map(|gap| (gap.id, gap.what)).collect()
    }

    #[test]
    fn what_is_billed_as_it_was_counted_has_no_gap_and_a_cent_is_none() {
        let invoice = invoice("currency = 'USD'\nmodels = { 'M One' = 'm-1' }");
        let ours = counted(&[("2025-01-01", "m-1", 0, "USD", "1.234567")]);
        let csv =
            "Date,Model,Cost\n2025-01-01T00:00:00Z,M One,1.20\n2025/01/01,M One,0.03\n2024-12-31,M One,99\n";
        assert_eq!(gaps(&invoice, &[], &ours, csv), []);
    }

    #[test]
    fn a_gap_names_day_model_and_key_with_both_amounts() {
        let invoice = invoice("currency = 'USD'\nkey = 'Key'\nkeys = { 'sk-a' = 1, 'sk-b' = 2 }");
        let ours = counted(&[("2025-01-01", "m-1", 1, "USD", "1"), ("2025-01-02", "m-1", 2, "USD", "3")]);
        let csv =
            "Key,Date,Model,Cost\nsk-a,20250101,m-1,1.5\nsk-b,2025-01-01,m-1,2\nsk-b,2025-01-02,m-1,3.00\n";
        let expected = [
            ("2025-01-01 m-1 key 1", "1 USD counted, 1.5 billed, difference -0.5"),
            ("2025-01-01 m-1 key 2", "0 USD counted, 2 billed, difference -2"),
        ];
        assert_eq!(
            gaps(&invoice, &[], &ours, csv),
            expected.map(|(id, what)| (id.to_owned(), what.to_owned()))
        );
        assert!(theirs(&invoice, "Key,Date,Model,Cost\nsk-c,2025-01-01,m-1,1\n", &days()).is_err());
    }

    #[test]
    fn currencies_are_compared_only_by_a_rate() {
        let invoice = invoice("currency_column = 'Cur'");
        let ours = counted(&[("2025-01-01", "m-1", 0, "CNY", "7.3")]);
        let csv = "Cur,Date,Model,Cost\nUSD,2025-01-01,m-1,1\n";
        assert_eq!(gaps(&invoice, &[], &ours, csv).len(), 2);
        let rate: RawRate =
            toml::from_str("from = 'USD'\nto = 'CNY'\nday = '2025-01-01'\nrate = '7.3'").unwrap();
        assert_eq!(gaps(&invoice, &[rate], &ours, csv), []);
    }

    #[test]
    fn what_is_no_invoice_is_told() {
        let invoice = invoice("currency = 'USD'");
        let bad = |csv: &str| theirs(&invoice, csv, &days()).unwrap_err().to_string();
        assert!(bad("Date,Model\n").contains("no column \"Cost\""));
        assert!(bad("Date,Model,Cost\nyesterday,m,1\n").contains("record 2: \"yesterday\" is no day"));
        assert!(bad("Date,Model,Cost\n2025-01-01,m,1.2.3\n").contains("\"1.2.3\" is no amount"));
        assert!(bad("Date,Model,Cost\n2025-01-01,\"m,1\n").contains("line 2"));
        assert!(bad("").contains("it is empty"));
        assert_eq!(day("2025-01-02 10:00").as_deref(), Some("2025-01-02"));
        assert_eq!(day("20250102").as_deref(), Some("2025-01-02"));
        assert_eq!([day("02.01.2025"), day("2025-1-2"), day("")], [None, None, None]);
    }
}
