//! What a call would cost, by target.

use std::time::Duration;

use catalogue::{Bundle, Target};
use schemas::Millis;
use schemas::answered::{Usage, UsageSource};
use schemas::money::Money;
use serde::Serialize;

/// 10⁻¹² of a unit in 10⁻⁶ of it.
const MICRO: i128 = 1_000_000;

/// What a call of a target costs: the prompt with the shortest and the longest answer.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Cost {
    currency: String,
    /// With an answer of one token, as decimal text.
    from: String,
    /// With the longest answer that the request allows.
    to: String,
    /// The row of the price table.
    price: String,
    /// The time of the call is paid as well, and nobody knows it before.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    and_time: bool,
}

impl Cost {
    /// Of a prompt of so many tokens; nothing where the target has no price.
    pub(super) fn of(bundle: &Bundle, target: &Target, input: u64, most: u32, at: Millis) -> Option<Self> {
        let price = bundle.price(target, at)?;
        let cost = |output| {
            let usage = Usage { input, output, source: UsageSource::Estimated, ..Usage::default() };
            price.cost(Some(&usage), Duration::ZERO)
        };
        let (from, to) = (cost(1)?, cost(u64::from(target.max_output_tokens(most)))?);
        Some(Self {
            currency: from.currency.clone(),
            from: decimal(&from),
            to: decimal(&to),
            price: price.id(),
            and_time: price.gpu.is_some(),
        })
    }

    /// On one line.
    pub(super) fn line(&self) -> String {
        let Self { currency, from, to, and_time, .. } = self;
        format!("{from} to {to} {currency}{}", if *and_time { " and its time" } else { "" })
    }
}

/// An amount as decimal text, rounded up to the millionth of its unit.
fn decimal(money: &Money) -> String {
    let micro = money.pico.unsigned_abs().div_ceil(MICRO.unsigned_abs());
    let (whole, rest) = (micro / 1_000_000, micro % 1_000_000);
    let text = format!("{whole}.{rest:06}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_rounded_up_to_the_millionth() {
        let amount = |pico| decimal(&Money { currency: "CNY".to_owned(), pico });
        assert_eq!(amount(0), "0");
        assert_eq!(amount(1), "0.000001");
        assert_eq!(amount(1_500_000_000_000), "1.5");
        assert_eq!(amount(1_234_000_001), "0.001235");
    }
}
