//! Names in cases that the configuration does not have: what can never come is a mistake of the file.

use std::collections::BTreeSet;

use catalogue::{App, Bundle};
use schemas::ids::AppKey;
use toml::Spanned;

use super::file::{Act, BadFile, Case, File};
use super::raw::RawExpect;

/// The name under which decisions tell of the app's own chain.
const CHAIN: &str = "chain";

/// What the configuration has.
struct Names<'a> {
    file: &'a File,
    bundle: &'a Bundle,
    app: Option<&'a App>,
    routes: BTreeSet<&'a str>,
}

/// Checks what a case of this app says and expects.
///
/// # Errors
/// [`BadFile`] with the line of the first name that is not known.
pub(super) fn check(file: &File, case: &Case, bundle: &Bundle, app: &AppKey) -> Result<(), BadFile> {
    let routes = bundle.routes_of(app).map(|rule| rule.name.as_str()).collect();
    let names = Names { file, bundle, app: bundle.apps.get(app), routes };
    case.steps.iter().try_for_each(|step| names.act(&step.act))?;
    let all = case.steps.iter().filter_map(|step| step.expect.as_ref()).chain(&case.expect);
    all.into_iter().try_for_each(|expect| names.expected(expect))
}

impl Names<'_> {
    fn act(&self, act: &Act) -> Result<(), BadFile> {
        match act {
            Act::Say(said) => said.tier.as_ref().map_or(Ok(()), |tier| self.tier(tier)),
            Act::Tell(told) => told.get_ref().iter().try_for_each(|(name, target)| {
                self.target(told, name.as_str())?;
                target.apps.keys().try_for_each(|app| self.app(told, app))
            }),
            _ => Ok(()),
        }
    }

    fn expected(&self, expect: &RawExpect) -> Result<(), BadFile> {
        if let Some(route) = &expect.route {
            let is_known = route.get_ref() == CHAIN || self.routes.contains(route.get_ref().as_str());
            self.known(route, "route", (route.get_ref(), is_known))?;
        }
        if let Some(skipped) = &expect.skipped {
            let is_route = |rule: &String| self.routes.contains(rule.as_str());
            let mut all = skipped.get_ref().keys();
            all.try_for_each(|rule| self.known(skipped, "route", (rule, is_route(rule))))?;
        }
        for list in [&expect.chain, &expect.avoided].into_iter().flatten() {
            list.get_ref().iter().try_for_each(|name| self.target(list, name))?;
        }
        if let Some(pin) = expect.pin.as_ref().filter(|pin| !pin.get_ref().target().is_empty()) {
            self.target(pin, pin.get_ref().target())?;
        }
        expect.tier.as_ref().filter(|tier| !tier.get_ref().is_empty()).map_or(Ok(()), |tier| self.tier(tier))
    }

    fn app<T>(&self, at: &Spanned<T>, key: &AppKey) -> Result<(), BadFile> {
        self.known(at, "app", (key.as_str(), self.bundle.apps.contains_key(key)))
    }

    fn target<T>(&self, at: &Spanned<T>, name: &str) -> Result<(), BadFile> {
        let is_target = self.bundle.targets.keys().any(|target| target.as_str() == name);
        self.known(at, "target", (name, is_target))
    }

    fn tier(&self, tier: &Spanned<String>) -> Result<(), BadFile> {
        let is_tier = self.app.is_some_and(|app| app.tier(tier.get_ref()).is_some());
        self.known(tier, "tier", (tier.get_ref(), is_tier))
    }

    fn known<T>(&self, at: &Spanned<T>, what: &str, (name, is_known): (&str, bool)) -> Result<(), BadFile> {
        let unknown = || self.file.bad(at, format!("the configuration has no {what} {name:?}"));
        if is_known { Ok(()) } else { Err(unknown()) }
    }
}
