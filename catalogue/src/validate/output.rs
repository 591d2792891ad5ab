//! The output policy of an app.

use std::collections::BTreeSet;

use common::Problems;

use crate::output::{Output, Topic};
use crate::raw::{RawApp, RawTopic};

/// The output policy, its topics checked against the ids of the filter.
pub(super) fn output(raw: &RawApp, ids: &BTreeSet<String>, place: &str, problems: &mut Problems) -> Output {
    let RawApp { output: raw, .. } = raw;
    for (key, value) in [("max_characters", &raw.max_characters), ("max_per_minute", &raw.max_per_minute)] {
        if let Some(value) = value.as_ref().filter(|value| *value.get_ref() == 0) {
            problems.add_at(place, value, format!("output.{key} may not be zero"));
        }
    }
    let mut names = BTreeSet::new();
    for topic in &raw.topic {
        if !names.insert(topic.name.get_ref().as_str()) {
            problems.add_at(place, &topic.name, "it is refused twice");
        }
    }
    Output {
        max_characters: raw.max_characters.as_ref().map(|most| *most.get_ref()),
        max_per_minute: raw.max_per_minute.as_ref().map(|most| *most.get_ref()),
        too_often: raw.too_often.clone(),
        refused: raw.topic.iter().map(|raw| topic(raw, ids, place, problems)).collect(),
    }
}

fn topic(raw: &RawTopic, ids: &BTreeSet<String>, place: &str, problems: &mut Problems) -> Topic {
    let name = raw.name.get_ref();
    if name.is_empty() || raw.rules.is_empty() {
        problems.add_at(place, &raw.name, "a topic has a name, and rules by which it is known");
    }
    for rule in &raw.rules {
        if !ids.contains(rule.get_ref()) {
            let what =
                format!("its topic {name:?} names the rule {:?}, which is not configured", rule.get_ref());
            problems.add_at(place, rule, what);
        }
    }
    let rules: BTreeSet<&String> = raw.rules.iter().map(|rule| rule.get_ref()).collect();
    Topic { name: name.clone(), rules: rules.into_iter().cloned().collect(), text: raw.text.clone() }
}
