//! Recorded outcomes at the candidate's prices: what was used is what it was, and costs what the candidate's table says.

use std::sync::Arc;
use std::time::Duration;

use catalogue::price::{Called, of_call};
use catalogue::{Bundle, Price, Reviewer};
use conversation::Ready;
use pipeline::Record;
use schemas::answered::{Answered, Attempt};
use schemas::event::Event;
use schemas::money::Money;
use schemas::wire;

use super::engine::Engine;
use super::error::RunError;
use crate::world::{Line, Place, outcome};

/// The candidate's prices, if there is a candidate.
pub(super) struct Prices<'a> {
    line: &'a Line,
    candidate: Option<Arc<Ready>>,
}

impl<'a> Prices<'a> {
    /// # Errors
    /// [`RunError::Bundle`] when the candidate's bundle cannot be had.
    pub(super) fn of(engine: &Engine<'a>) -> Result<Self, RunError> {
        let candidate = engine.candidate.as_ref().map(|hash| engine.line.bundles().get(hash));
        Ok(Self { line: engine.line, candidate: candidate.transpose()? })
    }

    /// A recorded outcome of a request that the candidate makes too, where it costs something else under it.
    pub(super) fn apply(&self, record: &Record) -> Result<Option<Record>, RunError> {
        let Some(candidate) = &self.candidate else { return Ok(None) };
        let read = wire::decode(|name| record.header(name), record.value.as_deref());
        let Ok(Event::Answered(mut answered)) = read else { return Ok(None) };
        if !price(&candidate.bundle, &mut answered) {
            return Ok(None);
        }
        let place = Place { partition: record.partition, offset: record.offset, time: record.timestamp };
        Ok(Some(outcome(self.line.events(), &self.line.source(), place, answered)?))
    }
}

/// Prices every attempt by the bundle. Whether any of them costs something else than it did.
fn price(bundle: &Bundle, answered: &mut Answered) -> bool {
    let of_review = answered.review.iter_mut().flat_map(|review| &mut review.attempts);
    let mut is_other = false;
    for attempt in answered.attempts.iter_mut().chain(of_review) {
        if let Some(priced) = priced(bundle, attempt) {
            (attempt.cost, attempt.price) = (priced.cost, priced.price);
            is_other = true;
        }
    }
    is_other
}

/// What an attempt costs by a bundle.
struct Priced {
    cost: Option<Money>,
    price: Option<String>,
}

/// What an attempt costs by the bundle, where that is something else than it did. One of which the bundle knows no price keeps what it has.
fn priced(bundle: &Bundle, attempt: &Attempt) -> Option<Priced> {
    if !(attempt.may_be_billed || attempt.error.is_none() || attempt.usage.is_some()) {
        return None;
    }
    if let Some(service) = bundle.reviewers.get(&attempt.target).and_then(Reviewer::service) {
        let cost = service.price.clone()?;
        let price = attempt.price.clone().unwrap_or_else(|| format!("reviewer/{}", attempt.target));
        return (attempt.cost.as_ref() != Some(&cost))
            .then_some(Priced { cost: Some(cost), price: Some(price) });
    }
    let provider = attempt.provider.parse().ok()?;
    let called = Called { provider, model: &attempt.model, region: &attempt.region };
    let row = of_call(&bundle.prices, called, attempt.started_at)?;
    if explains(row, attempt) {
        return None;
    }
    let cost = cost(row, attempt, 0);
    let price = cost.is_some().then(|| row.id());
    Some(Priced { cost, price })
}

/// What an attempt costs by a row if it took `more` milliseconds more than its record says.
fn cost(row: &Price, attempt: &Attempt, more: u64) -> Option<Money> {
    let usage = attempt.usage.as_ref().filter(|_| !attempt.usage_contradicts);
    row.cost(usage, Duration::from_millis(u64::from(attempt.duration_ms) + more))
}

/// Whether a row leads to the recorded cost. A call on the operator's own machines was priced by its exact time, of which the record has the whole
/// milliseconds.
fn explains(row: &Price, attempt: &Attempt) -> bool {
    match (cost(row, attempt, 0), cost(row, attempt, 1), &attempt.cost) {
        (Some(least), Some(most), Some(recorded)) => {
            least.currency == recorded.currency && (least.pico..=most.pico).contains(&recorded.pico)
        }
        (least, _, recorded) => least == *recorded,
    }
}

