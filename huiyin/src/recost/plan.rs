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
    /// Calls that are priced by the tokens of their rows, by model: what the provider said of its usage is not there, or it did not say all.
    pub(super) by_rows: BTreeMap<String, u64>,
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
        let told = call::usage_told(&call.raw_usage, work(call)).filter(|_| call.is_told);
        let is_told = told.is_some();
        let Some((cost, price)) = cost(call, told, terms.prices) else {
            *self.kept.entry(call.model.clone()).or_default() += 1;
            return Ok(());
        };
        if !is_told && call.input.is_some() {
            *self.by_rows.entry(call.model.clone()).or_default() += 1;
        }
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

/// What a call brought, as far as its row says.
fn work(call: &BookedCall) -> call::Work {
    if call.error.is_empty() { call::Work::Text } else { call::Work::Refused }
}

/// What a call costs by the prices, from the usage that its provider `told` or else from the tokens of its row; `None` where no price
/// holds or the tokens are not known.
fn cost<'a>(call: &BookedCall, told: Option<Usage>, prices: &'a [Price]) -> Option<(Money, &'a Price)> {
    let called = Called { provider: call.provider.parse().ok()?, model: &call.model, region: &call.region };
    let price = of_call(prices, called, call.at)?;
    let of_row = || {
        call.input.map(|input| Usage {
            input,
            cached: call.cached.unwrap_or_default(),
            input_cache_write_5m: call.written_5m.unwrap_or_default(),
            input_cache_write_1h: call.written_1h.unwrap_or_default(),
            output: call.output.unwrap_or_default(),
            reasoning: call.reasoning.unwrap_or_default(),
            source: UsageSource::Provider,
        })
    };
    let usage = told.or_else(of_row);
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
            tier: call.tier.clone(),
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
pub(crate) mod tests;
