//! Names in expectations that the configuration does not have: what can never come is a mistake of the file.

use std::collections::BTreeSet;

use catalogue::Bundle;
use schemas::ids::AppKey;
use toml::Spanned;

use super::file::{BadFile, Case, File};
use super::raw::RawExpect;

/// The name under which decisions tell of the app's own chain.
const CHAIN: &str = "chain";

/// Checks what a case of this app expects.
///
/// # Errors
/// [`BadFile`] with the line of the first name that is not known.
pub(super) fn check(file: &File, case: &Case, bundle: &Bundle, app: &AppKey) -> Result<(), BadFile> {
    let routes: BTreeSet<&str> = bundle.routes_of(app).map(|rule| rule.name.as_str()).collect();
    let all = case.steps.iter().filter_map(|step| step.expect.as_ref()).chain(&case.expect);
    all.into_iter().try_for_each(|expect| names(file, expect, bundle, &routes))
}

fn names(file: &File, expect: &RawExpect, bundle: &Bundle, routes: &BTreeSet<&str>) -> Result<(), BadFile> {
    if let Some(route) = &expect.route {
        let is_known = route.get_ref() == CHAIN || routes.contains(route.get_ref().as_str());
        known(file, route, "route", (route.get_ref(), is_known))?;
    }
    if let Some(skipped) = &expect.skipped {
        let all = skipped.get_ref().keys();
        all.into_iter()
            .try_for_each(|rule| known(file, skipped, "route", (rule, routes.contains(rule.as_str()))))?;
    }
    if let Some(chain) = &expect.chain {
        let is_target = |name: &str| bundle.targets.keys().any(|target| target.as_str() == name);
        let all = chain.get_ref().iter();
        all.into_iter().try_for_each(|name| known(file, chain, "target", (name, is_target(name))))?;
    }
    Ok(())
}

fn known<T>(file: &File, at: &Spanned<T>, what: &str, (name, is_known): (&str, bool)) -> Result<(), BadFile> {
    if is_known { Ok(()) } else { Err(file.bad(at, format!("the configuration has no {what} {name:?}"))) }
}
