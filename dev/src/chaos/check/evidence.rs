//! What is known of a run, and what was found in it.

use crate::chaos::load::Said;
use crate::chaos::log::Log;
use crate::chaos::play::Done;
use crate::proof::{Clause, Refold};
use anyhow::Result;
use dev::rig::easemob::{Callback, RestSend};
use dev::rig::model::Call;
use dev::rig::prices::Prices;
use dev::rig::tables::Drift;
use std::collections::BTreeMap;

/// Everything that is known of a run.
pub(crate) struct Evidence {
    pub(crate) done: Done,
    pub(crate) said: Vec<Said>,
    pub(crate) log: Log,
    /// The providers' invoice.
    pub(crate) calls: Vec<Call>,
    /// What Easemob's REST side took.
    pub(crate) sends: Vec<RestSend>,
    pub(crate) callbacks: Vec<Callback>,
    /// Rows of each table, and how many places of the log they come from.
    pub(crate) rows: (BTreeMap<String, u64>, BTreeMap<String, u64>),
    /// Rollups beside their facts.
    pub(crate) drift: Drift,
    /// Sum of the costs in table `model_calls`, in 10⁻¹².
    pub(crate) stored: i128,
    pub(crate) prices: Prices,
    pub(crate) refold: Result<Refold>,
    /// How many records topic events held after that.
    pub(crate) events_then: usize,
}

/// A promise, and the sums of the run's last line that belong to it.
pub(crate) struct Found {
    pub(crate) clause: Clause,
    pub(crate) sums: Vec<(&'static str, i128)>,
}

impl Found {
    pub(super) fn new(clause: Clause, sums: impl IntoIterator<Item = (&'static str, i128)>) -> Self {
        Self { clause, sums: sums.into_iter().collect() }
    }
}

/// A count as a sum.
pub(super) fn sum(count: usize) -> i128 {
    i128::try_from(count).unwrap_or(i128::MAX)
}

/// The first few ids of many, for a message.
pub(super) fn some<T: ToString>(ids: impl IntoIterator<Item = T>) -> String {
    let ids: Vec<String> = ids.into_iter().map(|id| id.to_string()).collect();
    let shown = ids.iter().take(10).cloned().collect::<Vec<_>>().join(", ");
    if ids.len() > 10 { format!("{shown} and {} more", ids.len() - 10) } else { shown }
}
