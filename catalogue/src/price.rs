//! What calls cost: exact integers, one currency per row, validity dates.

use std::time::Duration;

use schemars::JsonSchema;
use schemas::Millis;
use schemas::answered::Usage;
use schemas::money::Money;
use serde::{Deserialize, Serialize};

use crate::hours::Hours;
use crate::model_traits::is_default;
use crate::target::{Provider, Target};

/// The row that holds for a call to that target at that time, wherever it stands: one of the target's own region before one of
/// any region, among those one of hours before one of the whole day, and among those the one that began last.
pub(crate) fn in_force<'a>(
    prices: impl IntoIterator<Item = &'a Price>,
    target: &Target,
    at: Millis,
) -> Option<&'a Price> {
    newest(prices.into_iter().filter(|price| price.covers(target, at)))
}

/// What a call was made to, as far as a price depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Called<'a> {
    /// Provider family.
    pub provider: Provider,
    /// Model as the provider names it.
    pub model: &'a str,
    /// Region of the target.
    pub region: &'a str,
}

/// The row of a table that holds for a call at that time, by the rules of the bundle's own table.
pub fn of_call<'a>(prices: &'a [Price], call: Called<'_>, at: Millis) -> Option<&'a Price> {
    let is_for = |price: &&Price| {
        let of_region = price.region.as_deref().is_none_or(|region| region == call.region);
        price.provider == call.provider && price.model == call.model && of_region && price.holds(at)
    };
    newest(prices.iter().filter(is_for))
}

/// Of rows that hold at one time the one that goes before.
fn newest<'a>(prices: impl Iterator<Item = &'a Price>) -> Option<&'a Price> {
    prices.max_by_key(|price| (price.region.is_some(), price.hours.is_some(), price.from))
}

/// One row of the price table.
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
    /// What tokens cost.
    #[serde(flatten)]
    pub rates: Rates,
    /// What tokens cost in calls with longer prompts, the shortest first.
    #[serde(default, skip_serializing_if = "is_default")]
    pub steps: Vec<Step>,
    /// Hours of the day in which it holds; all if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
    /// What a call's time on the operator's own machines costs, beside its tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<GpuTime>,
    /// It is of the shipped list.
    #[serde(default, skip_serializing_if = "is_default")]
    pub shipped: bool,
}

/// Prices of tokens, in 10⁻¹² of the currency's unit per token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rates {
    /// Input tokens.
    pub input_pico: i64,
    /// Input tokens that the provider had cached.
    pub cached_pico: i64,
    /// Output tokens.
    pub output_pico: i64,
    /// Input tokens put into the provider's cache for minutes; as other input if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_5m_pico: Option<i64>,
    /// Input tokens put into the provider's cache for an hour; as those for minutes if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_1h_pico: Option<i64>,
    /// Output tokens that are thoughts; as other output if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning_pico: Option<i64>,
}

/// What tokens cost in a call with a longer prompt: all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// It holds for prompts of more tokens than this.
    pub above: u64,
    /// What tokens cost.
    #[serde(flatten)]
    pub rates: Rates,
}

/// What a call's time costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GpuTime {
    /// An hour of one GPU, in millionths of the currency's unit.
    pub hour_micro: i64,
    /// GPUs that a call takes up, in millionths.
    pub share_micro: i64,
}

impl Price {
    /// It is the price of a call to that target at that time.
    pub fn covers(&self, target: &Target, at: Millis) -> bool {
        self.is_for(target) && self.holds(at)
    }

    /// It holds at this time.
    fn holds(&self, at: Millis) -> bool {
        let in_days = self.from <= at && self.until.is_none_or(|until| at < until);
        in_days && self.hours.is_none_or(|hours| hours.hold(at))
    }

    /// It is a price of that target, at whatever time.
    pub fn is_for(&self, target: &Target) -> bool {
        self.provider == target.provider
            && self.model == target.model
            && self.region.as_ref().is_none_or(|region| *region == target.region)
    }

    /// What it is the price of, whatever its days.
    pub(crate) fn scope(&self) -> (Provider, &str, Option<&str>, Option<Hours>) {
        (self.provider, &self.model, self.region.as_deref(), self.hours)
    }

    /// What a call costs that took so long and used these tokens, if they are known. `None` when they are not and have a price, or
    /// when they contradict each other. No sum of prices and tokens that can be written down is too large; one that were would be
    /// `None` as well.
    pub fn cost(&self, usage: Option<&Usage>, took: Duration) -> Option<Money> {
        let of_tokens = match usage {
            Some(usage) => self.rates(usage.input).cost(usage)?,
            None if self.is_of_tokens() => return None,
            None => 0,
        };
        let of_time = self.gpu.map_or(Some(0), |gpu| gpu.cost(took))?;
        Some(Money { currency: self.currency.clone(), pico: of_tokens.checked_add(of_time)? })
    }

