//! Tiers: whose they are, and what they change.

use std::sync::Arc;

use catalogue::{Engines, RawCatalogue};
use schemas::decision::Decision;
use schemas::event::{Event, Message};
use schemas::tier::{TierClaim, TierSource};

use crate::world::*;

const TIERS: &str = r#"
history_turns = 2
[[app.tier]]
name = "gold"
users = ["Alice"]
weight = 4
history_turns = 3
max_output_tokens = 2000
answer_within = "2m"
max_per_minute = 2
[[app.tier]]
name = "silver"
weight = 2
"#;

fn claiming(world: &mut World, sender: &str, n: u32, tier: &str) -> Written {
    let claim = Some(TierClaim { tier: tier.into(), expires_at: START + HOUR });
    let message = Message { sender: user(sender), claim, ..world.message(n, "hello") };
    world.play(Event::Message(message))
}

fn tier(decision: &Decision) -> Option<(&str, TierSource)> {
    decision.tier.as_ref().map(|tier| (tier.name.as_str(), tier.by))
}

#[test]
fn a_turn_of_a_tier_has_its_limits_and_its_weight_and_is_told() {
    let mut world = World::new(TIERS);
    let written = world.say(1, "hello");
    assert_eq!(tier(written.decision()), Some(("gold", TierSource::List)));
    let request = written.request();
    assert_eq!((request.tier.as_deref(), request.weight), (Some("gold"), Some(4)));
    assert_eq!((request.max_output_tokens, request.answer_by - request.decided_at), (2_000, 2 * MINUTE));
    let mut world = World::of(group(), TIERS);
    let written = world.say_as("bob", 1, "hello");
    let request = written.request();
    assert_eq!((tier(written.decision()), request.tier.as_deref(), request.weight), (None, None, None));
    assert_eq!((request.max_output_tokens, request.answer_by - request.decided_at), (1_000, MINUTE));
}

#[test]
fn a_route_may_ask_for_who_has_no_tier() {
    let rule = "[[app.route]]\nname = \"free\"\nwhen = { tier = [\"none\", \"silver\"] }\nthen.max_output_tokens = 100\n";
    let mut world = World::of(group(), &format!("{TIERS}{rule}"));
    let most = |written: Written| written.request().max_output_tokens;
    assert_eq!(most(world.say_as("bob", 1, "hello")), 100, "no tier");
    assert_eq!(most(world.say_as("alice", 2, "hello")), 2_000, "gold");
    assert_eq!(most(claiming(&mut world, "carol", 3, "silver")), 100);
}

#[test]
fn the_list_goes_before_a_claim_and_a_claim_of_a_tier_that_is_not_there_counts_for_nothing() {
    let mut world = World::of(group(), TIERS);
    assert_eq!(tier(claiming(&mut world, "alice", 1, "silver").decision()), Some(("gold", TierSource::List)));
    let written = claiming(&mut world, "bob", 2, "silver");
    assert_eq!(tier(written.decision()), Some(("silver", TierSource::Claim)));
    assert_eq!((written.request().tier.as_deref(), written.request().weight), (Some("silver"), Some(2)));
    assert_eq!(tier(claiming(&mut world, "carol", 3, "brass").decision()), None);
}

#[test]
fn a_claim_is_of_its_message_and_in_a_turn_the_newest_of_whoever_opened_it_counts() {
    let mut world = World::of(group(), &format!("merge_window = \"2s\"\nlane = \"conversation\"{TIERS}"));
    world.say_as("bob", 1, "hello");
    claiming(&mut world, "carol", 2, "gold");
    claiming(&mut world, "bob", 3, "silver");
    let written = world.pass(2 * SECOND).clock();
    assert_eq!(written.request().tier.as_deref(), Some("silver"));
    let request = written.request().clone();
    world.answer(&request, "hi");
    world.say_as("bob", 4, "and without");
    let written = world.pass(2 * SECOND).clock();
    assert_eq!(written.request().tier, None, "the claim is gone with its message");
}

#[test]
fn an_edit_keeps_the_claim_of_its_message() {
    let mut world = World::of(group(), TIERS);
    claiming(&mut world, "bob", 1, "silver");
    let written = world.edit(1, "changed");
    assert_eq!(written.request().tier.as_deref(), Some("silver"));
}

