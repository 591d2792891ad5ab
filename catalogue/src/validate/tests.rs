use super::*;

mod dialogue;
mod labels;
mod limits;
mod media;
mod people;
mod personal;
mod reviewers;
mod tiers;

const GOOD: &str = r#"
[[app]]
key = "acme#support"
chain = ["main", "spare"]
allowed_regions = ["cn"]
label = "AI"
bot = [{ id = "bot_helpdesk", names = ["小助手"] }]

[[target]]
name = "main"
provider = "openai"
model = "m-1"
region = "cn"

[[target]]
name = "spare"
provider = "local"
model = "m-2"
region = "cn"

[[price]]
provider = "openai"
model = "m-1"
currency = "CNY"
from = "2026-01-01"
input = "0.8"
output = "2"

[[filter.word]]
id = "w1"
words = ["赌博"]
action = "block"
"#;

pub(super) fn read(text: &str) -> Result<Bundle, Vec<Problem>> {
    validate(&toml::from_str::<RawCatalogue>(text).unwrap())
}

/// What is wrong with a file, each with the line that it is about, as it stands there.
pub(super) fn told(text: &str, problems: Vec<Problem>) -> Vec<(String, String)> {
    let line = |at: usize| {
        let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
        text[start..].lines().next().unwrap_or_default().to_owned()
    };
    problems
        .into_iter()
        .map(|p| (p.span.map_or_else(String::new, |s| line(s.start)), format!("{}: {}", p.place, p.what)))
        .collect()
}

#[test]
fn a_good_file_becomes_a_bundle_that_reads_back_under_its_hash() {
    let bundle = read(GOOD).unwrap();
    let (hash, bytes) = (bundle.hash().unwrap(), bundle.to_json().unwrap());
    assert_eq!(Bundle::from_json(&hash, &bytes).unwrap(), bundle);
    let target = &bundle.targets[&TargetName::new("main").unwrap()];
    assert_eq!(target.output_cap, OutputCap::MaxCompletionTokens);
    let day = 86_400_000;
    assert!(bundle.price(target, 20_454 * day - 1).is_none(), "before 2026-01-01");
    assert_eq!(bundle.price(target, 20_454 * day).map(|p| p.rates.input_pico), Some(800_000));
}

#[test]
fn another_content_under_the_same_hash_is_refused() {
    let bundle = read(GOOD).unwrap();
    let other = read(&GOOD.replace("m-1", "m-9")).unwrap();
    let refused = Bundle::from_json(&bundle.hash().unwrap(), &other.to_json().unwrap());
    assert!(matches!(refused, Err(BundleError::Hash { .. })));
}

use crate::bundle::BundleError;

#[test]
fn every_broken_reference_is_named_with_its_place() {
    for (from, to, what) in [
        (
            "[\"main\", \"spare\"]",
            "[\"main\", \"gone\"]",
            "names the target \"gone\", which is not configured",
        ),
        ("[\"main\", \"spare\"]", "[]", "names no target"),
        ("[\"main\", \"spare\"]", "[\"main\", \"main\"]", "twice"),
        ("allowed_regions = [\"cn\"]", "allowed_regions = [\"us\"]", "not in allowed_regions"),
        ("\"openai\"", "\"gpt\"", "is none of openai, ernie, tongyi, spark, claude, local"),
        ("\"acme#support\"", "\"acme\"", "not org#app"),
        ("\"block\"", "\"pass\"", "is none of mask"),
        ("\"0.8\"", "\"cheap\"", "decimal text"),
        ("\"2026-01-01\"", "\"2026-13-01\"", "is no day"),
        ("\"CNY\"", "\"yuan\"", "ISO 4217"),
        ("bot = [{ id = \"bot_helpdesk\", names = [\"小助手\"] }]", "", "has no bot"),
        ("key = \"acme#support\"", "key = \"acme#support\"\nlost_after = \"61s\"", "twice answer_within"),
        (
            "key = \"acme#support\"",
            "key = \"acme#support\"\nmax_answer_parts = 0",
            "max_answer_parts must be",
        ),
        ("key = \"acme#support\"", "key = \"acme#support\"\nmax_waiting_messages = 201", "from 1 to 200"),
        ("key = \"acme#support\"", "key = \"acme#support\"\nmax_waiting_bytes = 1000", "from 1024"),
        (
            "key = \"acme#support\"",
            "key = \"acme#support\"\nby_hand = \"ignore\"",
            "is none of remember, take_over",
        ),
        ("key = \"acme#support\"", "key = \"acme#support\"\ncancel = \"no\"", "is none of cut, run_on"),
        ("key = \"acme#support\"", "key = \"acme#support\"\nhedge_after = \"0s\"", "more than zero"),
        (
            "key = \"acme#support\"",
            "key = \"acme#support\"\nhedge_after = \"1m\"",
            "shorter than answer_within",
        ),
        ("[\"main\", \"spare\"]", "[\"main\"]\nhedge_after = \"3s\"", "no second target"),
        (
            "label = \"AI\"",
            "part_bytes = 256\nlabel = \"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890\"",
            "half of part_bytes",
        ),
    ] {
        let problems = read(&GOOD.replacen(from, to, 1)).unwrap_err();
        assert!(problems.iter().any(|p| p.what.contains(what)), "{to}: {problems:?}");
    }
}