#[cfg(test)]
mod tests {
    use schemas::answered::Usage;
    use schemas::ids::TargetName;

    use super::*;

    const TARGET: &str = "[[target]]\nname = 'm'\nprovider = 'local'\nmodel = 'm'\nregion = 'cn'\n\
                          [[price]]\nprovider = 'local'\nmodel = 'm'\ncurrency = 'CNY'\nfrom = '2026-01-01'\n";
    /// 2026-11-30.
    const AT: i64 = 1_796_000_000_000;

    fn bundle(price: &str) -> Bundle {
        catalogue::validate(&toml::from_str(&format!("{TARGET}{price}")).unwrap()).unwrap()
    }

    fn attempt(pico: Option<i128>) -> Attempt {
        let usage = Usage { input: 1_000, output: 100, ..Usage::default() };
        let attempt = serde_json::json!({
            "number": 1, "target": "m", "provider": "local", "model": "m", "region": "cn", "started_at": AT,
            "duration_ms": 1_500, "usage": usage, "may_be_billed": true,
        });
        let attempt: Attempt = serde_json::from_value(attempt).unwrap();
        Attempt { cost: pico.map(|pico| Money { currency: "CNY".into(), pico }), ..attempt }
    }

    /// What it costs under prices, if that is something else.
    fn other(price: &str, attempt: &Attempt) -> Option<Option<i128>> {
        priced(&bundle(price), attempt).map(|priced| priced.cost.map(|cost| cost.pico))
    }

    #[test]
    fn what_was_used_costs_what_the_candidate_says() {
        let price = "input = '2'\noutput = '8'";
        let unit = 1_000_000;
        let cost = (1_000 * 2 + 100 * 8) * unit;
        assert_eq!(other(price, &attempt(Some(cost))), None, "the same prices");
        assert_eq!(other(price, &attempt(Some(cost * 2))), Some(Some(cost)));
        assert_eq!(other(price, &attempt(None)), Some(Some(cost)), "it had no price");
        let row = priced(&bundle(price), &attempt(None)).unwrap().price;
        assert_eq!(row.as_deref(), Some("local/m/*/1767225600000"));
    }

    #[test]
    fn what_has_no_price_keeps_what_it_has_and_what_is_not_billed_stays_free() {
        let price = "input = '2'\noutput = '8'";
        let elsewhere = Attempt { model: "other".into(), ..attempt(Some(7)) };
        assert_eq!(other(price, &elsewhere), None, "no row for that model");
        let earlier = Attempt { started_at: 0, ..attempt(Some(7)) };
        assert_eq!(other(price, &earlier), None, "no row at that time");
        let refused = Attempt {
            error: Some("rate_limited".into()),
            may_be_billed: false,
            usage: None,
            ..attempt(None)
        };
        assert_eq!(other(price, &refused), None);
        let torn = Attempt { usage_contradicts: true, ..attempt(Some(7)) };
        assert_eq!(other(price, &torn), Some(None), "nobody knows what it used");
    }

    #[test]
    fn time_of_which_the_record_has_whole_milliseconds_is_no_difference() {
        let price = "gpu_hour = '36'\nshare = '1'";
        // A hundredth of the unit for a second.
        let second = 10_000_000_000;
        let exact = second * 3 / 2 + second / 1_000 * 4 / 10;
        assert_eq!(other(price, &attempt(Some(exact))), None);
        assert_eq!(other(price, &attempt(Some(second))), Some(Some(second * 3 / 2)));
    }

    #[test]
    fn a_reviewers_server_costs_what_one_call_of_it_costs() {
        let service = "input = '2'\noutput = '8'\n[[reviewer]]\nname = 'guard'\nkind = 'webhook'\nregion = 'cn'\n\
                       price = '0.002'\ncurrency = 'CNY'";
        let called = Attempt {
            target: TargetName::new("guard").unwrap(),
            provider: "webhook".into(),
            usage: None,
            ..attempt(Some(1_000_000_000))
        };
        assert_eq!(other(service, &called), Some(Some(2_000_000_000)));
        let same = Attempt { cost: Some(Money { currency: "CNY".into(), pico: 2_000_000_000 }), ..called };
        assert_eq!(other(service, &same), None);
    }
}
