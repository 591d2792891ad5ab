//! What a target's provider allows, as configured.

use std::collections::BTreeMap;

use common::Problem;
use outbound::Limits;

use crate::config::{RawCall, RawEndpoint};

/// Limits by name of the target, and what is wrong with them.
pub(crate) fn limits(raw: &RawCall) -> (BTreeMap<String, Limits>, Vec<Problem>) {
    let (mut limits, mut problems) = (BTreeMap::new(), Vec::new());
    for entry in &raw.target {
        match of(entry) {
            Ok(of) => drop(limits.insert(entry.name.get_ref().clone(), of)),
            Err(key) => problems.push(Problem {
                place: format!("call.target {:?}", entry.name.get_ref()),
                span: Some(entry.name.span()),
                what: format!("its {key} must be more than zero"),
            }),
        }
    }
    (limits, problems)
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
