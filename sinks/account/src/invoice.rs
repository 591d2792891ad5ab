//! Invoices of providers, as far as their columns must be known, and rates between currencies: `[[account.invoice]]`, `[[account.rate]]`.

use std::collections::BTreeMap;

use common::Problems;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::queries::zone_of;

/// A provider's invoice as a CSV file with a line of names: which column has what.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawInvoice {
    /// Its name, by which `huiyin reconcile --invoice name=file` means it.
    pub name: String,
    /// Provider family whose calls it bills.
    pub provider: String,
    /// Only calls of these targets; all of the provider's by default.
    #[serde(default)]
    pub targets: Vec<String>,
    /// Column of the day: `2026-01-31`, `2026/01/31` or `20260131`, whatever follows.
    pub day: String,
    /// Column of the model.
    pub model: String,
    /// Column of the key. Without it keys are not told apart.
    #[serde(default)]
    pub key: Option<String>,
    /// Column of the amount, as decimal text.
    pub amount: String,
    /// Column of the currency. Without it, `currency` holds for every line.
    #[serde(default)]
    pub currency_column: Option<String>,
    /// Currency of every line as its ISO 4217 code.
    #[serde(default)]
    pub currency: String,
    /// What the invoice calls a model, and what its targets call it; a model that is not named has one name.
    #[serde(default)]
    pub models: BTreeMap<String, String>,
    /// What the invoice calls a key, and its number among the keys of the target, from 1.
    #[serde(default)]
    pub keys: BTreeMap<String, u16>,
    /// IANA name of the time zone of its days. `"UTC"` by default.
    #[serde(default = "utc")]
    pub time_zone: String,
    /// What stands between fields. `","` by default.
    #[serde(default = "comma")]
    pub separator: char,
    /// How far a line may differ, as decimal text in its currency: providers round. `"0.01"` by default.
    #[serde(default = "cent")]
    pub tolerance: String,
}

/// What one currency was worth in another one, from a day on.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawRate {
    /// The currency that is converted.
    pub from: String,
    /// The currency that it is converted into.
    pub to: String,
    /// The first day on which it holds, such as `2026-01-31`, until the day of the next one.
    pub day: String,
    /// How much of `to` one of `from` is, as decimal text with at most 6 places.
    pub rate: String,
}

fn utc() -> String {
    "UTC".into()
}

fn comma() -> char {
    ','
}

fn cent() -> String {
    "0.01".into()
}

/// Checks the lists.
pub(crate) fn check(invoices: &[RawInvoice], rates: &[RawRate], problems: &mut Problems) {
    for invoice in invoices {
        let place = format!("account.invoice {:?}", invoice.name);
        let twice = invoices.iter().filter(|other| other.name == invoice.name).count() > 1;
        for (is_good, what) in [
            (!twice, "name: another invoice has it, too"),
            (zone_of(&invoice.time_zone).is_some(), "time_zone: it is no time zone such as Asia/Shanghai"),
            (decimal(&invoice.tolerance).is_some_and(|pico| pico >= 0), "tolerance: it is no decimal number"),
            (
                invoice.currency_column.is_some() || is_currency(&invoice.currency),
                "currency: it needs an ISO 4217 code, or currency_column",
            ),
        ] {
            if !is_good {
                problems.add(&place, what);
            }
        }
    }
    for rate in rates {
        let place = format!("account.rate of {}", rate.from);
        for (is_good, what) in [
            (is_currency(&rate.from) && is_currency(&rate.to), "from, to: they are ISO 4217 codes"),
            (is_day(&rate.day), "day: it is no day such as 2026-01-31"),
            (
                millionths(&rate.rate).is_some_and(|rate| rate > 0),
                "rate: it is no decimal number above 0 with at most 6 places",
            ),
        ] {
            if !is_good {
                problems.add(&place, what);
            }
        }
    }
}

fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|c| c.is_ascii_uppercase())
}

