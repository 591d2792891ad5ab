//! Whether this process knows what the applied bundle names. Keys and addresses are in its own file, which may be older than the
//! bundle: what the file does not have cannot be called, and cannot be sent to.

use std::collections::BTreeSet;
use std::sync::Arc;

use catalogue::{Bundle, Reviewer};
use tokio::sync::watch;

use super::bundle_watch::Watched;
use crate::config::Config;
use crate::metrics;
use crate::role::Role;

/// What is named and not known, by the bundle in force.
pub(crate) type Unknown = watch::Receiver<Arc<Vec<String>>>;

/// Targets that chains and judges name and that have no `[[call.target]]` here, and reviewers of apps without `[[call.reviewer]]`.
pub(crate) fn targets(config: &Config, watched: &Watched) -> anyhow::Result<Unknown> {
    let targets = config.call.iter().flat_map(|section| &section.target).map(|entry| &entry.name);
    let reviewers = config.call.iter().flat_map(|section| &section.reviewer).map(|entry| &entry.name);
    let known = targets.chain(reviewers).map(|name| name.get_ref().clone()).collect();
    follow(Role::Call, known, called, watched)
}

/// Apps that have no `[[deliver.app]]` here.
pub(crate) fn apps(config: &Config, watched: &Watched) -> anyhow::Result<Unknown> {
    let entries = config.deliver.iter().flat_map(|section| &section.app);
    let known = entries.map(|entry| entry.key.get_ref().clone()).collect();
    let named = |bundle: &Bundle| bundle.apps.keys().map(ToString::to_string).collect();
    follow(Role::Deliver, known, named, watched)
}

fn called(bundle: &Bundle) -> BTreeSet<String> {
    let reviewers = bundle.apps.values().filter_map(|app| Some(&app.review.as_ref()?.reviewer));
    let reviewers = reviewers.map(|name| match bundle.reviewers.get(name) {
        Some(Reviewer::Judge { target }) => target,
        Some(Reviewer::Moderation { .. } | Reviewer::Webhook { .. }) | None => name,
    });
    let chained = bundle.apps.values().flat_map(|app| &app.chain);
    chained.chain(reviewers).map(ToString::to_string).collect()
}

/// Looks at every bundle once, when it comes into force, and says then what is not known.
fn follow(
    role: Role,
    known: BTreeSet<String>,
    named: fn(&Bundle) -> BTreeSet<String>,
    watched: &Watched,
) -> anyhow::Result<Unknown> {
    watched.derive(move |ready| {
        let unknown = missing(&named(&ready.bundle), &known);
        metrics::unknown_names(role.label(), unknown.len());
        if !unknown.is_empty() {
            tracing::error!(role = role.label(), "{}", told(&unknown));
        }
        Ok(unknown)
    })
}

fn missing(named: &BTreeSet<String>, known: &BTreeSet<String>) -> Vec<String> {
    named.difference(known).cloned().collect()
}

/// One sentence, for the log and for `/ready`.
pub(crate) fn told(unknown: &[String]) -> String {
    format!(
        "the applied bundle names what this process's file does not have: {}; start it again with a file that has it",
        unknown.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_and_not_known_is_told_and_the_rest_is_not() {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        let unknown = missing(&set(&["main", "spare", "new"]), &set(&["main", "spare", "old"]));
        assert_eq!(unknown, ["new"]);
        assert!(told(&unknown).contains(": new;"));
        assert!(missing(&set(&["main"]), &set(&["main", "old"])).is_empty());
    }
}