    /// The prices of a call with a prompt of so many tokens.
    pub fn rates(&self, input: u64) -> &Rates {
        let step = self.steps.iter().rev().find(|step| input > step.above);
        step.map_or(&self.rates, |step| &step.rates)
    }

    /// The most that a call can cost that has at most so many tokens and takes at most so long, whatever part of the prompt goes through the
    /// provider's cache and whatever part of the answer is thoughts. `None` where the sum does not fit.
    pub fn at_most(&self, input: u64, output: u64, took: Duration) -> Option<Money> {
        let steps = self.steps.iter().filter(|step| input > step.above).map(|step| &step.rates);
        let dearest = |rates: &Rates| {
            let read = [
                Some(rates.input_pico),
                Some(rates.cached_pico),
                rates.cache_write_5m_pico,
                rates.cache_write_1h_pico,
            ];
            let said = [Some(rates.output_pico), rates.reasoning_pico];
            let dearest =
                |rates: &[Option<i64>]| i128::from(rates.iter().flatten().copied().max().unwrap_or_default());
            let read = dearest(&read).checked_mul(input.into())?;
            read.checked_add(dearest(&said).checked_mul(output.into())?)
        };
        let of_tokens = steps.chain([&self.rates]).map(dearest).max().flatten()?;
        let of_time = self.gpu.map_or(Some(0), |gpu| gpu.cost(took))?;
        Some(Money { currency: self.currency.clone(), pico: of_tokens.checked_add(of_time)? })
    }

    fn is_of_tokens(&self) -> bool {
        self.rates != Rates::default() || !self.steps.is_empty() || self.gpu.is_none()
    }

    /// Names the row in records and rows.
    pub fn id(&self) -> String {
        let list = if self.shipped { "shipped/" } else { "" };
        let region = self.region.as_deref().unwrap_or("*");
        let hours = self.hours.map(|hours| format!("/{hours}")).unwrap_or_default();
        format!("{list}{}/{}/{region}/{}{hours}", self.provider.label(), self.model, self.from)
    }
}

impl Rates {
    /// What these tokens cost, in 10⁻¹² of the currency's unit; `None` when they contradict each other.
    fn cost(&self, usage: &Usage) -> Option<i128> {
        let Usage { input, cached, input_cache_write_5m, input_cache_write_1h, output, .. } = *usage;
        let fresh = input.checked_sub(cached)?;
        let fresh = fresh.checked_sub(input_cache_write_5m)?.checked_sub(input_cache_write_1h)?;
        let minutes = self.cache_write_5m_pico.unwrap_or(self.input_pico);
        let thought = if self.reasoning_pico.is_some() { usage.reasoning } else { 0 };
        let parts = [
            (fresh, self.input_pico),
            (cached, self.cached_pico),
            (input_cache_write_5m, minutes),
            (input_cache_write_1h, self.cache_write_1h_pico.unwrap_or(minutes)),
            (output.checked_sub(thought)?, self.output_pico),
            (thought, self.reasoning_pico.unwrap_or(self.output_pico)),
        ];
        let mut parts = parts.into_iter().map(|(tokens, pico)| i128::from(tokens).checked_mul(pico.into()));
        parts.try_fold(0_i128, |sum, part| sum.checked_add(part?))
    }
}

impl GpuTime {
    /// What a time costs, in 10⁻¹² of the currency's unit, half a one rounded up. Milliseconds count.
    fn cost(self, took: Duration) -> Option<i128> {
        const HOUR_MS: i128 = 3_600_000;
        let took = i128::try_from(took.as_millis()).ok()?;
        let in_hours = i128::from(self.hour_micro).checked_mul(self.share_micro.into())?.checked_mul(took)?;
        Some(in_hours.checked_add(HOUR_MS / 2)? / HOUR_MS)
    }
}

/// Reads decimal text into millionths, which makes 10⁻¹² per token of a price per million tokens: `"0.15"` is 150,000. It is below 10¹², so that no number of tokens
/// that can be counted costs more than 38 digits hold.
pub(crate) fn micro(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if !(1..=12).contains(&whole.len()) || !digits(whole) || !digits(fraction) || fraction.len() > 6 {
        return None;
    }
    format!("{whole}{fraction:0<6}").parse().ok()
}

#[cfg(test)]
mod tests;
