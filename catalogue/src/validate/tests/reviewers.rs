//! Reviewers, and what apps make of what the filter holds.

use schemas::ids::AppKey;
use schemas::review::Level;

use super::*;
use crate::reviewer::{Fallback, ReviewPolicy};

const REVIEWERS: &str = r#"
[[reviewer]]
name = "cloud"
kind = "moderation"
model = "omni-moderation-latest"
region = "cn"
timeout = "2s"
price = "0.0005"
currency = "CNY"

[[reviewer]]
name = "desk"
kind = "webhook"
region = "cn"

[[reviewer]]
name = "judge"
kind = "judge"
target = "spare"

[app.review]
reviewer = "cloud"
controversial = "pass"
per_minute = 600
"#;

/// The tables of the app go behind the app's own keys.
fn with(reviewers: &str) -> String {
    let (reviewers, policy) = reviewers.split_once("[app.review]").unwrap();
    let (app, rest) = GOOD.split_once("[[target]]").unwrap();
    format!("{app}\n[app.review]{policy}\n{reviewers}\n[[target]]{rest}")
}

fn policy(bundle: &Bundle) -> &ReviewPolicy {
    bundle.apps[&AppKey::new("acme#support").unwrap()].review.as_ref().unwrap()
}

#[test]
fn reviewers_are_part_of_the_bundle_and_of_its_hash() {
    let bundle = read(&with(REVIEWERS)).unwrap();
    let hash = bundle.hash().unwrap();
    assert_eq!(Bundle::from_json(&hash, &bundle.to_json().unwrap()).unwrap(), bundle);
    assert_ne!(hash, read(GOOD).unwrap().hash().unwrap());
    let labels: Vec<_> = bundle.reviewers.iter().map(|(name, it)| (name.as_str(), it.label())).collect();
    assert_eq!(labels, [("cloud", "moderation"), ("desk", "webhook"), ("judge", "judge")]);
    let services: Vec<_> = bundle.reviewers.values().map(|it| it.service().cloned()).collect();
    let [Some(cloud), Some(desk), None] = &services[..] else { panic!("{services:?}") };
    assert_eq!((cloud.timeout_ms, desk.timeout_ms), (2_000, 3_000));
    assert_eq!(cloud.price.as_ref().map(|price| price.pico), Some(500_000_000));
    assert!(desk.price.is_none());
    assert_eq!((policy(&bundle).within_ms, policy(&bundle).per_minute), (10_000, Some(600)));
}

#[test]
fn a_file_without_reviewers_has_the_bundle_that_it_always_had() {
    let json = String::from_utf8(read(GOOD).unwrap().to_json().unwrap()).unwrap();
    assert!(!json.contains("review"), "{json}");
}

#[test]
fn a_text_goes_on_when_it_is_safe_and_by_the_policy_when_nobody_says_so() {
    let bundle = read(&with(REVIEWERS)).unwrap();
    let policy = policy(&bundle);
    assert!(policy.lets_on(Some(Level::Safe), None) && policy.lets_on(Some(Level::Controversial), None));
    assert!(!policy.lets_on(Some(Level::Unsafe), None) && !policy.lets_on(None, None));
    let open = ReviewPolicy { when_away: Fallback::Pass, ..policy.clone() };
    assert!(open.lets_on(None, None) && !open.lets_on(Some(Level::Unsafe), None));
}

#[test]
fn everything_wrong_with_reviewers_is_told_with_its_line() {
    for (from, to, line, what) in [
        ("name = \"desk\"", "name = \"cloud\"", "name = \"cloud\"", "it is configured twice"),
        ("name = \"desk\"", "name = \"main\"", "name = \"main\"", "a target has this name"),
        ("\"moderation\"", "\"cloud\"", "kind = \"cloud\"", "is none of moderation, webhook, judge"),
        ("target = \"spare\"", "target = \"gone\"", "target = \"gone\"", "\"gone\" is not configured"),
        ("target = \"spare\"", "", "name = \"judge\"", "its target is not set"),
        (
            "target = \"spare\"",
            "target = \"spare\"\nregion = \"cn\"",
            "",
            "region: a reviewer of its kind takes none",
        ),
        (
            "kind = \"webhook\"",
            "kind = \"webhook\"\nmodel = \"m\"",
            "",
            "model: a reviewer of its kind takes none",
        ),
        (
            "kind = \"webhook\"\nregion = \"cn\"",
            "kind = \"webhook\"",
            "name = \"desk\"",
            "its region is not set",
        ),
        ("timeout = \"2s\"", "timeout = \"0s\"", "timeout = \"0s\"", "may not be zero"),
        ("currency = \"CNY\"\n\n[[reviewer]]", "\n[[reviewer]]", "price = \"0.0005\"", "belong together"),
        ("\"0.0005\"", "\"cheap\"", "price = \"cheap\"", "decimal text"),
        ("reviewer = \"cloud\"", "reviewer = \"gone\"", "reviewer = \"gone\"", "\"gone\" is not configured"),
        (
            "controversial = \"pass\"",
            "controversial = \"ask\"",
            "controversial = \"ask\"",
            "is none of pass, block",
        ),
        ("per_minute = 600", "per_minute = 0", "per_minute = 0", "review.per_minute may not be zero"),
        ("per_minute = 600", "within = \"60s\"", "reviewer = \"cloud\"", "shorter than answer_within"),
        (
            "region = \"cn\"\ntimeout",
            "region = \"us\"\ntimeout",
            "reviewer = \"cloud\"",
            "not in allowed_regions",
        ),
    ] {
        assert!(REVIEWERS.contains(from), "{from}");
        let text = with(&REVIEWERS.replacen(from, to, 1));
        let told = told(&text, read(&text).unwrap_err());
        assert!(told.iter().any(|(at, it)| at == line && it.contains(what)), "{to}: {told:?}");
    }
}
