//! One row, as the file has it.

use common::Problems;
use schemas::Millis;
use toml::Spanned;

use crate::currency;
use crate::hours::Hours;
use crate::price::{GpuTime, Price, Rates, Step, micro};
use crate::raw::{RawPrice, RawStep};
use crate::target::Provider;
use crate::validate::day::day;
use crate::validate::provider;

/// A price as it is written.
type Written = Spanned<String>;

pub(super) fn place(raw: &RawPrice) -> String {
    format!("price of {:?}", raw.model.get_ref())
}

/// The row; nothing where something of it is wrong, which is told.
pub(super) fn price(raw: &RawPrice, problems: &mut Problems) -> Option<Price> {
    let place = place(raw);
    let provider: Option<Provider> = provider(&place, &raw.provider, problems);
    let (from, until) = days(raw, &place, problems);
    if let Some(what) = currency::problem(raw.currency.get_ref()) {
        problems.add_at(&place, &raw.currency, what);
    }
    let rates = match (&raw.input, &raw.output) {
        (Some(input), Some(output)) => {
            let written = Prices {
                input,
                output,
                cached: raw.cached.as_ref(),
                cache_write_5m: raw.cache_write_5m.as_ref(),
                cache_write_1h: raw.cache_write_1h.as_ref(),
                reasoning: raw.reasoning.as_ref(),
            };
            written.rates(&place, problems)
        }
        (None, None) if raw.gpu_hour.is_some() && raw.step.is_empty() => Some(Rates::default()),
        _ => {
            problems.add_at(&place, &raw.model, "it needs input and output, or gpu_hour");
            None
        }
    };
    let steps = steps(&raw.step, &place, problems);
    let gpu = gpu(raw, &place, problems);
    let hours = hours(raw, &place, problems);
    Some(Price {
        provider: provider?,
        model: raw.model.get_ref().clone(),
        region: raw.region.clone(),
        currency: raw.currency.get_ref().clone(),
        from: from?,
        until: until?,
        rates: rates?,
        steps: steps?,
        hours: hours?,
        gpu: gpu?,
        shipped: false,
    })
}

fn days(raw: &RawPrice, place: &str, problems: &mut Problems) -> (Option<Millis>, Option<Option<Millis>>) {
    let from = day(place, &raw.from, problems);
    let until = raw.until.as_ref().map(|at| day(place, at, problems));
    if let (Some(from), Some(Some(until)), Some(at)) = (from, until, &raw.until)
        && until <= from
    {
        let what = format!("until {} is not after from {}", at.get_ref(), raw.from.get_ref());
        problems.add_at(place, at, what);
    }
    (from, until.map_or(Some(None), |day| day.map(Some)))
}

/// Prices of tokens, as they are written.
struct Prices<'a> {
    input: &'a Written,
    output: &'a Written,
    cached: Option<&'a Written>,
    cache_write_5m: Option<&'a Written>,
    cache_write_1h: Option<&'a Written>,
    reasoning: Option<&'a Written>,
}

impl Prices<'_> {
    fn rates(&self, place: &str, problems: &mut Problems) -> Option<Rates> {
        let mut amount = |at: &Written| amount(place, at, problems);
        let (input, output) = (amount(self.input), amount(self.output));
        let cached = self.cached.map_or(input, &mut amount);
        let mut further = |at: Option<&Written>| at.map_or(Some(None), |at| amount(at).map(Some));
        let (write_5m, write_1h) = (further(self.cache_write_5m), further(self.cache_write_1h));
        let reasoning = further(self.reasoning);
        Some(Rates {
            input_pico: input?,
            cached_pico: cached?,
            output_pico: output?,
            cache_write_5m_pico: write_5m?,
            cache_write_1h_pico: write_1h?,
            reasoning_pico: reasoning?,
        })
    }
}

fn steps(raw: &[RawStep], place: &str, problems: &mut Problems) -> Option<Vec<Step>> {
    let mut steps: Vec<Option<Step>> = Vec::new();
    let mut before = 0;
    for raw in raw {
        let above = *raw.above.get_ref();
        if above <= before {
            problems.add_at(place, &raw.above, "above: steps begin above zero, each above the one before");
        }
        before = above;
        let written = Prices {
            input: &raw.input,
            output: &raw.output,
            cached: raw.cached.as_ref(),
            cache_write_5m: raw.cache_write_5m.as_ref(),
            cache_write_1h: raw.cache_write_1h.as_ref(),
            reasoning: raw.reasoning.as_ref(),
        };
        steps.push(written.rates(place, problems).map(|rates| Step { above, rates }));
    }
    steps.into_iter().collect()
}

fn gpu(raw: &RawPrice, place: &str, problems: &mut Problems) -> Option<Option<GpuTime>> {
    let Some(hour) = &raw.gpu_hour else {
        if let Some(share) = &raw.share {
            problems.add_at(place, share, "share: it is of gpu_hour, which is not there");
        }
        return Some(None);
    };
    let hour = amount(place, hour, problems);
    let share = raw.share.as_ref().map_or(Some(1_000_000), |at| amount(place, at, problems));
    Some(Some(GpuTime { hour_micro: hour?, share_micro: share? }))
}

fn hours(raw: &RawPrice, place: &str, problems: &mut Problems) -> Option<Option<Hours>> {
    let Some(hours) = &raw.hours else {
        if let Some(zone) = &raw.time_zone {
            problems.add_at(place, zone, "time_zone: it is of hours, which are not there");
        }
        return Some(None);
    };
    let zone = raw.time_zone.as_ref().map_or("+00:00", |zone| zone.get_ref().as_str());
    problems.take_at(place, hours, Hours::read(hours.get_ref(), zone)).map(Some)
}

fn amount(place: &str, at: &Written, problems: &mut Problems) -> Option<i64> {
    let micro = micro(at.get_ref());
    if micro.is_none() {
        let what = "a price is decimal text below 10^12 with at most 6 places, per million tokens";
        problems.add_at(place, at, what);
    }
    micro
}