fn is_day(text: &str) -> bool {
    text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok()
}

/// Decimal text in 10⁻¹²; `None` when it is none, or has more places.
pub fn decimal(text: &str) -> Option<i128> {
    let text = text.trim();
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let kept = fraction.trim_end_matches('0');
    let is_number = !whole.is_empty()
        && whole.len() <= 20
        && whole.bytes().chain(kept.bytes()).all(|c| c.is_ascii_digit());
    let pico =
        (is_number && kept.len() <= 12).then(|| format!("{whole}{kept:0<12}").parse::<i128>().ok())??;
    Some(sign * pico)
}

/// An amount in 10⁻¹² as decimal text.
pub fn decimal_text(pico: i128) -> String {
    let size = pico.unsigned_abs();
    let (whole, fraction) = (size / 1_000_000_000_000, size % 1_000_000_000_000);
    let text = format!("{}{whole}.{fraction:012}", if pico < 0 { "-" } else { "" });
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn millionths(text: &str) -> Option<i128> {
    decimal(text).filter(|pico| pico % 1_000_000 == 0).map(|pico| pico / 1_000_000)
}

/// Converts an amount in 10⁻¹² by the newest rate of that day or before; half a 10⁻¹² is rounded away from zero. Gives the rate, too, since
/// whoever converts says by what.
pub fn converted<'a>(
    rates: &'a [RawRate],
    pico: i128,
    (from, to): (&str, &str),
    day: &str,
) -> Option<(i128, &'a RawRate)> {
    let of_pair = rates.iter().filter(|rate| rate.from == from && rate.to == to && rate.day.as_str() <= day);
    let rate = of_pair.max_by_key(|rate| &rate.day)?;
    let exact = pico.checked_mul(millionths(&rate.rate)?)?;
    let half = if exact < 0 { -500_000 } else { 500_000 };
    Some(((exact + half) / 1_000_000, rate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact() {
        for (text, pico) in [
            ("0.01", 10_000_000_000),
            ("-1.5", -1_500_000_000_000),
            ("12", 12_000_000_000_000),
            ("0.000000000001", 1),
        ] {
            assert_eq!(decimal(text), Some(pico));
            assert_eq!(decimal_text(pico), text);
        }
        for wrong in ["", "x", "1,5", "1e3", "0.0000000000001", "--1", "."] {
            assert_eq!(decimal(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_rate_holds_from_its_day_until_the_next_one() {
        let rate = |day: &str, rate: &str| RawRate {
            from: "USD".into(),
            to: "CNY".into(),
            day: day.into(),
            rate: rate.into(),
        };
        let rates = [rate("2025-01-01", "7.3"), rate("2025-02-01", "7.25")];
        let of = |day: &str| {
            converted(&rates, 3, ("USD", "CNY"), day).map(|(pico, rate)| (pico, rate.rate.as_str()))
        };
        assert_eq!(of("2024-12-31"), None);
        assert_eq!(of("2025-01-31"), Some((22, "7.3")));
        assert_eq!(of("2025-02-01"), Some((22, "7.25")));
        assert_eq!(converted(&rates, 1, ("CNY", "USD"), "2025-02-01").map(|(pico, _)| pico), None);
    }

    #[test]
    fn what_is_wrong_in_the_lists_is_told() {
        let invoice: RawInvoice = toml::from_str(
            "name = 'o'\nprovider = 'openai'\nday = 'd'\nmodel = 'm'\namount = 'a'\ntime_zone = 'Mars'\ntolerance = 'x'",
        )
        .unwrap();
        let rate = RawRate { from: "usd".into(), to: "CNY".into(), day: "2025-1-1".into(), rate: "0".into() };
        let mut problems = Problems::default();
        check(&[invoice.clone(), invoice], &[rate], &mut problems);
        let found = problems.finish(None::<()>).unwrap_err();
        assert_eq!(found.len(), 11, "{found:?}");
    }
}
