//! What goes wrong on purpose.

use serde::Deserialize;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// One thing that goes wrong.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Fault {
    /// The verdict comes late.
    Slow {
        /// After this time in milliseconds.
        ms: u64,
    },
    /// A status and no body.
    Status {
        /// The status.
        status: u16,
    },
    /// A success whose words are none of the wire's.
    Lie,
    /// A success that is no JSON.
    NoJson,
    /// A success of a mebibyte.
    Huge,
}

/// A fault, and how many calls it meets.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Order {
    times: u32,
    fault: Fault,
}

/// Faults of the next calls, in order.
#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<VecDeque<Order>>);

impl Faults {
    pub(super) fn plan(&self, order: Order) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(order);
    }

    pub(super) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The fault of the call that has come.
    pub(super) fn next(&self) -> Option<Fault> {
        let mut orders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while orders.front().is_some_and(|order| order.times == 0) {
            orders.pop_front();
        }
        let order = orders.front_mut()?;
        order.times -= 1;
        Some(order.fault)
    }
}
