//! `[[filter.word]]` and `[[filter.rule]]`.

use std::collections::BTreeMap;

use common::{Action, Problems};
use safety::{Near, Reason, Rule, searchable};
use toml::Spanned;

use super::{ACTIONS, Known, action, optional};
use crate::raw::{RawFilter, RawRule, RawWord};

/// Adds the rules, in the order of their ids.
pub(super) fn rules(raw: &RawFilter, known: &mut Known, problems: &mut Problems) {
    let mut rules: BTreeMap<String, Rule> = BTreeMap::new();
    let mut add = |rule: Option<Rule>, place: &str, id: &Spanned<String>, problems: &mut Problems| {
        let Some(rule) = rule else { return };
        if rules.insert(rule.id.clone(), rule).is_some() {
            problems.add_at(place, id, "it is configured twice");
        }
    };
    for raw in &raw.word {
        let place = format!("filter.word {:?}", raw.id.get_ref());
        add(word(raw, &place, problems), &place, &raw.id, problems);
    }
    for raw in &raw.rule {
        let place = format!("filter.rule {:?}", raw.id.get_ref());
        add(rule(raw, &place, problems), &place, &raw.id, problems);
        if !raw.shared {
            known.filter.named_only.insert(raw.id.get_ref().clone());
        }
    }
    known.ids.extend(rules.keys().cloned());
    known.filter.rules = rules.into_values().collect();
}

fn word(raw: &RawWord, place: &str, problems: &mut Problems) -> Option<Rule> {
    let actions = ACTIONS.iter().filter(|(_, action)| *action != Action::Pass).copied().collect::<Vec<_>>();
    let action = problems.word(place, &raw.action, &actions)?;
    let rule = Rule { words: raw.words.clone(), ..Rule::words(raw.id.get_ref(), &[], action) };
    if let Err(bad) = rule.check() {
        problems.add_at(place, &raw.id, bad.reason);
    }
    Some(rule)
}

fn rule(raw: &RawRule, place: &str, problems: &mut Problems) -> Option<Rule> {
    let own = action(place, &raw.action, problems);
    let output = optional(place, raw.output.as_ref(), problems);
    let view_actions = raw.view_actions.iter();
    let view_actions = view_actions.filter_map(|(view, at)| Some((*view, action(place, at, problems)?)));
    let rule = Rule {
        words: texts(&raw.words),
        output,
        category: raw.category.clone(),
        severity: raw.severity,
        views: raw.views.iter().copied().collect(),
        view_actions: view_actions.collect(),
        border: raw.border,
        near: raw.near.as_ref().map(|near| Near { words: texts(&near.words), within: near.within }),
        regex: raw.regex.as_ref().map(|regex| regex.get_ref().clone()),
        language: raw.language.clone(),
        shadow: raw.shadow,
        on_error: raw.on_error,
        ..Rule::words(raw.id.get_ref(), &[], own.unwrap_or(Action::Block))
    };
    problem(raw, &rule, place, problems);
    own.map(|_| rule)
}

/// Tells what is wrong with a rule: of each word at the word, of the expression at the expression, of the rule at its id.
fn problem(raw: &RawRule, rule: &Rule, place: &str, problems: &mut Problems) {
    let near = raw.near.iter().flat_map(|near| &near.words);
    let bad: Vec<(&Spanned<String>, Reason)> = raw
        .words
        .iter()
        .chain(near)
        .filter_map(|word| Some((word, searchable(word.get_ref()).err()?)))
        .collect();
    let is_empty = bad.is_empty();
    bad.into_iter().for_each(|(word, reason)| problems.add_at(place, word, reason));
    let Some(reason) = rule.check().err().map(|bad| bad.reason).filter(|_| is_empty) else { return };
    let at = match &reason {
        Reason::Regex(_) | Reason::MatchesNothing | Reason::Both => raw.regex.as_ref().unwrap_or(&raw.id),
        _ => &raw.id,
    };
    // An expression is told with a picture of where it is wrong, on several lines.
    let told = reason.to_string();
    problems.add_at(place, at, told.lines().map(str::trim).collect::<Vec<_>>().join(" "));
}

fn texts(words: &[Spanned<String>]) -> Vec<String> {
    words.iter().map(|word| word.get_ref().clone()).collect()
}
