//! The way to a route, rule by rule, for people.

use schemas::decision::{Decision, WeighedCondition};
use serde::Serialize;

/// What became of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fate {
    /// A condition does not hold.
    Skipped,
    /// It is the first one that holds.
    Taken,
    /// It stands behind the one that was taken.
    NotReached,
}

/// A rule, as it was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct RuleTold {
    /// Its name.
    pub(crate) rule: String,
    /// What became of it.
    pub(crate) fate: Fate,
    /// Its conditions.
    pub(crate) conditions: Vec<WeighedCondition>,
}

/// Every rule that a decision looked at or could have, in order.
pub(crate) fn rules(decision: &Decision) -> Vec<RuleTold> {
    let Some(route) = &decision.route else { return Vec::new() };
    let mut is_behind = false;
    let weighed = route.why.iter().flat_map(|why| &why.weighed);
    let told = weighed.map(|weighed| {
        let fate = match (is_behind, weighed.rule == route.rule) {
            (true, _) => Fate::NotReached,
            (false, true) => Fate::Taken,
            (false, false) => Fate::Skipped,
        };
        is_behind |= fate == Fate::Taken;
        RuleTold { rule: weighed.rule.clone(), fate, conditions: weighed.conditions.clone() }
    });
    told.collect()
}

/// The rules as lines, with their names aligned; those behind the one that was taken on one line, by their names alone.
pub(crate) fn lines(rules: &[RuleTold]) -> Vec<String> {
    let (behind, looked_at): (Vec<_>, Vec<_>) = rules.iter().partition(|rule| rule.fate == Fate::NotReached);
    let widest = looked_at.iter().map(|rule| width(&rule.rule)).max().unwrap_or_default();
    let line = |told: &&RuleTold| {
        let name = format!("{}{}", told.rule, " ".repeat(widest - width(&told.rule)));
        match told.fate {
            Fate::Taken => format!("=> {name}  {}", holding(told)),
            Fate::Skipped | Fate::NotReached => format!("   {name}  {}", failing(told)),
        }
    };
    let mut lines: Vec<String> = looked_at.iter().map(line).collect();
    if !behind.is_empty() {
        let names: Vec<&str> = behind.iter().map(|rule| rule.rule.as_str()).collect();
        lines.push(format!("   not reached: {}", names.join(", ")));
    }
    lines
}

/// How wide a text is where every character of Chinese takes two places.
fn width(text: &str) -> usize {
    text.chars().map(|c| if c >= '\u{1100}' { 2 } else { 1 }).sum()
}

/// Why it was skipped: the first condition that does not hold.
fn failing(told: &RuleTold) -> String {
    let first = told.conditions.iter().find(|condition| !condition.holds);
    first.map_or_else(|| "no".to_owned(), |condition| format!("no: {}", one(condition)))
}

/// Why it holds: all of its conditions.
fn holding(told: &RuleTold) -> String {
    if told.conditions.is_empty() {
        return "always holds".to_owned();
    }
    format!("yes: {}", told.conditions.iter().map(one).collect::<Vec<_>>().join("; "))
}

fn one(WeighedCondition { condition, is, holds }: &WeighedCondition) -> String {
    match (is.as_str(), *holds) {
        ("", true) => format!("{condition} found"),
        ("", false) => format!("{condition} not found"),
        (is, _) => format!("{condition} is {is}"),
    }
}
