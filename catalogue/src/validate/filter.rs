//! Section `[filter]`: rules, dictionaries, allow-lists, and what apps use of them.

mod files;
mod rules;

use std::collections::BTreeSet;

use common::{Action, Problems};
use safety::ENGINE;
use toml::Spanned;

use crate::filter::{Filter, Used};
use crate::raw::{RawFilter, RawUsed};

pub(crate) use files::{contents, tell};

const ACTIONS: [(&str, Action); 5] = [
    ("pass", Action::Pass),
    ("mask", Action::Mask),
    ("replace", Action::Replace),
    ("hold", Action::Hold),
    ("block", Action::Block),
];

/// The filter, and every id that a verdict of it can name.
#[derive(Default)]
pub(super) struct Known {
    pub(super) filter: Filter,
    pub(super) ids: BTreeSet<String>,
}

/// Reads the section.
pub(super) fn filter(raw: &RawFilter, problems: &mut Problems) -> Known {
    let mut known = Known::default();
    rules::rules(raw, &mut known, problems);
    files::dictionaries(raw, &mut known, problems);
    files::allow_lists(raw, &mut known, problems);
    let filter = &mut known.filter;
    if !filter.rules.is_empty() || !filter.dictionaries.is_empty() {
        filter.engine = ENGINE;
    }
    known
}

/// What an app uses, each name checked.
pub(super) fn used(raw: &RawUsed, filter: &Filter, place: &str, problems: &mut Problems) -> Used {
    let mut names = |kind: &str, raw: &Option<Vec<Spanned<String>>>, is_known: &dyn Fn(&str) -> bool| {
        let raw = raw.as_ref()?;
        for name in raw {
            if !is_known(name.get_ref()) {
                let what =
                    format!("its filter uses the {kind} {:?}, which is not configured", name.get_ref());
                problems.add_at(place, name, what);
            }
        }
        let names: BTreeSet<&String> = raw.iter().map(Spanned::get_ref).collect();
        Some(names.into_iter().cloned().collect())
    };
    Used {
        rules: names("rule", &raw.rules, &|name| filter.rules.iter().any(|rule| rule.id == name)),
        dictionaries: names("dictionary", &raw.dictionaries, &|name| filter.dictionaries.contains_key(name)),
        allow: names("allow-list", &raw.allow, &|name| filter.allow.contains_key(name)),
    }
}

fn action(place: &str, at: &Spanned<String>, problems: &mut Problems) -> Option<Action> {
    problems.word(place, at, &ACTIONS)
}

/// An action that may be absent.
fn optional(place: &str, at: Option<&Spanned<String>>, problems: &mut Problems) -> Option<Action> {
    action(place, at?, problems)
}

#[cfg(test)]
mod tests;
