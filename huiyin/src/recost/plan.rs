//! What differs: the corrections, and their sums by model and day.

use std::collections::BTreeMap;
use std::time::Duration;

use account::{BookedCall, decimal};
use anyhow::Context;
use catalogue::Price;
use catalogue::price::{Called, of_call};
use schemas::answered::{Usage, UsageSource};
use schemas::conversation::ChatKind;
use schemas::correction::{CorrectedCall, Correction};
use schemas::ids::{AppKey, LedgerId, MessageId, RequestId, TargetName, TurnId};
use schemas::money::Money;
use schemas::request::{RequestKind, RouteMark};

/// What all corrections of a run have in common.
pub(super) struct Terms<'a> {
    /// Name of the run.
    pub(super) run: &'a str,
    pub(super) prices: &'a [Price],
    pub(super) by: &'a str,
    pub(super) now: i64,
}

/// What a model's calls were booked with in a currency, and what they cost by the prices, in 10⁻¹².
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) calls: u64,
    pub(super) booked: i128,
    pub(super) priced: i128,
}

/// Model, currency and day.
pub(super) type Line = (String, String, String);

/// What there is to do.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) corrections: Vec<Correction>,
    pub(super) lines: BTreeMap<Line, Sums>,
    /// Calls that keep what they have, by model: no row of the table holds for them, or their tokens are not known.
    pub(super) kept: BTreeMap<String, u64>,
}

/// Names a run by its prices: the same prices say the same.
pub(super) fn name(prices: &[Price]) -> String {
    let text = serde_json::to_string(prices).unwrap_or_default();
    let id = LedgerId::derive(&text, 0).to_string();
    format!("recost-{}", id.get(..8).unwrap_or(&id))
}

impl Plan {
    /// Takes a call over.
    ///
    /// # Errors
    /// When its row cannot be read.
    pub(super) fn take(&mut self, call: &BookedCall, terms: &Terms<'_>) -> anyhow::Result<()> {
        let context = || format!("read call {} {}", call.request, call.attempt);
        let Some((cost, price)) = cost(call, terms.prices) else {
            *self.kept.entry(call.model.clone()).or_default() += 1;
            return Ok(());
        };
        let mut booked: BTreeMap<String, i128> = BTreeMap::new();
        for (currency, amount) in &call.booked {
            *booked.entry(currency.clone()).or_default() += decimal(amount).with_context(context)?;
        }
        let mut wanted: BTreeMap<&str, i128> = booked.keys().map(|currency| (currency.as_str(), 0)).collect();
        wanted.insert(&cost.currency, cost.pico);
        for (currency, priced) in wanted {
            let before = booked.get(currency).copied().unwrap_or_default();
            let line = (call.model.clone(), currency.to_owned(), catalogue::shown_day(call.at));
            let sums = self.lines.entry(line).or_default();
            sums.calls += u64::from(*currency == cost.currency);
            (sums.booked, sums.priced) = (sums.booked + before, sums.priced + priced);
            if before != priced {
                let amount = Money { currency: currency.to_owned(), pico: priced - before };
                let cause = format!(
                    "{}:{}:{}:{}:{currency}:{before}:{priced}",
                    terms.run, call.request, call.kind, call.attempt
                );
                let id = LedgerId::derive(&cause, 0);
                self.corrections.push(correction(call, terms, (id, amount, price)).with_context(context)?);
            }
        }
        Ok(())
    }
}

/// What a call costs by the prices; `None` where none holds or its tokens are not known.
fn cost<'a>(call: &BookedCall, prices: &'a [Price]) -> Option<(Money, &'a Price)> {
    let called = Called { provider: call.provider.parse().ok()?, model: &call.model, region: &call.region };
    let price = of_call(prices, called, call.at)?;
    let usage = call.input.map(|input| Usage {
        input,
        cached: call.cached.unwrap_or_default(),
        input_cache_write_5m: call.written_5m.unwrap_or_default(),
        input_cache_write_1h: call.written_1h.unwrap_or_default(),
        output: call.output.unwrap_or_default(),
        reasoning: call.reasoning.unwrap_or_default(),
        source: UsageSource::Provider,
    });
    if call.contradicts || (usage.is_none() && call.booked.is_empty()) {
        return None;
    }
    let cost = price.cost(usage.as_ref(), Duration::from_millis(call.duration_ms.into()))?;
    Some((cost, price))
}

