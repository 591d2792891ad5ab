//! A session stays on the target that answered its first turn.

use schemas::answered::{Answered, Outcome};
use schemas::decision::{Decision, PinTold};
use schemas::event::Event;
use schemas::ids::TargetName;
use schemas::request::Request;

use crate::world::*;

const PINNED: &str = "session = { pin = true, idle = \"30m\" }\ncommands = { new = [\"/new\"] }\nstaff = { ids = [\"carol\"] }\n";

fn target(name: &str) -> TargetName {
    TargetName::new(name).unwrap()
}

fn chain(request: &Request) -> Vec<&str> {
    request.chain.iter().map(TargetName::as_str).collect()
}

fn pin(decision: &Decision) -> Option<PinTold> {
    decision.route.as_ref()?.why.as_ref()?.pin.clone()
}

fn left(why: &str) -> Option<PinTold> {
    Some(PinTold { target: target("second"), left: Some(why.into()) })
}

impl World {
    /// Says something, and has it answered by this target; gives the chain that was asked and the decision.
    fn ask(&mut self, n: u32, text: &str, answers: &str) -> (Vec<String>, Decision) {
        let written = self.say(n, text);
        let request = written.request().clone();
        let Outcome::Done { text, verdict, truncated, .. } = done("yes") else { unreachable!() };
        let by = Outcome::Done { text, verdict, truncated, target: target(answers) };
        self.play(Event::Answered(Answered { ..outcome(&request, by) }));
        (chain(&request).into_iter().map(str::to_owned).collect(), written.decisions[0].clone())
    }
}

#[test]
fn the_target_that_answered_first_is_asked_first_from_then_on() {
    let mut world = World::new(PINNED);
    let (asked, decision) = world.ask(1, "one", "second");
    assert_eq!((asked, pin(&decision)), (vec!["first".into(), "second".into()], None));
    let (asked, decision) = world.ask(2, "two", "first");
    assert_eq!(asked, ["second", "first"]);
    assert_eq!(pin(&decision), Some(PinTold { target: target("second"), left: None }));
    let (asked, _) = world.ask(3, "three", "first");
    assert_eq!(asked, ["second", "first"], "it does not move while the session lasts");
}

#[test]
fn nothing_is_pinned_where_nobody_asks_for_it() {
    let mut world = World::new("");
    world.ask(1, "one", "second");
    let (asked, decision) = world.ask(2, "two", "second");
    assert_eq!((asked, decision.route.unwrap().why), (vec!["first".into(), "second".into()], None));
    // Without a history there is no session.
    let mut world = World::new("session = { pin = true }\nhistory_turns = 0");
    world.ask(1, "one", "second");
    assert_eq!(world.ask(2, "two", "second").0, ["first", "second"]);
}

#[test]
fn a_refusal_or_a_failure_pins_nothing() {
    let mut world = World::new(PINNED);
    let request = world.say(1, "one").request().clone();
    world.play(Event::Answered(outcome(&request, Outcome::Expired)));
    assert_eq!(world.ask(2, "two", "second").0, ["first", "second"]);
    assert_eq!(world.ask(3, "three", "second").0, ["second", "first"]);
}

#[test]
fn it_ends_with_the_session() {
    let ends: [fn(&mut World); 3] = [
        |world| drop(world.say(2, "/new")),
        |world| {
            world.pass(31 * MINUTE);
        },
        |world| {
            world.takeover(Some("carol"));
            world.takeover(None);
        },
    ];
    for (number, end) in ends.into_iter().enumerate() {
        let mut world = World::new(PINNED);
        world.ask(1, "one", "second");
        end(&mut world);
        assert_eq!(world.ask(3, "three", "first").0, ["first", "second"], "{number}");
        assert_eq!(world.ask(4, "four", "first").0, ["first", "second"], "a new session, a new target");
    }
}

