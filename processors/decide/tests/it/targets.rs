//! Routes that choose by how targets are, as call told of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemas::Millis;
use schemas::conditions::{Condition, LASTS_MS, Standing, TargetConditions};
use schemas::decision::{Decision, Why};
use schemas::ids::{AppKey, TargetName};
use schemas::state::Told;

use crate::world::*;

const ROUTES: &str = r#"
[[app.route]]
name = "slow"
when = { targets = { waiting = { targets = ["first"], from = "5s" } } }
then = { chain = ["second"], history_turns = 1 }
[[app.route]]
name = "down"
when = { targets = { open = ["first"], available = ["second"] } }
then = { chain = ["second"] }
[[app.route]]
name = "all down"
when = { targets = { open = ["first"], cooling = ["second"] } }
then = { say = "later, please" }
"#;

const OPEN: Condition = Condition { state: Standing::Open, until: None, waiting_ms: 0 };
const COOLING: Condition = Condition { state: Standing::Cooling, until: None, waiting_ms: 0 };

fn target(name: &str) -> TargetName {
    TargetName::new(name).unwrap()
}

fn waiting(ms: u32) -> Condition {
    Condition { waiting_ms: ms, ..Condition::default() }
}

/// What holds for all apps.
fn all(for_all: Condition) -> TargetConditions {
    TargetConditions { for_all, apps: BTreeMap::new() }
}

/// What one app alone meets.
fn only(app: &str, own: Condition) -> TargetConditions {
    TargetConditions { for_all: Condition::default(), apps: [(AppKey::new(app).unwrap(), own)].into() }
}

impl World {
    /// Call tells of its targets now.
    fn told<const N: usize>(mut self, targets: [(&str, TargetConditions); N]) -> Self {
        let targets = targets.into_iter().map(|(name, told)| (target(name), told)).collect();
        let told = Told { at: self.time, targets };
        self.rules = self.rules.map(|rules| rules.told(Some(Arc::new(told))));
        self
    }
}

fn why(decision: &Decision) -> Why {
    decision.route.as_ref().and_then(|route| route.why.as_deref()).cloned().unwrap_or_default()
}

fn rule(written: &Written) -> &str {
    &written.decisions[0].route.as_ref().unwrap().rule
}

fn chain(written: &Written) -> Vec<&str> {
    written.request().chain.iter().map(TargetName::as_str).collect()
}

#[test]
fn a_rule_chooses_by_what_is_open_and_the_decision_tells_what_was_known() {
    let mut world = World::new(ROUTES).told([("first", all(OPEN))]);
    let written = world.say(1, "hello");
    assert_eq!((rule(&written), chain(&written)), ("down", vec!["second"]));
    let why = why(written.decision());
    assert_eq!(why.conditions, BTreeMap::from([(target("first"), OPEN)]));
    assert_eq!((why.skipped[0].rule.as_str(), why.skipped[0].by.as_str()), ("slow", "targets"));
}

#[test]
fn a_rule_may_take_a_faster_model_and_a_shorter_history_where_calls_wait() {
    for (ms, expected) in [(4_000, "chain"), (8_000, "slow"), (512_000, "slow")] {
        let mut world = World::new(ROUTES).told([("first", all(waiting(ms)))]);
        assert_eq!(rule(&world.say(1, "hello")), expected, "{ms}");
    }
}

#[test]
fn a_rule_may_say_something_where_nothing_can_be_asked() {
    let mut world = World::new(ROUTES).told([("first", all(OPEN)), ("second", all(COOLING))]);
    let written = world.say(1, "hello");
    assert_eq!((rule(&written), written.said()), ("all down", vec!["later, please"]));
}

#[test]
fn what_another_app_meets_changes_nothing() {
    let mut world = World::new(ROUTES).told([("first", only("acme#shop", OPEN))]);
    let written = world.say(1, "hello");
    assert_eq!((rule(&written), why(written.decision()).conditions.len()), ("chain", 0));
    let mut world = World::new(ROUTES).told([("first", only("acme#support", OPEN))]);
    assert_eq!(rule(&world.say(1, "hello")), "down");
}

#[test]
fn what_is_not_known_or_not_known_any_more_is_taken_for_available() {
    assert_eq!(rule(&World::new(ROUTES).say(1, "hello")), "chain");
    let mut world = World::new(ROUTES).told([("first", all(OPEN))]);
    world.pass(LASTS_MS);
    assert_eq!(rule(&world.say(1, "hello")), "down");
    let mut world = World::new(ROUTES).told([("first", all(OPEN))]);
    world.pass(LASTS_MS + 1);
    assert_eq!(rule(&world.say(1, "hello")), "chain");
    let until: Millis = START + 5 * SECOND;
    let brief = Condition { until: Some(until), ..OPEN };
    let mut world = World::new(ROUTES).told([("first", all(brief))]);
    world.pass(5 * SECOND);
    assert_eq!(rule(&world.say(1, "hello")), "chain", "it is over by its own time");
}

#[test]
fn a_chain_leaves_out_what_is_not_called_and_says_so() {
    let settings = "[[app.route]]\nname = \"any\"\nthen = { avoid_open = true }";
    let mut world = World::new(settings).told([("first", all(OPEN))]);
    let written = world.say(1, "hello");
    assert_eq!(chain(&written), ["second"]);
    let told = why(written.decision());
    assert_eq!(told.avoided, [target("first")]);
    assert_eq!(told.conditions, BTreeMap::from([(target("first"), OPEN)]));
    let mut world = World::new(settings).told([("second", all(COOLING))]);
    assert_eq!(chain(&world.say(1, "hello")), ["first"]);
    // Waiting is no reason, and where nothing is left everything is tried.
    let mut world = World::new(settings).told([("first", all(waiting(64_000)))]);
    assert_eq!(chain(&world.say(1, "hello")), ["first", "second"]);
    let mut world = World::new(settings).told([("first", all(OPEN)), ("second", all(COOLING))]);
    let written = world.say(1, "hello");
    assert_eq!(chain(&written), ["first", "second"]);
    assert_eq!(why(written.decision()).avoided, []);
    // Without the rule's word a chain stays as it is.
    let mut world = World::new("").told([("first", all(OPEN))]);
    let written = world.say(1, "hello");
    assert_eq!(
        (chain(&written), written.decision().route.as_ref().unwrap().why.as_ref()),
        (vec!["first", "second"], None)
    );
}