fn correction(
    call: &BookedCall,
    terms: &Terms<'_>,
    (id, amount, price): (LedgerId, Money, &Price),
) -> anyhow::Result<Correction> {
    let kind = RequestKind::ALL.into_iter().find(|kind| kind.label() == call.kind).context("unknown kind")?;
    let chat_kind = serde_json::from_value::<ChatKind>(call.chat_kind.as_str().into())?;
    let arms = call.arms.iter().filter_map(|arm| arm.split_once('='));
    let arms: BTreeMap<String, String> = arms.map(|(name, arm)| (name.to_owned(), arm.to_owned())).collect();
    let class = Some(call.class.clone()).filter(|class| !class.is_empty());
    let is_routed = !call.rule.is_empty() || class.is_some() || !arms.is_empty();
    Ok(Correction {
        id,
        run: terms.run.to_owned(),
        app: AppKey::new(call.app.as_str())?,
        call: CorrectedCall {
            request: RequestId::parse(&call.request.to_string())?,
            kind,
            attempt: call.attempt,
            turn: TurnId::parse(&call.turn.to_string())?,
            message: MessageId::new(call.message.as_str())?,
            chat_kind,
            conversation: call.conversation.clone(),
            user: call.user.clone(),
            target: TargetName::new(call.target.as_str())?,
            provider: call.provider.clone(),
            model: call.model.clone(),
            region: call.region.clone(),
            route: is_routed.then(|| RouteMark { rule: call.rule.clone(), class, arms }),
            started_at: call.at,
        },
        amount,
        price_before: Some(call.price.clone()).filter(|price| !price.is_empty()),
        price: Some(price.id()),
        by: terms.by.to_owned(),
        reason: "price".to_owned(),
        at: terms.now,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    const PRICES: &str = "
[[price]]
provider = 'openai'
model = 'm-1'
currency = 'CNY'
from = '2025-01-01'
input = '4'
cached = '1'
output = '10'
[[price]]
provider = 'openai'
model = 'm-1'
currency = 'CNY'
from = '2025-01-02'
input = '2'
output = '10'
[[price]]
provider = 'openai'
model = 'm-2'
currency = 'USD'
from = '2025-01-01'
input = '1'
output = '1'
";

    /// 100 tokens, 40 of them cached, and 10 back, on the first of January.
    pub(crate) fn call(model: &str, at: i64, booked: &[(&str, &str)]) -> BookedCall {
        BookedCall {
            app: "a#b".into(),
            request: uuid::Uuid::from_u128(7),
            kind: "answer".into(),
            attempt: 1,
            turn: uuid::Uuid::from_u128(8),
            message: "a#b/chat/1".into(),
            chat_kind: "chat".into(),
            conversation: "c".into(),
            user: "u".into(),
            target: "large".into(),
            provider: "openai".into(),
            model: model.into(),
            region: "cn".into(),
            rule: String::new(),
            class: String::new(),
            arms: vec![],
            at: 1_735_689_600_000 + at,
            duration_ms: 5,
            input: Some(100),
            cached: Some(40),
            written_5m: None,
            written_1h: None,
            output: Some(10),
            reasoning: Some(0),
            contradicts: false,
            price: "old".into(),
            booked: booked.iter().map(|(currency, amount)| ((*currency).into(), (*amount).into())).collect(),
        }
    }

    pub(crate) fn plan(calls: &[BookedCall]) -> Plan {
        let prices = super::super::prices(PRICES).unwrap();
        let terms = Terms { run: &name(&prices), prices: &prices, by: "ops", now: 1_740_000_000_000 };
        let mut plan = Plan::default();
        calls.iter().for_each(|call| plan.take(call, &terms).unwrap());
        plan
    }

    const DAY: i64 = 86_400_000;

    #[test]
    fn each_call_is_priced_by_its_day_and_what_differs_is_corrected() {
        // 60 × 4 + 40 × 1 + 10 × 10 = 380 millionths; the day after 100 × 2 + 10 × 10 = 300.
        let plan = plan(&[
            call("m-1", 0, &[("CNY", "0.0005")]),
            call("m-1", DAY, &[("CNY", "0.0003")]),
            call("m-1", DAY, &[("CNY", "0.0001"), ("CNY", "0.0001")]),
        ]);
        let told: Vec<_> =
            plan.corrections.iter().map(|c| (c.amount.pico, c.price.clone().unwrap())).collect();
        assert_eq!(
            told,
            [
                (-120_000_000, "openai/m-1/*/1735689600000".to_owned()),
                (100_000_000, "openai/m-1/*/1735776000000".to_owned()),
            ]
        );
        assert_eq!(plan.corrections[0].price_before.as_deref(), Some("old"));
        let first = &plan.lines[&("m-1".to_owned(), "CNY".to_owned(), "2025-01-01".to_owned())];
        assert_eq!(*first, Sums { calls: 1, booked: 500_000_000, priced: 380_000_000 });
    }

    #[test]
    fn what_was_corrected_needs_no_correction_again() {
        let first = plan(&[call("m-1", 0, &[("CNY", "0.0005")])]);
        assert_eq!(first.corrections.len(), 1);
        let again = plan(&[call("m-1", 0, &[("CNY", "0.0005"), ("CNY", "-0.00012")])]);
        assert!(again.corrections.is_empty(), "{again:?}");
    }

    #[test]
    fn another_currency_takes_all_of_the_old_one_back_and_converts_nothing() {
        let plan = plan(&[call("m-2", 0, &[("CNY", "0.0005")])]);
        let told: Vec<_> =
            plan.corrections.iter().map(|c| (c.amount.currency.as_str(), c.amount.pico)).collect();
        assert_eq!(told, [("CNY", -500_000_000), ("USD", 110_000_000)]);
        assert_ne!(plan.corrections[0].id, plan.corrections[1].id);
    }

    #[test]
    fn calls_without_a_price_or_tokens_keep_what_they_have() {
        let mut untold = call("m-1", 0, &[]);
        untold.input = None;
        let mut torn = call("m-1", 0, &[]);
        torn.contradicts = true;
        let plan = plan(&[call("m-9", 0, &[("CNY", "1")]), call("m-1", -1, &[("CNY", "1")]), untold, torn]);
        assert!(plan.corrections.is_empty() && plan.lines.is_empty());
        assert_eq!(plan.kept, [("m-1".to_owned(), 3), ("m-9".to_owned(), 1)].into());
    }

    #[test]
    fn a_call_that_had_no_price_gets_one() {
        let plan = plan(&[call("m-1", 0, &[])]);
        assert_eq!(plan.corrections[0].amount.pico, 380_000_000);
    }

    #[test]
    fn prices_that_are_not_in_order_are_told() {
        let twice = format!(
            "{PRICES}\n[[price]]\nprovider = 'openai'\nmodel = 'm-2'\ncurrency = 'RMB'\nfrom = '2025-01-01'\ninput = '1'\noutput = '1'"
        );
        let told = super::super::prices(&twice).unwrap_err().to_string();
        assert!(told.contains("price of \"m-2\""), "{told}");
    }
}
