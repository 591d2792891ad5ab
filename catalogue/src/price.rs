//! What calls cost: exact integers, one currency per row, validity dates.

use schemars::JsonSchema;
use schemas::Millis;
use schemas::answered::Usage;
use schemas::money::Money;
use serde::{Deserialize, Serialize};

use crate::target::{Provider, Target};

/// The row that holds for a call to that target at that time, wherever it stands: one of the target's own region before one of
/// any region, and among those the one that began last.
pub(crate) fn in_force<'a>(
    prices: impl IntoIterator<Item = &'a Price>,
    target: &Target,
    at: Millis,
) -> Option<&'a Price> {
    let covering = prices.into_iter().filter(|price| price.covers(target, at));
    covering.max_by_key(|price| (price.region.is_some(), price.from))
}

/// One row of the price table. Prices are in 10⁻¹² of the currency's unit per token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Price {
    /// Provider family.
    pub provider: Provider,
    /// Model as the provider names it.
    pub model: String,
    /// Region; any if absent.
    pub region: Option<String>,
    /// ISO 4217 code.
    pub currency: String,
    /// From when on it holds.
    pub from: Millis,
    /// From when on it holds no more.
    pub until: Option<Millis>,
    /// Input tokens.
    pub input_pico: i64,
    /// Input tokens that the provider had cached.
    pub cached_pico: i64,
    /// Output tokens.
    pub output_pico: i64,
}

impl Price {
    /// It is the price of a call to that target at that time.
    pub fn covers(&self, target: &Target, at: Millis) -> bool {
        self.is_for(target) && self.from <= at && self.until.is_none_or(|until| at < until)
    }

    /// It is a price of that target, at whatever time.
    pub fn is_for(&self, target: &Target) -> bool {
        self.provider == target.provider
            && self.model == target.model
            && self.region.as_ref().is_none_or(|region| *region == target.region)
    }

    /// What it is the price of, whatever its days.
    pub(crate) fn scope(&self) -> (Provider, &str, Option<&str>) {
        (self.provider, &self.model, self.region.as_deref())
    }

    /// What these tokens cost; `None` when the usage contradicts itself. No sum of prices and tokens that can be written
    /// down is too large; one that were would be `None` as well.
    pub fn cost(&self, usage: &Usage) -> Option<Money> {
        let fresh = usage.input.checked_sub(usage.cached)?;
        let part = |tokens: u64, pico: i64| i128::from(tokens).checked_mul(pico.into());
        let pico = part(fresh, self.input_pico)?
            .checked_add(part(usage.cached, self.cached_pico)?)?
            .checked_add(part(usage.output, self.output_pico)?)?;
        Some(Money { currency: self.currency.clone(), pico })
    }

    /// Names the row in records and rows.
    pub fn id(&self) -> String {
        let region = self.region.as_deref().unwrap_or("*");
        format!("{}/{}/{region}/{}", self.provider.label(), self.model, self.from)
    }
}

/// Reads a price per million tokens into 10⁻¹² per token: `"0.15"` is 150,000. It is below 10¹², so that no number of tokens
/// that can be counted costs more than 38 digits hold.
pub(crate) fn pico_per_token(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if !(1..=12).contains(&whole.len()) || !digits(whole) || !digits(fraction) || fraction.len() > 6 {
        return None;
    }
    format!("{whole}{fraction:0<6}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::answered::UsageSource;

    #[test]
    fn prices_are_read_exactly() {
        assert_eq!(pico_per_token("0.15"), Some(150_000));
        assert_eq!(pico_per_token("12"), Some(12_000_000));
        assert_eq!(pico_per_token("0.0375"), Some(37_500));
        assert_eq!(pico_per_token("999999999999.999999"), Some(999_999_999_999_999_999));
        for bad in ["", ".5", "-1", "1e3", "0.0000001", "1,5", "1000000000000"] {
            assert_eq!(pico_per_token(bad), None, "{bad:?} was taken");
        }
    }

    fn price([input_pico, cached_pico, output_pico]: [i64; 3]) -> Price {
        Price {
            provider: Provider::Openai,
            model: "m".into(),
            region: None,
            currency: "USD".into(),
            from: 0,
            until: None,
            input_pico,
            cached_pico,
            output_pico,
        }
    }

    #[test]
    fn no_price_and_no_number_of_tokens_is_too_much() {
        let dearest = pico_per_token("999999999999.999999").unwrap();
        let usage = Usage {
            input: u64::MAX,
            cached: 7,
            output: u64::MAX,
            reasoning: 0,
            source: UsageSource::Provider,
        };
        let cost = price([dearest; 3]).cost(&usage).unwrap();
        assert_eq!(cost.pico, 2 * i128::from(u64::MAX) * i128::from(dearest));
        assert!(cost.pico < 10i128.pow(38));
        // A million tokens at 1.2 million rials a million.
        let usage = Usage { input: 1_000_000, cached: 0, output: 1_000, ..usage };
        let cost = price(["1200000", "1200000", "4800000"].map(|p| pico_per_token(p).unwrap())).cost(&usage);
        assert_eq!(cost.map(|m| m.pico), Some(1_204_800 * 1_000_000_000_000));
    }

    #[test]
    fn cached_input_is_charged_at_its_own_price_and_never_twice() {
        let price = price([100, 10, 1_000]);
        let mut usage =
            Usage { input: 100, cached: 40, output: 5, reasoning: 3, source: UsageSource::Provider };
        assert_eq!(price.cost(&usage).map(|m| m.pico), Some(60 * 100 + 40 * 10 + 5 * 1_000));
        usage.cached = 101;
        assert_eq!(price.cost(&usage), None);
    }
}