#[test]
fn rules_may_say_otherwise() {
    let routes = r#"
    [[app.route]]
    name = "free"
    when = { keywords = ["picture"] }
    then = { pin = false }
    "#;
    let mut world = World::new(&format!("{PINNED}{routes}"));
    world.ask(1, "a picture", "second");
    assert_eq!(world.ask(2, "one", "second").0, ["first", "second"], "the first turn was free");
    let (asked, decision) = world.ask(3, "another picture", "first");
    assert_eq!((asked, pin(&decision)), (vec!["first".into(), "second".into()], left("rule")));
    assert_eq!(world.ask(4, "two", "second").0, ["second", "first"], "it holds for the others");
    let routes = r#"
    [[app.route]]
    name = "stays"
    when = { keywords = ["story"] }
    then = { pin = true, chain = ["first", "second"] }
    "#;
    let mut world = World::new(routes);
    world.ask(1, "a story", "second");
    assert_eq!(world.ask(2, "go on with the story", "second").0, ["second", "first"]);
    let (asked, decision) = world.ask(3, "something else", "second");
    assert_eq!((asked, pin(&decision)), (vec!["first".into(), "second".into()], left("rule")));
}

#[test]
fn a_target_that_cannot_take_the_turn_is_left() {
    let mut world = World::new(PINNED);
    world.ask(1, "one", "second");
    // The window of the second target is the smaller one.
    let long = "问".repeat(7_000);
    let routes = format!(
        "{PINNED}[[app.route]]\nname = \"long\"\nwhen = {{ keywords = [\"问\"] }}\nthen = {{ chain = [\"first\"] }}"
    );
    world.rules = Some(rules(&routes));
    let (asked, decision) = world.ask(2, &long, "first");
    assert_eq!((asked, pin(&decision)), (vec!["first".into()], left("window")));
    // It is gone from the bundle, or from what the app may ask.
    let mut bundle = bundle(PINNED);
    bundle.targets.get_mut(&target("second")).unwrap().region = "us".into();
    world.rules = Some(rules_of(&bundle));
    assert_eq!(pin(&world.ask(3, "three", "first").1), left("gone"));
    bundle.targets.remove(&target("second"));
    bundle.apps.get_mut(&app()).unwrap().chain = vec![target("first")];
    world.rules = Some(rules_of(&bundle));
    let (asked, decision) = world.ask(4, "four", "first");
    assert_eq!((asked, pin(&decision)), (vec!["first".into()], left("gone")));
}

#[test]
fn a_pinned_target_that_is_open_is_avoided_where_the_rule_says_so() {
    use std::sync::Arc;

    use schemas::conditions::{Condition, Standing, TargetConditions};
    let routes = "[[app.route]]\nname = \"any\"\nthen = { avoid_open = true }";
    let mut world = World::new(&format!("{PINNED}{routes}"));
    world.ask(1, "one", "second");
    let open = Condition { state: Standing::Open, ..Condition::default() };
    let targets = [(target("second"), TargetConditions { for_all: open, ..TargetConditions::default() })];
    let told = schemas::state::Told { at: world.time, targets: targets.into() };
    world.rules = world.rules.map(|rules| rules.told(Some(Arc::new(told))));
    assert_eq!(world.ask(2, "two", "first").0, ["first"]);
    world.rules = world.rules.map(|rules| rules.told(None));
    assert_eq!(world.ask(3, "three", "first").0, ["second", "first"]);
}

#[test]
fn each_person_of_a_group_has_a_session_of_their_own() {
    let mut world = World::of(group(), "session = { pin = true }");
    let request = world.say_as("alice", 1, "one").request().clone();
    let Outcome::Done { text, verdict, truncated, .. } = done("yes") else { unreachable!() };
    let by = Outcome::Done { text, verdict, truncated, target: target("second") };
    world.play(Event::Answered(outcome(&request, by)));
    assert_eq!(chain(world.say_as("bob", 2, "two").request()), ["first", "second"]);
    assert_eq!(chain(world.say_as("alice", 3, "three").request()), ["second", "first"]);
}