#[test]
fn problems_carry_the_bytes_that_they_are_about() {
    let broken = GOOD.replacen("\"spare\"]", "\"gone\"]", 1);
    let problems = read(&broken).unwrap_err();
    assert_eq!(&broken[problems[0].span.clone().unwrap()], "\"gone\"");
    let broken = GOOD.replacen("key = \"acme#support\"", "key = \"acme#support\"\nhedge_after = \"61s\"", 1);
    let problems = read(&broken).unwrap_err();
    assert_eq!(&broken[problems[0].span.clone().unwrap()], "\"61s\"");
}

#[test]
fn what_an_app_says_of_hedging_and_of_blocks_is_in_its_bundle() {
    let more = "key = \"acme#support\"\nhedge_after = \"3s\"\nfallback_after_block = true";
    let bundle = read(&GOOD.replacen("key = \"acme#support\"", more, 1)).unwrap();
    let app = bundle.apps.values().next().unwrap();
    assert_eq!((app.hedge_after_ms, app.fallback_after_block), (Some(3_000), Some(true)));
}

#[test]
fn what_is_not_configured_is_in_no_bundle_so_that_its_hash_stays() {
    let bundle = read(GOOD).unwrap();
    let more = "max_waiting_messages = 10\nmax_waiting_bytes = 5000\nmax_answer_parts = 3\nby_hand = \"take_over\"\n[app.canned]\ntoo_many = \"wait\"\ncut = \"cut\"";
    let other = read(&GOOD.replacen("\n[[target]]", &format!("{more}\n\n[[target]]"), 1)).unwrap();
    let text = |bundle: &Bundle| String::from_utf8(bundle.to_json().unwrap()).unwrap();
    for key in ["max_waiting_messages", "max_waiting_bytes", "max_answer_parts", "by_hand", "too_many", "cut"]
    {
        assert!(
            !text(&bundle).contains(&format!("{key:?}:")) && text(&other).contains(&format!("{key:?}:")),
            "{key}"
        );
    }
    for bundle in [bundle, other] {
        assert_eq!(Bundle::from_json(&bundle.hash().unwrap(), &bundle.to_json().unwrap()).unwrap(), bundle);
    }
}

#[test]
fn a_bundle_of_before_lets_cancelled_calls_run_on_and_a_file_cuts_them() {
    let cancel = |bundle: &Bundle| bundle.apps.values().map(|app| app.cancel).collect::<Vec<_>>();
    let bundle = read(GOOD).unwrap();
    assert_eq!(cancel(&bundle), [Cancel::Cut]);
    let json = String::from_utf8(bundle.to_json().unwrap()).unwrap();
    let before: Bundle = serde_json::from_str(&json.replacen("\"cancel\":\"cut\",", "", 1)).unwrap();
    assert_eq!(cancel(&before), [Cancel::RunOn]);
    assert!(!String::from_utf8(before.to_json().unwrap()).unwrap().contains("cancel"));
    let asked = GOOD.replacen("key = \"acme#support\"", "key = \"acme#support\"\ncancel = \"run_on\"", 1);
    assert_eq!(read(&asked).unwrap().hash().unwrap(), before.hash().unwrap());
}

#[test]
fn an_unknown_key_is_refused() {
    assert!(toml::from_str::<RawCatalogue>(&GOOD.replacen("[[price]]", "[[price]]\ncolour = 1", 1)).is_err());
}

#[test]
fn a_wrong_file_still_gives_a_bundle_of_its_names() {
    let wrong = GOOD
        .replacen(
            "key = \"acme#support\"",
            "key = \"acme#support\"\nanswer = \"maybe\"\nhistory_turns = 1001",
            1,
        )
        .replacen("\"openai\"\nmodel = \"m-1\"\nregion", "\"gpt\"\nmodel = \"\"\nregion", 1);
    let (bundle, problems) = check(&toml::from_str(&wrong).unwrap());
    let names = |bundle: &Bundle| -> (Vec<AppKey>, Vec<TargetName>) {
        (bundle.apps.keys().cloned().collect(), bundle.targets.keys().cloned().collect())
    };
    assert_eq!(names(&bundle), names(&read(GOOD).unwrap()));
    let told: Vec<&str> = problems.iter().map(|problem| problem.what.as_str()).collect();
    assert_eq!(
        told,
        [
            "\"gpt\" is none of openai, ernie, tongyi, spark, claude, local",
            "model may not be empty",
            "\"maybe\" is none of intercept, pass",
            "history_turns may be at most 1000",
        ]
    );
}
