//! The alert rules and the runbook name what there is: metrics, labels, commands, and each other.

use std::collections::{BTreeMap, BTreeSet};

use clap::Parser;
use serde_yaml_ng::Value;

use crate::cli::Cli;
use crate::telemetry::metrics;

const ALERTS: &str = include_str!("../../docs/alerts.yml");
const RUNBOOK: &str = include_str!("../../docs/runbook.md");
const BOUNDS: &str = include_str!("../../docs/bounds.md");
const README: &str = include_str!("../../README.md");
const README_ZH: &str = include_str!("../../README.zh.md");

/// Expressions of each alert, on one line each.
fn alerts() -> BTreeMap<String, Vec<String>> {
    let file: Value = serde_yaml_ng::from_str(ALERTS).unwrap();
    let mut alerts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for group in file["groups"].as_sequence().unwrap() {
        assert!(group["name"].is_string());
        for rule in group["rules"].as_sequence().unwrap() {
            let known = ["alert", "expr", "for", "labels", "annotations"];
            let unknown = |key: &&Value| !known.contains(&key.as_str().unwrap());
            assert!(rule.as_mapping().unwrap().keys().find(unknown).is_none(), "{rule:?}");
            let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{rule:?}")).to_owned();
            assert!(["page", "ticket"].contains(&text(&rule["labels"]["severity"]).as_str()));
            assert!(!text(&rule["annotations"]["summary"]).is_empty());
            let expression = text(&rule["expr"]).split_whitespace().collect::<Vec<_>>().join(" ");
            alerts.entry(text(&rule["alert"])).or_default().push(expression);
        }
    }
    alerts
}

/// Paragraphs of the runbook that have a heading of the second level.
fn paragraphs() -> BTreeMap<&'static str, &'static str> {
    RUNBOOK.split("\n## ").skip(1).map(|part| part.split_once('\n').unwrap()).collect()
}

/// Names of metrics in a text, each with the labels that it is selected by.
fn named(text: &str) -> Vec<(&str, Vec<&str>)> {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut found = Vec::new();
    for (at, _) in text.match_indices("huiyin_") {
        if text[..at].ends_with(part) {
            continue;
        }
        let name = text[at..].split(|c| !part(c)).next().unwrap();
        let selector = text[at + name.len()..].strip_prefix('{').and_then(|rest| rest.split('}').next());
        let labels = selector.into_iter().flat_map(|all| all.split(',')).filter(|pair| pair.contains('='));
        let labels = labels.map(|pair| pair.split(['=', '!']).next().unwrap().trim()).collect();
        found.push((name, labels));
    }
    found
}

#[test]
fn every_metric_and_label_in_rules_and_runbook_is_in_a_list() {
    let all: BTreeMap<&str, &[&str]> = metrics().map(|metric| (metric.name, metric.labels)).collect();
    let mut seen = 0;
    for (name, labels) in [ALERTS, RUNBOOK, BOUNDS].into_iter().flat_map(named) {
        let series = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| name.strip_suffix(suffix));
        let histogram = series.filter(|name| name.ends_with("_seconds") && all.contains_key(name));
        let known = all.get(histogram.unwrap_or(name)).unwrap_or_else(|| panic!("{name} is in no list"));
        for label in labels {
            assert!(known.contains(&label), "{name} has no label {label}");
        }
        seen += 1;
    }
    assert!(seen > 80, "{seen} names were found");
}

#[test]
fn every_alert_has_its_paragraph_with_its_expressions_and_its_place_in_the_list() {
    let (alerts, paragraphs) = (alerts(), paragraphs());
    for (alert, expressions) in &alerts {
        let paragraph = paragraphs.get(alert.as_str()).unwrap_or_else(|| panic!("{alert} has no paragraph"));
        for expression in expressions {
            assert!(paragraph.lines().any(|line| line.starts_with(expression)), "{alert} lacks {expression}");
        }
        for word in ["**Means.**", "**Look.**", "**Do.**", "**Do not.**", "```sh\nhuiyin "] {
            assert!(paragraph.contains(word), "{alert} lacks {word}");
        }
        let row = format!("| [{alert}](#{}) |", alert.to_lowercase());
        assert!(RUNBOOK.contains(&row), "{alert} is not in the list");
    }
    let spare: BTreeSet<&str> = paragraphs
        .into_keys()
        .filter(|name| name.starts_with("Huiyin") && !alerts.contains_key(*name))
        .collect();
    assert!(spare.is_empty(), "no rule fires for {spare:?}");
    let mentioned = RUNBOOK.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| w.starts_with("Huiyin"));
    let unknown: BTreeSet<&str> = mentioned.filter(|word| !alerts.contains_key(*word)).collect();
    assert!(unknown.is_empty(), "{unknown:?} are no alerts");
}

#[test]
fn every_bound_that_a_decision_can_name_is_in_the_list_of_bounds() {
    for bound in decide::Reason::BOUNDS.map(decide::Reason::label) {
        assert!(BOUNDS.contains(&format!("`{bound}`")), "{bound}");
    }
}

/// Commands of a document: lines of its blocks, and what stands between backticks.
fn commands(text: &str) -> impl Iterator<Item = &str> {
    let blocks = text.split("```sh\n").skip(1).flat_map(|block| block.split("```").next().unwrap().lines());
    let inline = text.split('`').skip(1).step_by(2);
    let lines = blocks.chain(inline).map(|line| line.split("  #").next().unwrap());
    lines.filter(|line| line.starts_with("huiyin ") && !line.contains('…'))
}

#[test]
fn every_command_in_runbook_and_readme_is_one_of_the_real_command_line() {
    let mut seen = 0;
    for line in [RUNBOOK, README, README_ZH].into_iter().flat_map(commands) {
        let parsed = Cli::try_parse_from(line.split_whitespace().map(|word| word.trim_matches('\'')));
        assert!(parsed.is_ok(), "{line}: {}", parsed.err().unwrap());
        seen += 1;
    }
    assert!(seen > 60, "{seen} commands were found");
}