#[test]
fn a_table_names_tiers_and_another_bundle_switches_it() {
    let text = |table: &str| {
        let settings = format!("tier_table = \"{table}\"\n{TIERS}");
        let raw = format!(
            "[[app]]\nkey = \"acme#support\"\nbot = [{{ id = \"bot\" }}]\nchain = [\"m\"]\nallowed_regions = [\"cn\"]\nlabel = \"AI\"\n{settings}\n\
             [[target]]\nname = \"m\"\nprovider = \"local\"\nmodel = \"m\"\nregion = \"cn\""
        );
        let mut raw: RawCatalogue = toml::from_str(&raw).unwrap();
        let files = [("one", "bob\tsilver\n"), ("two", "bob\tgold\nALICE\tsilver\n")];
        raw.files = files.into_iter().map(|(name, text)| (name.to_owned(), Ok(Arc::from(text)))).collect();
        raw
    };
    let rules = |table: &str| {
        let raw = text(table);
        let bundle = catalogue::validate(&raw).unwrap();
        let engines = Engines::of(&bundle, &raw.contents()).unwrap();
        decide::Rules::new(&bundle, bundle.hash().unwrap(), Arc::new(engines))
    };
    let mut world = World::by(group(), rules("one"));
    assert_eq!(tier(world.say_as("Bob", 1, "hi").decision()), Some(("silver", TierSource::Table)));
    assert_eq!(
        tier(claiming(&mut world, "bob", 2, "gold").decisions.first().unwrap()),
        Some(("gold", TierSource::Claim))
    );
    world.rules = Some(rules("two"));
    assert_eq!(tier(&world.say_as("bob", 3, "hi").decisions[0]), Some(("gold", TierSource::Table)));
    assert_eq!(tier(world.say_as("alice", 4, "hi").decision()), Some(("gold", TierSource::List)));
}

#[test]
fn answers_within_a_minute_are_those_of_the_tier() {
    let mut world =
        World::of(group(), &format!("output = {{ max_per_minute = 1, too_often = \"later!\" }}\n{TIERS}"));
    for n in [1, 2] {
        let request = world.say_as("alice", n, "hi").request().clone();
        world.answer(&request, "hello");
    }
    assert_eq!(world.say_as("alice", 3, "hi").said(), ["later!"]);
    let request = world.say_as("bob", 4, "hi").request().clone();
    world.answer(&request, "hello");
    assert_eq!(world.say_as("bob", 5, "hi").said(), ["later!"]);
}

#[test]
fn who_is_not_limited_does_not_make_others_forgotten_who_are() {
    let mut world = World::of(group(), TIERS);
    for n in [1, 2] {
        let request = world.say_as("alice", n, "hi").request().clone();
        world.answer(&request, "hello");
    }
    let request = world.say_as("bob", 3, "hi").request().clone();
    world.answer(&request, "hello");
    assert!(world.say_as("alice", 4, "hi").requests.is_empty(), "the tier has two a minute");
}

#[test]
fn history_is_kept_for_the_tier_that_is_told_most_and_told_as_each_tier_has_it() {
    let mut world = World::of(group(), &format!("lane = \"conversation\"\n{TIERS}"));
    for n in 1..=3 {
        let request = world.say_as("bob", n, "hi").request().clone();
        world.answer(&request, "hello");
    }
    let told =
        |written: &Written| written.request().prompt.iter().filter(|line| line.images.is_empty()).count();
    let of_bob = world.say_as("bob", 4, "again");
    assert_eq!(told(&of_bob), 2 * 2 + 1, "at most two turns");
    world.recall(4);
    let of_alice = world.say_as("alice", 5, "me too");
    assert_eq!(told(&of_alice), 3 * 2 + 1, "three turns were kept");
}

#[test]
fn a_route_asks_for_tiers_and_a_template_names_them() {
    let route = "[[app.route]]\nname = \"vip\"\nwhen.tier = [\"gold\"]\nthen = { chain = [\"second\"], max_output_tokens = 50, prompt = \"for {{ tier }}\" }\n\
                 [[app.route]]\nname = \"others\"\nwhen.chat = [\"group\"]\nthen.prompt = \"{% if tier == '' %}nobody{% else %}{{ tier }}{% endif %}\"\n";
    let mut world = World::of(group(), &format!("{TIERS}{route}"));
    let written = world.say_as("alice", 1, "hi");
    let request = written.request();
    assert_eq!(
        (request.chain[0].as_str(), request.max_output_tokens),
        ("second", 50),
        "a rule goes before the tier"
    );
    assert_eq!((request.prompt[0].text.plain(), request.weight), (Some("for gold"), Some(4)));
    let written = world.say_as("bob", 2, "hi");
    assert_eq!(written.request().prompt[0].text.plain(), Some("nobody"));
    let why = written.decision().route.as_ref().unwrap().why.as_ref().unwrap();
    assert_eq!((why.skipped[0].rule.as_str(), why.skipped[0].by.as_str()), ("vip", "tier"));
    let written = claiming(&mut world, "carol", 3, "silver");
    assert_eq!(written.request().prompt[0].text.plain(), Some("silver"));
}

#[test]
fn without_tiers_a_claim_is_neither_kept_nor_told() {
    let mut world = World::new("merge_window = \"2s\"");
    let written = claiming(&mut world, "alice", 1, "gold");
    assert_eq!(written.decision().tier, None);
    assert!(!serde_json::to_string(world.state.as_ref().unwrap().core()).unwrap().contains("gold"));
    let written = world.pass(2 * SECOND).clock();
    assert_eq!((written.request().tier.as_deref(), written.request().weight), (None, None));
}
