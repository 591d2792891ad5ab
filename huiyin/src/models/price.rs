//! A price, as people read it.

use catalogue::price::{Price, Rates};
use catalogue::{Target, shipped_prices, shown_day};
use serde::Serialize;

/// The price in force for a target.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    /// Names the row in records.
    id: String,
    /// `shipped`, or `own` of the file.
    list: &'static str,
    /// Where it is from, if that is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    currency: String,
    from: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hours: Option<String>,
    #[serde(flatten)]
    rates: PerMillion,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    steps: Vec<StepShown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gpu_hour: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    share: Option<String>,
}

/// Prices of a million tokens, as decimal text.
#[derive(Debug, Serialize)]
struct PerMillion {
    input: String,
    output: String,
    cached: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_write_5m: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_write_1h: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<String>,
}

#[derive(Debug, Serialize)]
struct StepShown {
    above: u64,
    #[serde(flatten)]
    rates: PerMillion,
}

impl Shown {
    pub(super) fn of(price: &Price, target: &Target, written: Option<String>) -> Self {
        let listed = || {
            let is_it = |row: &Price| row.from == price.from && row.hours == price.hours;
            let row = shipped_prices(target).find(|row| is_it(&row.price))?;
            Some(row.source.clone())
        };
        Self {
            id: price.id(),
            list: if price.shipped { "shipped" } else { "own" },
            source: if price.shipped { listed() } else { written },
            currency: price.currency.clone(),
            from: shown_day(price.from),
            until: price.until.map(shown_day),
            hours: price.hours.map(|hours| hours.to_string()),
            rates: PerMillion::of(&price.rates),
            steps: price
                .steps
                .iter()
                .map(|step| StepShown { above: step.above, rates: PerMillion::of(&step.rates) })
                .collect(),
            gpu_hour: price.gpu.map(|gpu| decimal(gpu.hour_micro)),
            share: price.gpu.map(|gpu| decimal(gpu.share_micro)),
        }
    }

    /// On one line: input and output, further steps counted, or the hour of a GPU.
    pub(super) fn line(&self) -> String {
        let (currency, PerMillion { input, output, .. }) = (&self.currency, &self.rates);
        let tokens = match self.steps.len() {
            0 => format!("{input}/{output} {currency}"),
            steps => format!("{input}/{output} {currency} +{steps} steps"),
        };
        let price = match &self.gpu_hour {
            Some(hour) => format!("{hour} {currency} per GPU-hour"),
            None => tokens,
        };
        format!("{price} ({}, {})", self.list, self.from)
    }
}

impl PerMillion {
    fn of(rates: &Rates) -> Self {
        Self {
            input: decimal(rates.input_pico),
            output: decimal(rates.output_pico),
            cached: decimal(rates.cached_pico),
            cache_write_5m: rates.cache_write_5m_pico.map(decimal),
            cache_write_1h: rates.cache_write_1h_pico.map(decimal),
            reasoning: rates.reasoning_pico.map(decimal),
        }
    }
}

/// Millionths as decimal text: 10⁻¹² per token are millionths per million tokens.
fn decimal(micro: i64) -> String {
    let text = format!("{}.{:06}", micro / 1_000_000, micro % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_as_files_have_them() {
        for (micro, text) in
            [(0, "0"), (150_000, "0.15"), (12_000_000, "12"), (37_500, "0.0375"), (10_000_000, "10")]
        {
            assert_eq!(decimal(micro), text);
        }
    }
}
