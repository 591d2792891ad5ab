//! The price table, read from the configuration file without the line's own code.

use super::model::Call;
use super::tables::decimal;
use anyhow::{Context, Result};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Prices by model, in 10⁻¹² of the currency's unit per token.
pub struct Prices(BTreeMap<String, Price>);

struct Price {
    input: i128,
    cached: i128,
    output: i128,
}

#[derive(Deserialize)]
struct File {
    price: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    model: String,
    input: String,
    cached: Option<String>,
    output: String,
}

impl Prices {
    /// Reads the sections `[[price]]`.
    ///
    /// # Errors
    /// When one is missing something or is no decimal number.
    pub fn read(toml: &str) -> Result<Self> {
        let file: File = toml::from_str(toml).context("reading the price table")?;
        // Prices are per million tokens, so six places are 10⁻¹² per token.
        let pico = |text: &str| decimal(text, 6).with_context(|| format!("reading the price {text}"));
        let mut prices = BTreeMap::new();
        for Row { model, input, cached, output } in file.price {
            let cached = pico(cached.as_ref().unwrap_or(&input))?;
            prices.insert(model, Price { input: pico(&input)?, cached, output: pico(&output)? });
        }
        Ok(Self(prices))
    }

    /// What the provider asks for a call, in 10⁻¹²; nothing when it does not bill it.
    ///
    /// # Errors
    /// When the model has no price or the amount does not fit.
    pub fn of(&self, call: &Call) -> Result<i128> {
        if !call.billed {
            return Ok(0);
        }
        let price = self.0.get(&call.model).with_context(|| format!("model {} has no price", call.model))?;
        let fresh = call.prompt_tokens.saturating_sub(call.cached_tokens);
        let parts = [
            (fresh, price.input),
            (call.cached_tokens, price.cached),
            (call.completion_tokens, price.output),
        ];
        let sum = parts
            .into_iter()
            .try_fold(0i128, |sum, (tokens, price)| sum.checked_add(i128::from(tokens).checked_mul(price)?));
        sum.with_context(|| format!("the price of call {} does not fit", call.number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_costs_its_tokens_each_at_its_own_price() {
        let toml = "[[price]]\nmodel = 'm'\ninput = '4'\ncached = '0.4'\noutput = '16'\n[other]\nx = 1";
        let prices = Prices::read(toml).unwrap();
        let mut call: Call = serde_json::from_value(serde_json::json!({
            "number": 1, "model": "m", "last_user": "", "held": false, "billed": true, "end": "replied",
            "prompt_tokens": 100, "cached_tokens": 40, "completion_tokens": 5
        }))
        .unwrap();
        assert_eq!(prices.of(&call).unwrap(), 60 * 4_000_000 + 40 * 400_000 + 5 * 16_000_000);
        call.billed = false;
        assert_eq!(prices.of(&call).unwrap(), 0);
        (call.billed, call.model) = (true, "free".to_owned());
        assert!(prices.of(&call).is_err());
    }
}
