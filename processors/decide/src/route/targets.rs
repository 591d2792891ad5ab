//! What is known of targets when a turn opens: from the bundle, and from what call told last.

use std::collections::BTreeMap;

use catalogue::App;
use schemas::Millis;
use schemas::conditions::{Condition, LASTS_MS, Standing};
use schemas::ids::{AppKey, TargetName};
use schemas::state::Told;

use super::Windows;

/// Targets of the bundle, and what call told of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Targets<'t> {
    /// Context windows, in tokens.
    pub(crate) windows: &'t Windows,
    /// Regions.
    pub(crate) regions: &'t BTreeMap<TargetName, String>,
    /// What call told; nothing before it did.
    pub(crate) told: Option<&'t Told>,
}

static NO_WINDOWS: Windows = BTreeMap::new();
static NO_REGIONS: BTreeMap<TargetName, String> = BTreeMap::new();

impl Targets<'static> {
    /// Nothing is known.
    pub(crate) fn unknown() -> Self {
        Self { windows: &NO_WINDOWS, regions: &NO_REGIONS, told: None }
    }
}

impl Targets<'_> {
    /// How a target is for an app. What call told a while ago says nothing any more, and what is over by its own time is over: of a target
    /// of which nothing is known it is taken for granted that it can be called.
    pub(super) fn condition(&self, target: &TargetName, app: &AppKey, now: Millis) -> Condition {
        let told = self.told.filter(|told| now - told.at <= LASTS_MS);
        let Some(target) = told.and_then(|told| told.targets.get(target)) else {
            return Condition::default();
        };
        let for_all = current(target.for_all, now);
        target.apps.get(app).map_or(for_all, |own| worse(for_all, current(*own, now)))
    }

    /// Whether an app may ask a target.
    pub(super) fn may_ask(&self, target: &TargetName, app: &App) -> bool {
        self.regions.get(target).is_some_and(|region| app.allowed_regions.contains(region))
    }
}

/// What holds of it now.
fn current(condition: Condition, now: Millis) -> Condition {
    if condition.until.is_some_and(|until| until <= now) {
        return Condition { state: Standing::Ok, until: None, ..condition };
    }
    condition
}

/// The worse of both.
fn worse(one: Condition, other: Condition) -> Condition {
    let state = if other.state > one.state { other } else { one };
    Condition { waiting_ms: one.waiting_ms.max(other.waiting_ms), ..state }
}

#[cfg(test)]
mod tests {
    use schemas::conditions::TargetConditions;

    use super::*;

    const NOW: Millis = 1_750_000_000_000;

    fn name(of: &str) -> TargetName {
        TargetName::new(of).unwrap()
    }

    fn app(of: &str) -> AppKey {
        AppKey::new(format!("acme#{of}")).unwrap()
    }

    fn condition(state: Standing, until: Option<Millis>, waiting_ms: u32) -> Condition {
        Condition { state, until, waiting_ms }
    }

    fn told(for_all: Condition, of_app: Option<Condition>) -> Told {
        let apps = of_app.map(|own| (app("shop"), own)).into_iter().collect();
        Told { at: NOW, targets: BTreeMap::from([(name("deep"), TargetConditions { for_all, apps })]) }
    }

    fn seen(told: &Told, by: &str, now: Millis) -> Condition {
        let targets = Targets { told: Some(told), ..Targets::unknown() };
        targets.condition(&name("deep"), &app(by), now)
    }

    #[test]
    fn what_one_app_meets_concerns_no_other() {
        let told = told(Condition::default(), Some(condition(Standing::Open, Some(NOW + 9_000), 4_000)));
        assert_eq!(seen(&told, "shop", NOW), condition(Standing::Open, Some(NOW + 9_000), 4_000));
        assert!(seen(&told, "support", NOW).is_usual());
    }

    #[test]
    fn of_what_concerns_all_and_one_the_worse_holds() {
        let all = condition(Standing::Cooling, Some(NOW + 5_000), 8_000);
        let told = told(all, Some(condition(Standing::Open, None, 1_000)));
        assert_eq!(seen(&told, "shop", NOW), condition(Standing::Open, None, 8_000));
        assert_eq!(seen(&told, "support", NOW), all);
    }

    #[test]
    fn what_is_over_or_old_is_not_known_any_more() {
        let told = told(condition(Standing::Open, Some(NOW + 5_000), 2_000), None);
        assert_eq!(seen(&told, "shop", NOW + 4_999).state, Standing::Open);
        assert_eq!(seen(&told, "shop", NOW + 5_000), condition(Standing::Ok, None, 2_000));
        assert!(seen(&told, "shop", NOW + LASTS_MS + 1).is_usual());
        let targets = Targets { told: Some(&told), ..Targets::unknown() };
        assert!(targets.condition(&name("other"), &app("shop"), NOW).is_usual());
    }
}
