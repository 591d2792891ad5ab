//! Amounts of money.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An exact amount: millionths of a millionth (10⁻¹²) of one unit of a currency. Sums never mix currencies.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Money {
    /// ISO 4217 code, such as `CNY`.
    pub currency: String,
    /// Amount in 10⁻¹² of the currency's unit; negative for a correction.
    pub pico: i64,
}

impl Money {
    /// Adds an amount of the same currency; `None` when the currencies differ or the sum does not fit.
    pub fn plus(&self, other: &Money) -> Option<Money> {
        if self.currency != other.currency {
            return None;
        }
        Some(Money { currency: self.currency.clone(), pico: self.pico.checked_add(other.pico)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn currencies_never_mix() {
        let one = Money { currency: "CNY".into(), pico: 1 };
        assert_eq!(one.plus(&one).map(|m| m.pico), Some(2));
        assert_eq!(one.plus(&Money { currency: "USD".into(), pico: 1 }), None);
    }
}
