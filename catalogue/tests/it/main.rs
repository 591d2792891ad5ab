//! What is stored in topic `configs` must stay readable: an example bundle, and the JSON Schema that is checked in.
//! `UPDATE_SCHEMAS=1 cargo test -p catalogue` writes both anew.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests fail loudly")]

use std::path::{Path, PathBuf};

use catalogue::{Bundle, Contents, Engines, RawCatalogue, validate};
use safety::{Action, Direction};
use schemas::ids::BundleHash;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn stored(name: &str, generated: &str) -> String {
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        std::fs::write(file(name), generated).unwrap();
    }
    std::fs::read_to_string(file(name)).unwrap_or_default()
}

#[test]
fn the_schema_that_is_checked_in_is_that_of_the_type() {
    let generated = serde_json::to_string_pretty(&schemars::schema_for!(Bundle)).unwrap() + "\n";
    assert!(stored("json/bundle.json", &generated) == generated, "UPDATE_SCHEMAS=1 cargo test -p catalogue");
}

#[test]
fn a_bundle_of_the_first_form_reads_back_under_its_hash_and_is_written_as_it_was() {
    let stored = include_bytes!("../../examples/bundle-first.json");
    // The hash of this form is in every decision of every deployment that applied it.
    let hash = BundleHash::new("c3a0ed2432be6f4a0ec67cda297ec5c7beacbb702e8a551e90cbff174359e1e8").unwrap();
    let bundle = Bundle::from_json(&hash, stored).unwrap();
    assert_eq!(bundle.to_json().unwrap(), stored);
    assert!(bundle.apps.values().all(|app| app.labels.is_none() && app.output.is_open()));
}

#[test]
fn a_bundle_of_the_first_engine_reads_back_under_its_hash_and_is_judged_by_that_engine() {
    let stored = include_bytes!("../../examples/bundle-second.json");
    let hash = BundleHash::new("6c26d31c21bf29f28e88a35cfbdeecb9b1449e016b78d240be1a2a3908ad3d0d").unwrap();
    let bundle = Bundle::from_json(&hash, stored).unwrap();
    assert_eq!((bundle.to_json().unwrap().as_slice(), bundle.filter.engine), (stored.as_slice(), 0));
    let engines = Engines::of(&bundle, &Contents::default()).unwrap();
    assert_eq!(engines.shared().dictionary(), bundle.filter.version());
    let judged = |text| engines.shared().judge(Direction::Input, text).action;
    assert_eq!((judged("赌博"), judged("賭博")), (Action::Block, Action::Pass));
}

#[test]
fn a_bundle_without_a_bound_of_states_reads_back_under_its_hash_and_is_written_as_it_was() {
    let stored = include_bytes!("../../examples/bundle-third.json");
    let hash = BundleHash::new("09afc5c182ee98121cd9be1f100fd43c04817b13fffe827fc84ac462bed690c1").unwrap();
    let bundle = Bundle::from_json(&hash, stored).unwrap();
    assert_eq!(bundle.to_json().unwrap(), stored);
    assert!(bundle.apps.values().all(|app| app.state_bytes.is_none()));
}

#[test]
fn a_bundle_of_the_second_engine_reads_back_under_its_hash_and_keeps_its_number() {
    let stored = include_bytes!("../../examples/bundle-fourth.json");
    let hash = BundleHash::new("acbfb1accebe17c3892888bb2d1665c163b15646520232f58a1e4247486c01d1").unwrap();
    let bundle = Bundle::from_json(&hash, stored).unwrap();
    assert_eq!((bundle.to_json().unwrap().as_slice(), bundle.filter.engine), (stored.as_slice(), 2));
}

#[test]
fn a_stored_bundle_still_reads_back_and_has_the_hash_that_it_is_stored_under() {
    let sections: RawCatalogue = toml::from_str(include_str!("../../examples/sections.toml")).unwrap();
    let bundle = validate(&sections).unwrap();
    let canonical = String::from_utf8(bundle.to_json().unwrap()).unwrap();
    let stored = stored("examples/bundle.json", &canonical);
    // The hash of this form is in every decision of every deployment that applied it.
    let hash = BundleHash::new("1a6fdb876f8c1f6ee142bdacb1d53943a98074e630df5a17d00c3228c0294249").unwrap();
    assert_eq!(Bundle::from_json(&hash, stored.as_bytes()).unwrap(), bundle);
    assert!(Bundle::from_json(&hash, &stored.as_bytes()[1..]).is_err());
}
