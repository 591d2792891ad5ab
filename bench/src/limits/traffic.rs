//! Calls as a vendor's stand-in saw them come.

use anyhow::{Context, Result};
use dev::rig::net::Net;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fate {
    Accepted,
    Refused,
    Failed,
}

/// One call.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Call {
    /// Milliseconds since the epoch.
    pub(super) at: i64,
    /// Nothing for one that was never answered.
    pub(super) fate: Option<Fate>,
}

/// The calls to one endpoint.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Traffic {
    pub(super) accepted: u64,
    pub(super) refused: u64,
    /// Most calls within one second of the clock.
    pub(super) most_in_fixed_second: u64,
    /// Most calls within any second.
    pub(super) most_in_sliding_second: u64,
    #[serde(default)]
    pub(super) each: Vec<Call>,
}

impl Traffic {
    /// When calls of one fate came, in their order.
    pub(super) fn times(&self, fate: Fate) -> Vec<i64> {
        self.each.iter().filter(|call| call.fate == Some(fate)).map(|call| call.at).collect()
    }
}

/// Traffic of Easemob by app and endpoint.
///
/// # Errors
/// When the stand-in does not answer.
pub(super) fn traffic(
    net: &Net,
    url: &str,
    list: &str,
) -> Result<BTreeMap<String, BTreeMap<String, Traffic>>> {
    let mut all: BTreeMap<String, BTreeMap<String, BTreeMap<String, Traffic>>> = net.get(url)?;
    all.remove(list).with_context(|| format!("{url} tells no {list}"))
}

/// Traffic of one model.
///
/// # Errors
/// When the stand-in does not answer.
pub(super) fn of_model(net: &Net, base: &str, model: &str) -> Result<Traffic> {
    #[derive(Deserialize)]
    struct Models {
        models: BTreeMap<String, Traffic>,
    }
    let mut all: Models = net.get(&format!("{base}/control/traffic?calls=true"))?;
    Ok(all.models.remove(model).unwrap_or_default())
}
