//! What there is to tell of targets, and to which partitions. Pure.
//!
//! What is told changes when somebody would choose another target, and not with every moment: waiting times are powers of two of seconds
//! that fall only when they have fallen well below, and the end of a pause stands while it is about the same.

use std::collections::{BTreeMap, BTreeSet};

use outbound::{Outlook, Prospect, Refusal};
use schemas::Millis;
use schemas::conditions::{Condition, LASTS_MS, MOST_APPS, MOST_TARGETS, Standing, TargetConditions};
use schemas::ids::{AppKey, TargetName};
use tokio::time::Instant;

/// The least wait that is told, in milliseconds, and the longest.
const LEAST_WAIT: u32 = 1_000;
const LONGEST_WAIT: u32 = 512_000;
/// An end that differs by no more than this is the same, in milliseconds.
const SAME_END: Millis = 2_000;
/// After how long what lasts is told again, in milliseconds, so that it is not taken for forgotten.
const AGAIN: Millis = LASTS_MS / 2;

/// One moment, by both clocks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) wall: Millis,
    pub(super) monotonic: Instant,
}

/// What was told, and to whom.
#[derive(Debug, Default)]
pub(super) struct Watch {
    targets: BTreeMap<TargetName, TargetConditions>,
    /// How often that has changed.
    version: u64,
    partitions: BTreeMap<i32, Told>,
}

/// What a partition was told.
#[derive(Debug, Clone, Copy)]
struct Told {
    version: u64,
    at: Millis,
}

impl Watch {
    /// What is to be told now.
    pub(super) fn targets(&self) -> &BTreeMap<TargetName, TargetConditions> {
        &self.targets
    }

    /// Looks at the targets, and gives the partitions that are to be told: those that are new here, and all of them when something has changed,
    /// or something lasts.
    pub(super) fn look(
        &mut self,
        now: Moment,
        outlooks: BTreeMap<TargetName, Outlook>,
        owned: &BTreeSet<i32>,
    ) -> Vec<i32> {
        let before = |name: &TargetName| self.targets.get(name);
        let seen =
            outlooks.iter().map(|(name, outlook)| (name.clone(), of_target(outlook, before(name), now)));
        let telling = seen.filter(|(_, target)| !(target.for_all.is_usual() && target.apps.is_empty()));
        let targets: BTreeMap<_, _> = telling.take(MOST_TARGETS).collect();
        if targets != self.targets {
            (self.targets, self.version) = (targets, self.version + 1);
        }
        self.partitions.retain(|partition, _| owned.contains(partition));
        let lasts = !self.targets.is_empty();
        let knows = |partition: &i32| {
            let told = self.partitions.get(partition).filter(|told| told.version == self.version);
            told.is_some_and(|told| !lasts || now.wall - told.at < AGAIN)
        };
        owned.iter().copied().filter(|partition| !knows(partition)).collect()
    }

    /// A partition was told what was to be told at that time.
    pub(super) fn told(&mut self, partition: i32, at: Millis) {
        self.partitions.insert(partition, Told { version: self.version, at });
    }
}

fn of_target(outlook: &Outlook, before: Option<&TargetConditions>, now: Moment) -> TargetConditions {
    let for_all = condition(outlook.for_all, before.map(|before| before.for_all), now);
    let own = outlook.tenants.iter().filter_map(|(tenant, prospect)| {
        let app = AppKey::new(tenant.to_string()).ok()?;
        let before = before.map(|before| before.apps.get(&app).copied().unwrap_or(before.for_all));
        let condition = condition(*prospect, before, now);
        (condition != for_all).then_some((app, condition))
    });
    let mut own: Vec<(AppKey, Condition)> = own.collect();
    own.sort_by_key(|(_, condition)| std::cmp::Reverse((condition.state, condition.waiting_ms)));
    TargetConditions { for_all, apps: own.into_iter().take(MOST_APPS).collect() }
}

fn condition(prospect: Prospect, before: Option<Condition>, now: Moment) -> Condition {
    let before = before.unwrap_or_default();
    let (state, until) = match prospect.refusal {
        None => (Standing::Ok, None),
        Some(Refusal::Cooling(until)) => (Standing::Cooling, Some(until)),
        Some(Refusal::Open(until)) => (Standing::Open, Some(until)),
    };
    let until = until.map(|until| {
        let left = until.saturating_duration_since(now.monotonic).as_millis();
        let until = now.wall.saturating_add(Millis::try_from(left).unwrap_or(Millis::MAX));
        let same = before.until.filter(|was| before.state == state && (until - was).abs() <= SAME_END);
        same.unwrap_or(until)
    });
    let wait = u32::try_from(prospect.wait.as_millis()).unwrap_or(u32::MAX);
    Condition { state, until, waiting_ms: told_wait(before.waiting_ms, wait) }
}

/// A wait as it is told, which was told as `before`.
pub(crate) fn told_wait(before: u32, wait: u32) -> u32 {
    let rounded = if wait < LEAST_WAIT { 0 } else { LEAST_WAIT << (wait / LEAST_WAIT).ilog2() };
    let rounded = rounded.min(LONGEST_WAIT);
    if rounded < before && wait >= before / 2 { before } else { rounded }
}

#[cfg(test)]
mod tests;
