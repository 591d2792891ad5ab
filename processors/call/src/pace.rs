//! What a target's provider allows, as configured.

use std::collections::BTreeMap;

use common::Problems;
use outbound::Limits;

use crate::config::{RawCall, RawEndpoint};

/// Limits by name of the target.
pub(crate) fn limits(raw: &RawCall, problems: &mut Problems) -> BTreeMap<String, Limits> {
    let mut limits = BTreeMap::new();
    for entry in &raw.target {
        let name = entry.name.get_ref();
        match of(entry) {
            Ok(of) => drop(limits.insert(name.clone(), of)),
            Err(key) => {
                let place = format!("call.target {name:?}");
                problems.add_at(&place, &entry.name, format!("its {key} must be more than zero"));
            }
        }
    }
    limits
}

fn of(entry: &RawEndpoint) -> Result<Limits, &'static str> {
    let positive = |key, limit: Option<f64>| match limit {
        Some(limit) if !(limit > 0.0 && limit.is_finite()) => Err(key),
        limit => Ok(limit),
    };
    if entry.max_concurrent == Some(0) {
        return Err("max_concurrent");
    }
    Ok(Limits {
        per_second: positive("requests_per_second", entry.requests_per_second)?,
        per_minute: positive("requests_per_minute", entry.requests_per_minute)?,
        at_once: entry.max_concurrent,
    })
}
