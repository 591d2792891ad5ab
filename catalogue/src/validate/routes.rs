//! `[[app.route]]` and `[[route]]`: every name checked, and no rule behind one that holds wherever it does.

mod conditions;
mod outcome;

use std::collections::{BTreeMap, BTreeSet};

use common::Problems;
use schemas::ids::{AppKey, TargetName};
use toml::Spanned;

use super::filter::Known;
use crate::app::App;
use crate::models::Models;
use crate::raw::{RawConditions, RawOutcome, RawRoute, RawSharedRoute};
use crate::route::{Ask, Condition, Outcome, Rule};
use crate::target::Target;

/// The name under which decisions tell of the app's chain.
const CHAIN: &str = "chain";
/// Most rules of one list.
const MOST: usize = 1_000;
/// Most fields of the extension that the rules of an app name.
const MOST_TAGS: usize = 16;

/// An app that a rule is for.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) key: &'a str,
    pub(super) app: &'a App,
}

/// What rules may name.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    pub(super) targets: &'a BTreeMap<TargetName, Target>,
    pub(super) models: &'a Models,
    pub(super) known: &'a Known,
}

/// One rule as it stands in the file.
struct Written<'a> {
    name: &'a Spanned<String>,
    apps: BTreeSet<AppKey>,
    when: &'a RawConditions,
    then: &'a RawOutcome,
}

/// Checks one rule for the apps that it is for. What it says of a problem begins with the rule's name.
struct Checking<'a, 'p> {
    names: Names<'a>,
    scopes: &'a [Scope<'a>],
    place: &'a str,
    rule: &'a str,
    problems: &'p mut Problems,
}

impl Checking<'_, '_> {
    fn wrong<T>(&mut self, at: &Spanned<T>, what: impl std::fmt::Display) {
        self.problems.add_at(self.place, at, format!("route {:?}: {what}", self.rule));
    }

    /// One of a closed list of words.
    fn word<T: Copy>(&mut self, at: &Spanned<String>, words: &[(&str, T)]) -> Option<T> {
        let found = words.iter().find(|(word, _)| word == at.get_ref()).map(|(_, value)| *value);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.wrong(at, format!("{:?} is none of {}", at.get_ref(), known.join(", ")));
        }
        found
    }
}

/// The rules of one app, which its own place tells of.
pub(super) fn own(
    raw: &[RawRoute],
    scope: Scope<'_>,
    names: Names<'_>,
    problems: &mut Problems,
) -> Vec<Rule> {
    let place = format!("app {:?}", scope.key);
    let written = raw.iter();
    let written = written.map(|raw| Written {
        name: &raw.name,
        apps: BTreeSet::new(),
        when: &raw.when,
        then: &raw.then,
    });
    rules(written, &place, problems, |raw, problems| {
        rule(raw, Checking { names, scopes: &[scope], place: &place, rule: raw.name.get_ref(), problems })
    })
}

/// The rules that apps share.
pub(super) fn shared(
    raw: &[RawSharedRoute],
    apps: &BTreeMap<AppKey, App>,
    names: Names<'_>,
    problems: &mut Problems,
) -> Vec<Rule> {
    let mut written = Vec::new();
    for raw in raw {
        let mut named = BTreeSet::new();
        for at in &raw.apps {
            match apps.keys().find(|key| key.as_str() == at.get_ref()) {
                Some(key) => drop(named.insert(key.clone())),
                None => {
                    let place = format!("route {:?}", raw.name.get_ref());
                    problems.add_at(&place, at, format!("the app {:?} is not configured", at.get_ref()));
                }
            }
        }
        written.push(Written { name: &raw.name, apps: named, when: &raw.when, then: &raw.then });
    }
    rules(written.into_iter(), "route", problems, |raw, problems| {
        let is_for = |key: &AppKey| raw.apps.is_empty() || raw.apps.contains(key);
        let scopes: Vec<Scope<'_>> = apps
            .iter()
            .filter(|(key, _)| is_for(key))
            .map(|(key, app)| Scope { key: key.as_str(), app })
            .collect();
        let own =
            scopes.iter().find(|scope| scope.app.routes.iter().any(|own| own.name == *raw.name.get_ref()));
        if let Some(scope) = own {
            let what =
                format!("route {:?}: app {:?} has a route of this name", raw.name.get_ref(), scope.key);
            problems.add_at("route", raw.name, what);
        }
        rule(raw, Checking { names, scopes: &scopes, place: "route", rule: raw.name.get_ref(), problems })
    })
}

