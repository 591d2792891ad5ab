//! What calls cost: exact integers, one currency per row, validity dates.

use schemars::JsonSchema;
use schemas::Millis;
use schemas::answered::Usage;
use schemas::money::Money;
use serde::{Deserialize, Serialize};

use crate::target::{Provider, Target};

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
        self.provider == target.provider
            && self.model == target.model
            && self.region.as_ref().is_none_or(|region| *region == target.region)
            && self.from <= at
            && self.until.is_none_or(|until| at < until)
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

/// Reads a price per million tokens into 10⁻¹² per token: `"0.15"` is 150,000.
pub(crate) fn pico_per_token(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > 6 {
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
        for bad in ["", ".5", "-1", "1e3", "0.0000001", "1,5"] {
            assert_eq!(pico_per_token(bad), None, "{bad:?} was taken");
        }
    }

    #[test]
    fn cached_input_is_charged_at_its_own_price_and_never_twice() {
        let price = Price {
            provider: Provider::Openai,
            model: "m".into(),
            region: None,
            currency: "USD".into(),
            from: 0,
            until: None,
            input_pico: 100,
            cached_pico: 10,
            output_pico: 1_000,
        };
        let mut usage =
            Usage { input: 100, cached: 40, output: 5, reasoning: 3, source: UsageSource::Provider };
        assert_eq!(price.cost(&usage).map(|m| m.pico), Some(60 * 100 + 40 * 10 + 5 * 1_000));
        usage.cached = 101;
        assert_eq!(price.cost(&usage), None);
    }
}
