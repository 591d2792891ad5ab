//! What a route asks of targets.

use std::collections::BTreeSet;

use schemas::ids::TargetName;
use toml::Spanned;

use super::super::Checking;
use super::listed;
use crate::raw::{RawConditions, RawWaiting};
use crate::route::{Condition, TargetStates, Waiting};

/// The shortest wait that is known apart from none, in milliseconds.
const SHORTEST_WAIT: u128 = 1_000;

/// The condition, if the route has it.
pub(super) fn targets(raw: &RawConditions, checking: &mut Checking<'_, '_>) -> Option<Condition> {
    let raw = raw.targets.as_ref()?;
    let mut named = |key: &str, names: &Option<Vec<Spanned<String>>>| {
        let names = listed(&format!("targets.{key}"), names.as_ref(), checking, known);
        names.unwrap_or_default().into_iter().collect::<BTreeSet<_>>()
    };
    let (open, cooling) = (named("open", &raw.open), named("cooling", &raw.cooling));
    let available = named("available", &raw.available);
    let waiting = raw.waiting.as_ref().map(|raw| waiting(raw, checking));
    let asks = raw.open.is_some() || raw.cooling.is_some() || raw.available.is_some() || waiting.is_some();
    if !asks {
        let (place, what) = (checking.place, format!("route {:?}: targets asks nothing", checking.rule));
        checking.problems.add(place, what);
    }
    Some(Condition::Targets(TargetStates { open, cooling, available, waiting }))
}

fn waiting(raw: &RawWaiting, checking: &mut Checking<'_, '_>) -> Waiting {
    let from = raw.from.get_ref().0.as_millis();
    if from < SHORTEST_WAIT {
        checking.wrong(&raw.from, "targets.waiting: waits are known from one second on");
    }
    let targets = listed("targets.waiting", Some(&raw.targets), checking, known);
    Waiting {
        targets: targets.unwrap_or_default().into_iter().collect(),
        from_ms: u32::try_from(from).unwrap_or(u32::MAX),
    }
}

/// A target that is configured.
fn known(at: &Spanned<String>, checking: &mut Checking<'_, '_>) -> Option<TargetName> {
    let mut targets = checking.names.targets.keys();
    let found = targets.find(|name| name.as_str() == at.get_ref()).cloned();
    if found.is_none() {
        checking.wrong(at, format!("the target {:?} is not configured", at.get_ref()));
    }
    found
}
