use super::*;
use crate::filter::Engines;
use crate::route::{Condition, NO_TIER};
use schemas::ids::UserId;
use schemas::tier::TierSource;

/// [`GOOD`] with settings at the end of its app.
fn file(settings: &str) -> String {
    GOOD.replacen("[[target]]", &format!("{settings}\n[[target]]"), 1)
}

fn raw(settings: &str, table: Result<&str, &str>) -> RawCatalogue {
    let mut raw: RawCatalogue = toml::from_str(&file(settings)).unwrap();
    let table = table.map(std::sync::Arc::from).map_err(str::to_owned);
    raw.files = [("vip.tsv".to_owned(), table)].into_iter().collect();
    raw
}

fn wrong(settings: &str, table: Result<&str, &str>) -> Vec<(String, String)> {
    told(&file(settings), validate(&raw(settings, table)).unwrap_err())
}

const TIERS: &str = r#"
tier_table = "vip.tsv"
[[app.tier]]
name = "gold"
users = ["Alice"]
weight = 4
history_turns = 40
history_tokens = 9000
max_output_tokens = 4000
answer_within = "2m"
max_per_minute = 30
[[app.tier]]
name = "silver"
"#;

#[test]
fn a_person_has_the_tier_of_the_list_or_of_the_claim_or_of_the_table_in_this_order() {
    let raw = raw(TIERS, Ok("alice\tsilver\nbob\tgold\ncarol\tsilver\n"));
    let bundle = validate(&raw).unwrap();
    let key = AppKey::new("acme#support").unwrap();
    let app = &bundle.apps[&key];
    let engines = Engines::of(&bundle, &raw.contents()).unwrap();
    let table = engines.tiers(&key).map(AsRef::as_ref);
    let tier = |user: &str, claim| {
        let granted = app.tiers_of(&UserId::new(user).unwrap(), claim, table).next();
        granted.map(|granted| (granted.tier.name.as_str(), granted.by))
    };
    assert_eq!(tier("ALICE", Some("silver")), Some(("gold", TierSource::List)));
    assert_eq!(tier("bob", Some("silver")), Some(("silver", TierSource::Claim)));
    assert_eq!(tier("bob", None), Some(("gold", TierSource::Table)));
    assert_eq!(tier("bob", Some("brass")), Some(("gold", TierSource::Table)), "nobody knows that tier");
    assert_eq!((tier("dave", None), tier("Carol", None)), (None, Some(("silver", TierSource::Table))));
    let gold = app.tier("gold").unwrap();
    assert_eq!((gold.weight, gold.answer_within_ms, gold.max_per_minute), (Some(4), Some(120_000), Some(30)));
    assert_eq!((app.kept_turns(), app.counts_answers()), (40, true));
    // The bundle names the table, and holds nobody of it.
    let json = String::from_utf8(bundle.to_json().unwrap()).unwrap();
    assert!(json.contains(&app.tier_table.as_ref().unwrap().hash) && !json.contains("carol"), "{json}");
    assert!(json.starts_with("{\"version\":4"), "earlier builds refuse it");
    assert_eq!(
        bundle.contents().map(|(name, content)| (name, content.count)).collect::<Vec<_>>(),
        [("acme#support", 3)]
    );
    assert_eq!(Bundle::from_json(&bundle.hash().unwrap(), json.as_bytes()).unwrap(), bundle);
}

#[test]
fn a_table_is_read_once_however_many_bundles_name_it_and_not_without_its_content() {
    let raw = raw(TIERS, Ok("bob\tgold\n"));
    let bundle = validate(&raw).unwrap();
    let key = AppKey::new("acme#support").unwrap();
    let (parts, contents) = (crate::Parts::default(), raw.contents());
    let mut fetched = 0;
    let mut engines = || {
        Engines::new(&bundle, &parts, &mut |content| {
            fetched += 1;
            Ok(contents.get(content)?)
        })
        .unwrap()
    };
    let (one, other) = (engines(), engines());
    assert!(std::sync::Arc::ptr_eq(one.tiers(&key).unwrap(), other.tiers(&key).unwrap()));
    assert_eq!(fetched, 1);
    let missing = Engines::of(&bundle, &crate::Contents::default()).unwrap_err();
    assert_eq!(missing.to_string(), "get the tier table of acme#support");
}

