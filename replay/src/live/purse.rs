//! A purse: what may still be spent, while many calls run at a time.
//!
//! Before a call the most that it can cost is set apart; when it has ended, what it did cost is booked in its place. What is booked and what is set
//! apart together never exceed the budget. A call whose end nobody saw keeps what was set apart for it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use schemas::money::Money;
use tokio::sync::Notify;

use super::budget::Budget;

/// Money that calls may spend.
#[derive(Debug)]
pub struct Purse {
    budget: Budget,
    state: Mutex<BTreeMap<String, Sums>>,
    settled: Notify,
    /// Calls ask for money one after the other, so that small ones do not starve a large one.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    spent: i128,
    reserved: i128,
}

/// There is not enough money for a call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the budget of {currency} is spent")]
pub struct Spent {
    /// Of this currency.
    pub currency: String,
}

/// Money that is set apart for one call. Dropped without being settled, all of it counts as spent.
#[derive(Debug)]
pub struct Reserve<'a> {
    purse: &'a Purse,
    most: Vec<Money>,
    settled: Option<Vec<Money>>,
}

/// Whether a reserve can be had.
enum Room {
    Free,
    /// Not now; what runs may leave some over.
    Later,
    Never(Spent),
}

impl Purse {
    /// A purse from which nothing was spent.
    pub fn new(budget: Budget) -> Self {
        Self { budget, state: Mutex::default(), settled: Notify::new(), turn: tokio::sync::Mutex::new(()) }
    }

    /// The budget.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Books what was spent before, by an earlier run of the same work.
    pub fn book(&self, spent: impl IntoIterator<Item = Money>) {
        let mut state = self.lock();
        for money in spent {
            let sums = entry(&mut state, &money.currency);
            sums.spent = sums.spent.saturating_add(money.pico);
        }
    }

    /// What was spent, of each currency.
    pub fn spent(&self) -> Vec<Money> {
        let state = self.lock();
        let money =
            |(currency, sums): (&String, &Sums)| Money { currency: currency.clone(), pico: sums.spent };
        state.iter().map(money).filter(|money| money.pico != 0).collect()
    }

    /// Sets money apart. Waits while calls that run may leave enough over.
    ///
    /// # Errors
    /// [`Spent`] when there is not enough, whatever the running calls come to.
    pub async fn reserve(&self, most: Vec<Money>) -> Result<Reserve<'_>, Spent> {
        let _turn = self.turn.lock().await;
        loop {
            let settled = self.settled.notified();
            match self.take(&most) {
                Room::Free => return Ok(Reserve { purse: self, most, settled: None }),
                Room::Never(spent) => return Err(spent),
                Room::Later => settled.await,
            }
        }
    }

    fn take(&self, most: &[Money]) -> Room {
        let mut state = self.lock();
        let mut is_free = true;
        for money in most {
            let Some(limit) = self.budget.limit(&money.currency) else { continue };
            let Sums { spent, reserved } = *entry(&mut state, &money.currency);
            let wanted = spent.saturating_add(money.pico);
            if wanted > limit || !self.budget.allows(&money.currency) {
                return Room::Never(Spent { currency: money.currency.clone() });
            }
            is_free &= wanted.saturating_add(reserved) <= limit;
        }
        if !is_free {
            return Room::Later;
        }
        for money in most {
            let sums = entry(&mut state, &money.currency);
            sums.reserved = sums.reserved.saturating_add(money.pico);
        }
        Room::Free
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Sums>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reserve<'_> {
    /// Books what the call did cost, and gives the rest back.
    pub fn settle(mut self, cost: Vec<Money>) {
        self.settled = Some(cost);
    }
}

impl Drop for Reserve<'_> {
    fn drop(&mut self) {
        let mut state = self.purse.lock();
        for money in &self.most {
            let sums = entry(&mut state, &money.currency);
            sums.reserved = sums.reserved.saturating_sub(money.pico);
        }
        for money in self.settled.as_ref().unwrap_or(&self.most) {
            let sums = entry(&mut state, &money.currency);
            sums.spent = sums.spent.saturating_add(money.pico);
        }
        drop(state);
        self.purse.settled.notify_waiters();
    }
}

fn entry<'a>(state: &'a mut BTreeMap<String, Sums>, currency: &str) -> &'a mut Sums {
    state.entry(currency.to_owned()).or_default()
}

#[cfg(test)]
mod tests;
