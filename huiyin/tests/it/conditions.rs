//! What call knows of its targets comes into the log, and routes choose by it: on a real broker, with the process of call killed and started
//! again.

use std::collections::BTreeSet;

use schemas::conditions::{Conditions, Standing};
use schemas::event::Event;
use schemas::ids::TargetName;
use serde_json::json;

use crate::books::Placed;
use crate::http;
use crate::rig::Rig;
use crate::wait::{seconds, until};

const PARTITIONS: usize = 8;

/// A second target, asked where the first one is open.
fn routed(text: String) -> String {
    text.replace(
        "bot = [{ id = \"bot\" }]",
        "bot = [{ id = \"bot\" }]\n\n[[app.route]]\nname = \"main is down\"\nwhen = { targets = { open = [\"main\"] } }\n\
         then = { chain = [\"spare\"] }",
    )
    .replace("chain = [\"main\"]\nallowed", "chain = [\"main\", \"spare\"]\nallowed")
    .replace(
        "[[deliver.app]]",
        "[[call.target]]\nname = \"spare\"\nbase_url = \"{{model}}/v1\"\napi_key = \"sk-of-the-tests\"\n\n\
         [call.health]\nbreaker_failures_in_a_row = 3\nbreaker_open = \"60s\"\nbreaker_open_cap = \"60s\"\n\n[[deliver.app]]",
    )
    .replace(
        "[[price]]",
        "[[target]]\nname = \"spare\"\nprovider = \"local\"\nmodel = \"acme-spare\"\nregion = \"cn\"\ntimeout = \"30s\"\n\n[[price]]",
    )
}

fn told(rig: &Rig) -> Vec<Placed<Conditions>> {
    let events = rig.books.all::<Event>().into_iter();
    let told = events.filter_map(|Placed { partition, offset, at, value }| match value {
        Event::Conditions(value) => Some(Placed { partition, offset, at, value }),
        _ => None,
    });
    told.collect()
}

/// How many partitions were told last that the first target is in this state.
fn in_state(rig: &Rig, state: Standing) -> usize {
    let main = TargetName::new("main").unwrap();
    let of = |told: &Conditions| {
        let target = told.targets.get(&main);
        let apps = target.into_iter().flat_map(|target| target.apps.values().map(|own| own.state));
        target.map_or(Standing::Ok, |target| apps.chain([target.for_all.state]).max().unwrap_or_default())
    };
    let all = told(rig);
    let last =
        |partition| all.iter().filter(|told| told.partition == partition).max_by_key(|told| told.offset);
    let partitions = 0..i32::try_from(PARTITIONS).unwrap();
    partitions.filter_map(last).filter(|told| of(&told.value) == state).count()
}

#[test]
fn a_target_that_fails_is_avoided_by_later_turns_and_folding_again_sees_the_same() {
    let rig = Rig::new("conditions", routed);
    rig.prepare();
    let mut others = rig.start("ingest,decide,deliver");
    let mut call = rig.start("call");
    others.wait_ready();
    call.wait_ready();
    until("every partition to be told", seconds(20), || {
        (in_state(&rig, Standing::Ok) == PARTITIONS).then_some(())
    });
    assert_eq!(told(&rig).len(), PARTITIONS, "once, while nothing changes");

    let order =
        json!({"scope": {"model": "acme-small"}, "times": 1_000, "fault": {"kind": "reply", "status": 500}});
    http::post(&format!("{}/control/faults", rig.stand_ins.model), &order);
    for user in ["ada", "bob", "cem", "dan"] {
        rig.stand_ins.say(user, "which fruit? Which fruit");
        until("the answer of the spare", seconds(20), || {
            (rig.stand_ins.heard(user).len() == 1).then_some(())
        });
    }
    until("the log to know", seconds(10), || (in_state(&rig, Standing::Open) == PARTITIONS).then_some(()));

    let by_rule = |user: &str| {
        let log = rig.books.log();
        let rules = log
            .decisions
            .iter()
            .filter(|decision| decision.value.sender.as_ref().is_some_and(|sender| sender.as_str() == user));
        let rules = rules.filter_map(|decision| Some(decision.value.route.as_ref()?.rule.clone()));
        rules.collect::<BTreeSet<_>>().into_iter().next()
    };
    rig.stand_ins.say("eve", "which fruit? Which fruit");
    let rule = until("eve's turn to be routed", seconds(20), || by_rule("eve"));
    assert_eq!(rule, "main is down");

    // A new process knows nothing bad of the target, and says so.
    call.kill();
    let mut call = rig.start("call");
    call.wait_ready();
    until("the log to know of the new process", seconds(30), || {
        (in_state(&rig, Standing::Ok) == PARTITIONS).then_some(())
    });
    rig.stand_ins.say("fay", "which fruit? Which fruit");
    let rule = until("fay's turn to be routed", seconds(20), || by_rule("fay"));
    assert_eq!(rule, "chain");
    assert!(call.metrics().contains("huiyin_call_conditions_total"), "{}", call.metrics());
    assert!(others.metrics().contains("huiyin_decide_conditions_total"));
    rig.settled(seconds(30));
    let folded = rig.done(&["refold"]);
    assert!(folded.contains(" 0 differ"), "{folded}");
}