#[test]
fn what_is_wrong_with_a_tier_is_told_with_its_line() {
    let settings = r#"
[[app.tier]]
name = "Gold"
users = ["alice", "ALICE", ""]
weight = 0
history_turns = 1001
max_output_tokens = 0
answer_within = "0s"
[[app.tier]]
name = "silver"
users = ["alice"]
max_output_tokens = 32768
answer_within = "10m"
max_per_minute = 0
[[app.tier]]
name = "silver"
weight = 1001
"#;
    let told = wrong(settings, Ok(""));
    for (line, what) in [
        ("name = \"Gold\"", "the name of a tier has 1 to 32"),
        ("users = [\"alice\", \"ALICE\", \"\"]", "the user \"ALICE\" is listed twice"),
        ("users = [\"alice\", \"ALICE\", \"\"]", "it is empty"),
        ("weight = 0", "weight must be from 1 to 1000"),
        ("history_turns = 1001", "history_turns may be at most 1000"),
        ("max_output_tokens = 0", "max_output_tokens may not be zero"),
        ("answer_within = \"0s\"", "answer_within may not be zero"),
        ("users = [\"alice\"]", "tier \"silver\": the user \"alice\" is listed twice"),
        ("max_output_tokens = 32768", "no room for a prompt in the window of main"),
        ("answer_within = \"10m\"", "lost_after must be at least twice"),
        ("max_per_minute = 0", "max_per_minute may not be zero"),
        ("name = \"silver\"", "tier \"silver\" is configured twice"),
        ("weight = 1001", "weight must be from 1 to 1000"),
    ] {
        assert!(told.iter().any(|(at, said)| at == line && said.contains(what)), "{what}: {told:#?}");
    }
    assert_eq!(told.len(), 13, "{told:#?}");
}

#[test]
fn what_is_wrong_with_a_table_is_told_with_its_line_and_the_files() {
    let at = "tier_table = \"vip.tsv\"".to_owned();
    let place = "app \"acme#support\"";
    let told = wrong(TIERS, Ok("bob\tgold\nbob\tsilver\ncarol\tbrass\n"));
    assert_eq!(
        told,
        [
            (at.clone(), format!("{place}: vip.tsv:2: \"bob\" stands in line 1 already")),
            (at.clone(), format!("{place}: vip.tsv:3: the tier \"brass\" is not configured")),
        ]
    );
    let gone = wrong(TIERS, Err("No such file"));
    assert_eq!(gone, [(at.clone(), format!("{place}: read \"vip.tsv\": No such file"))]);
    let lonely = wrong("tier_table = \"vip.tsv\"", Ok(""));
    assert_eq!(lonely, [(at, format!("{place}: tier_table: the app has no tier"))]);
}

#[test]
fn routes_and_templates_name_tiers_that_the_app_has() {
    let route = |settings: &str| {
        format!(
            "{settings}\n[[app.route]]\nname = \"r\"\nwhen = {{ tier = [\"gold\"] }}\nthen = {{ prompt = \"{{{{ tier }}}}\" }}\n"
        )
    };
    assert!(validate(&raw(&route("[[app.tier]]\nname = \"gold\""), Ok(""))).is_ok());
    let told = wrong(&route("[[app.tier]]\nname = \"silver\""), Ok(""));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].0.starts_with("when =") && told[0].1.contains("the tier \"gold\" is not configured"),
        "{told:?}"
    );
    let told = wrong(&route(""), Ok(""));
    assert!(
        told.iter().any(|(at, what)| at.starts_with("then =") && what.contains("tier needs [[app.tier]]")),
        "{told:?}"
    );
}

#[test]
fn a_route_asks_for_who_has_no_tier_unless_a_tier_has_that_name() {
    let asked = |tiers: &str| {
        let route =
            "[[app.route]]\nname = \"r\"\nwhen = { tier = [\"none\"] }\nthen = { temperature_milli = 500 }\n";
        let bundle = validate(&raw(&format!("{tiers}\n{route}"), Ok("")));
        bundle.map(|bundle| {
            bundle.apps.values().flat_map(|app| app.routes.clone()).next().map(|rule| rule.when)
        })
    };
    let tier = |name: &str| Some(vec![Condition::Tier([name.to_owned()].into())]);
    assert_eq!(asked("[[app.tier]]\nname = \"gold\"").unwrap(), tier(NO_TIER));
    assert_eq!(asked("[[app.tier]]\nname = \"none\"").unwrap(), tier("none"));
    assert!(asked("").is_err(), "an app without tiers");
}

#[test]
fn a_file_without_tiers_is_the_bundle_that_it_was() {
    let json = String::from_utf8(read(GOOD).unwrap().to_json().unwrap()).unwrap();
    assert!(
        !json.contains("tier") && !json.contains("media") && json.starts_with("{\"version\":1"),
        "{json}"
    );
}

#[test]
fn a_route_whose_chain_has_no_room_for_the_answers_of_a_tier_is_refused() {
    let settings = "[[app.tier]]\nname = \"gold\"\nmax_output_tokens = 3000\n[[app.route]]\nname = \"r\"\nthen = { chain = [\"tiny\"] }\n";
    let tiny = "[[target]]\nname = \"tiny\"\nprovider = \"local\"\nmodel = \"t\"\nregion = \"cn\"\ncontext_tokens = 2048\n";
    let text = file(settings) + tiny;
    let told = told(&text, read(&text).unwrap_err());
    assert!(told.len() == 1 && told[0].1.contains("no room for a prompt in the window of tiny"), "{told:?}");
    assert!(read(&text.replace("3000", "2000")).is_ok());
}
