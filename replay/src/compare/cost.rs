//! Sums of money, by currency.

use std::collections::BTreeMap;

use schemas::answered::{Answered, Attempt};
use schemas::money::Money;

/// What attempts cost, of each currency. Amounts of different currencies are never added.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Costs {
    sums: BTreeMap<String, i128>,
    /// Attempts that may be billed and whose cost nobody knows.
    pub unknown: u64,
}

impl Costs {
    /// Adds all attempts of an outcome, those of its review too.
    pub fn add(&mut self, answered: &Answered) {
        let of_review = answered.review.iter().flat_map(|review| &review.attempts);
        answered.attempts.iter().chain(of_review).for_each(|attempt| self.attempt(attempt));
    }

    fn attempt(&mut self, attempt: &Attempt) {
        match &attempt.cost {
            Some(Money { currency, pico }) => {
                let sum = self.sums.entry(currency.clone()).or_default();
                *sum = sum.saturating_add(*pico);
            }
            None if attempt.may_be_billed || attempt.error.is_none() => self.unknown += 1,
            None => {}
        }
    }

    /// Adds what another sum has.
    pub fn plus(&mut self, other: &Self) {
        for (currency, pico) in &other.sums {
            let sum = self.sums.entry(currency.clone()).or_default();
            *sum = sum.saturating_add(*pico);
        }
        self.unknown += other.unknown;
    }

    /// The sum, where it is of one currency and all of it is known.
    pub fn one(&self) -> Option<Money> {
        let mut sums = self.amounts().into_iter();
        sums.next().filter(|_| self.unknown == 0 && sums.next().is_none())
    }

    /// The sum of each currency.
    pub fn amounts(&self) -> Vec<Money> {
        let amount = |(currency, pico): (&String, &i128)| Money { currency: currency.clone(), pico: *pico };
        self.sums.iter().map(amount).collect()
    }
}
