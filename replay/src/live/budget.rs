//! How much money a replay may spend.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use schemas::money::Money;

/// 10⁻¹² of a unit in one.
const PICO: i128 = 1_000_000_000_000;
/// Digits behind the point.
const PLACES: usize = 12;

/// How much may be spent, of each currency: `50CNY`, `50CNY,10USD`, `0.5USD`; or `none`, for as much as it takes. Currencies are never converted,
/// so a target that is paid in one without a budget cannot be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget(Option<BTreeMap<String, i128>>);

/// What is wrong with a budget.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadBudget {
    /// An amount that cannot be read.
    #[error(
        "{0:?} is no amount of money: write a number and a currency, such as 50CNY or 50CNY,10USD, or none for no limit"
    )]
    Amount(String),
    /// One currency is there more than once.
    #[error("{0} is there twice")]
    Twice(String),
}

impl BadBudget {
    /// Its name in metrics and logs.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Amount(_) => "amount",
            Self::Twice(_) => "twice",
        }
    }
}

impl Budget {
    /// As much as it takes.
    pub const UNLIMITED: Self = Self(None);

    /// The most of a currency, in 10⁻¹² of its unit; `None` without a limit. A currency that has no budget has none to spend.
    pub fn limit(&self, currency: &str) -> Option<i128> {
        self.0.as_ref().map(|limits| limits.get(currency).copied().unwrap_or_default())
    }

    /// Whether calls that are paid in that currency can be made at all.
    pub fn allows(&self, currency: &str) -> bool {
        self.0.as_ref().is_none_or(|limits| limits.contains_key(currency))
    }
}

impl FromStr for Budget {
    type Err = BadBudget;

    fn from_str(text: &str) -> Result<Self, BadBudget> {
        if text.trim() == "none" {
            return Ok(Self::UNLIMITED);
        }
        let mut limits = BTreeMap::new();
        for part in text.split(',') {
            let bad = || BadBudget::Amount(part.trim().to_owned());
            let Money { currency, pico } = amount(part.trim()).ok_or_else(bad)?;
            if limits.insert(currency.clone(), pico).is_some() {
                return Err(BadBudget::Twice(currency));
            }
        }
        Ok(Self(Some(limits)))
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(limits) = &self.0 else { return f.write_str("none") };
        for (number, (currency, pico)) in limits.iter().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            write!(f, "{comma}{}{currency}", decimal(*pico))?;
        }
        Ok(())
    }
}

/// An amount with its currency, exact to the last digit.
fn amount(text: &str) -> Option<Money> {
    let at = text.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
    let (number, currency) = text.split_at_checked(at)?;
    let currency = currency.trim();
    let is_currency = currency.len() == 3 && currency.bytes().all(|b| b.is_ascii_uppercase());
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let is_number =
        (1..=12).contains(&whole.len()) && fraction.len() <= PLACES && digits(whole) && digits(fraction);
    let is_whole = !number.ends_with('.');
    let pico = format!("{whole}{fraction:0<PLACES$}").parse().ok()?;
    (is_currency && is_number && is_whole).then(|| Money { currency: currency.to_owned(), pico })
}

/// An amount as decimal text, as short as it is exact.
pub fn decimal(pico: i128) -> String {
    let sign = if pico < 0 { "-" } else { "" };
    let (whole, rest) =
        (pico.unsigned_abs() / PICO.unsigned_abs(), pico.unsigned_abs() % PICO.unsigned_abs());
    let text = format!("{sign}{whole}.{rest:0PLACES$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        text.parse::<Budget>().map(|budget| budget.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn budgets_are_read_exactly_and_written_as_they_are_read() {
        for (text, written) in [
            ("50CNY", "50CNY"),
            ("10USD,50CNY", "50CNY,10USD"),
            ("0.5 USD", "0.5USD"),
            ("0.000000000001CNY", "0.000000000001CNY"),
            ("0CNY", "0CNY"),
            ("none", "none"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(written), "{text}");
        }
        let budget: Budget = "50CNY".parse().unwrap();
        assert_eq!(budget.limit("CNY"), Some(50 * PICO));
        assert_eq!((budget.limit("USD"), budget.allows("USD")), (Some(0), false));
        assert_eq!((Budget::UNLIMITED.limit("USD"), Budget::UNLIMITED.allows("USD")), (None, true));
    }

    #[test]
    fn what_is_no_amount_is_refused_by_name() {
        for text in [
            "",
            "50",
            "CNY",
            "50cny",
            "-5CNY",
            "5.CNY",
            ".5CNY",
            "1e3CNY",
            "50CNY,",
            "50CNYX",
            "1,000CNY",
            "0.0000000000001CNY",
        ] {
            assert!(read(text).unwrap_err().contains("no amount of money"), "{text}");
        }
        assert_eq!(read("1CNY,2CNY").unwrap_err(), "CNY is there twice");
    }
}