/// The rules of a list in their order.
fn rules<'a>(
    written: impl Iterator<Item = Written<'a>>,
    place: &str,
    problems: &mut Problems,
    mut read: impl FnMut(&Written<'a>, &mut Problems) -> Rule,
) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    for raw in written {
        let name = raw.name.get_ref();
        let wrong = |problems: &mut Problems, what: String| {
            problems.add_at(place, raw.name, format!("route {name:?}: {what}"))
        };
        if name.is_empty() || name == CHAIN || name.chars().count() > 64 {
            wrong(problems, "a name has 1 to 64 characters, and is not \"chain\"".into());
        }
        if rules.iter().any(|rule| rule.name == *name) {
            wrong(problems, "it is configured twice".into());
        }
        if rules.len() == MOST {
            wrong(problems, format!("there are more than {MOST} routes"));
        }
        let rule = read(&raw, problems);
        if let Some(earlier) = rules.iter().find(|earlier| earlier.covers(&rule)) {
            wrong(
                problems,
                format!("it is never reached: {:?} before it holds wherever it does", earlier.name),
            );
        }
        rules.push(rule);
    }
    let tags = |rule: &Rule| {
        let tags = rule.when.iter().filter_map(|condition| match condition {
            Condition::Ext(tags) => Some(tags.keys().cloned().collect::<Vec<_>>()),
            _ => None,
        });
        tags.flatten().collect::<Vec<_>>()
    };
    let tags: BTreeSet<String> = rules.iter().flat_map(tags).collect();
    if tags.len() > MOST_TAGS {
        problems.add(
            place,
            format!("its routes name {} fields of ext, and at most {MOST_TAGS} are recorded", tags.len()),
        );
    }
    rules
}

fn rule(raw: &Written<'_>, mut checking: Checking<'_, '_>) -> Rule {
    let when = conditions::conditions(raw.when, &mut checking);
    let then = outcome::outcome(raw.name, raw.then, &mut checking);
    Rule { name: raw.name.get_ref().clone(), apps: raw.apps.clone(), when, then }
}

/// Writes down how the thinking of a target's model is switched, where a route does it and the model lets it.
pub(super) fn switch_thinking(
    routes: &[Rule],
    apps: &BTreeMap<AppKey, App>,
    targets: &mut BTreeMap<TargetName, Target>,
    models: &Models,
) {
    let mut switched: BTreeSet<TargetName> = BTreeSet::new();
    for (key, app) in apps {
        let rules = app.routes.iter().chain(routes.iter().filter(|rule| rule.is_for(key)));
        for ask in rules.filter_map(|rule| match &rule.then {
            Outcome::Ask(ask) if ask.thinking.is_some() => Some(ask),
            Outcome::Ask(_) | Outcome::Say(_) | Outcome::Person(_) => None,
        }) {
            switched.extend(chain_of(ask, app).iter().cloned());
        }
    }
    for (_, target) in targets.iter_mut().filter(|(name, _)| switched.contains(*name)) {
        if target.traits.thinking_by.is_none() {
            target.traits.thinking_by = outcome::switch(target, models);
        }
    }
}

/// The chain of a rule in an app.
fn chain_of<'a>(ask: &'a Ask, app: &'a App) -> &'a [TargetName] {
    if ask.chain.is_empty() { &app.chain } else { &ask.chain }
}

#[cfg(test)]
mod tests;
