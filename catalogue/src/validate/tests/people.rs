//! The policy on messages among people.

use super::*;
use crate::labels::Language;
use crate::people::{Judge, Otherwise, People, PeopleRecord, TooLong};
use crate::raw::RawCatalogue;

/// The good file, its app with those policies.
fn file(policies: &str) -> String {
    GOOD.replacen("key = \"acme#support\"", &format!("key = \"acme#support\"\n{policies}"), 1)
}

fn people(policies: &str) -> People {
    read(&file(policies)).unwrap().apps.into_values().next().unwrap().people
}

fn problems(policies: &str) -> Vec<(String, String)> {
    let text = file(policies);
    told(&text, validate(&toml::from_str::<RawCatalogue>(&text).unwrap()).unwrap_err())
}

#[test]
fn without_the_table_the_bundle_is_what_it_was_and_with_it_no_text_is_recorded() {
    assert_eq!(people(""), People::default());
    let json = read(GOOD).unwrap().to_json().unwrap();
    assert!(!String::from_utf8(json).unwrap().contains("people"));
    assert_eq!(people("people = {}"), People { record: PeopleRecord::Fact, ..People::default() });
}

#[test]
fn every_word_and_text_of_the_policy_reaches_the_bundle() {
    let policy = people(
        "people.judge = 'bots'\npeople.record = 'message'\npeople.unchangeable = 'pass'\npeople.too_long = 'replace'\n\
         people.hold = 'pass'\npeople.blocked = '不行'\npeople.blocked_texts.en = 'no'\npeople.replacement = '…'\n\
         people.replacement_texts.zh_hant = '這'",
    );
    assert_eq!((policy.judge, policy.record), (Judge::Bots, PeopleRecord::Message));
    assert_eq!((policy.unchangeable, policy.hold), (Otherwise::Pass, Otherwise::Pass));
    assert_eq!(policy.too_long, TooLong::Replace);
    assert_eq!(policy.blocked.text_in(Some(Language::En)), Some("no"));
    assert_eq!(policy.blocked.text_in(Some(Language::ZhHant)), Some("不行"));
    assert_eq!(policy.replacement.text_in(Some(Language::ZhHant)), Some("這"));
}

#[test]
fn every_problem_of_the_policy_is_told_with_its_line() {
    let long = "x".repeat(201);
    for (policy, what) in [
        ("people.judge = 'all'", "\"all\" is none of everyone, bots"),
        ("people.record = 'nothing'", "\"nothing\" is none of fact, message"),
        ("people.unchangeable = 'mask'", "\"mask\" is none of block, pass"),
        ("people.hold = 'wait'", "\"wait\" is none of block, pass"),
        ("people.too_long = 'cut'", "\"cut\" is none of block, pass, replace"),
        ("people.too_long = 'replace'", "people.replacement is missing"),
        ("people.blocked = ' '", "people.blocked: nobody would see it"),
        (&format!("people.replacement = '{long}'"), "at most 200 characters"),
        ("people.blocked_texts.en = 'no'", "other languages need people.blocked"),
    ] {
        let told = problems(policy);
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0].0, policy, "{told:?}");
        assert!(told[0].1.contains(what), "{told:?}");
    }
    let told = problems("record = 'all'\npeople.judge = 'bots'");
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].0, "record = 'all'");
    assert!(people(&format!("people.blocked = '{}'", "赌".repeat(200))).blocked.text.len() == 600);
}
