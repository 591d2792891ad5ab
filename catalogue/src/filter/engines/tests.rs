use std::sync::Arc;

use safety::{Action, Direction, OnError};
use schemas::ids::AppKey;

use super::*;
use crate::raw::{Files, RawCatalogue};
use crate::validate::validate;

const APPS: &str = r#"
[[target]]
name = "m"
provider = "local"
model = "m"
region = "cn"

[[filter.word]]
id = "word"
words = ["gun"]
action = "mask"

[[filter.rule]]
id = "own"
words = ["pear"]
action = "hold"
shared = false

[[filter.dictionary]]
name = "main"
file = "main.tsv"
action = "block"

[[filter.dictionary]]
name = "second"
file = "second.tsv"
action = "mask"
category = "fruit"
shared = false

[[filter.allow]]
name = "fine"
file = "fine.txt"
"#;

fn app(key: &str, used: &str) -> String {
    format!(
        "[[app]]\nkey = {key:?}\nchain = [\"m\"]\nallowed_regions = [\"cn\"]\nlabel = \"AI\"\nbot = [{{ id = \"bot\" }}]\n{used}\n"
    )
}

fn read_with(text: &str, files: &[(&str, &str)]) -> (Bundle, Contents) {
    let mut raw: RawCatalogue = toml::from_str(text).unwrap();
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), Ok(Arc::from(*text))));
    raw.filter.files = files.collect::<Files>();
    (validate(&raw).unwrap(), raw.contents())
}

const FILES: [(&str, &str); 3] = [
    ("main.tsv", "赌博\tgambling\tseparators\n大麻\tdrugs\n"),
    ("second.tsv", "苹果\n"),
    ("fine.txt", "大麻烦\n"),
];

fn rules(engine: &Arc<dyn Engine>, text: &str) -> Vec<String> {
    engine.judge(Direction::Input, text).rules
}

#[test]
fn each_app_is_judged_by_what_it_uses_and_what_is_shared_otherwise() {
    let own = "filter = { rules = [\"own\"], dictionaries = [\"main\", \"second\"], allow = [] }";
    let text = app("acme#one", "") + &app("acme#two", own) + APPS;
    let (bundle, contents) = read_with(&text, &FILES);
    let engines = Engines::of(&bundle, &contents).unwrap();
    let key = |key: &str| AppKey::new(key).unwrap();
    let (one, two) = (engines.app(&key("acme#one")), engines.app(&key("acme#two")));
    let all = "赌.博 gun pear 苹果 大麻烦";
    assert_eq!(rules(one, all), ["main/gambling", "word"]);
    assert_eq!(rules(two, all), ["main/drugs", "main/gambling", "own", "second/fruit"]);
    assert!(Arc::ptr_eq(one, engines.shared()) && Arc::ptr_eq(one, engines.app(&key("acme#unknown"))));
    assert_ne!(one.dictionary(), two.dictionary());
    assert_eq!(one.judge(Direction::Input, all).action, Action::Block);
}

#[test]
fn fifty_apps_and_two_bundles_hold_one_automaton_of_a_dictionary() {
    let apps: String = (0..50)
        .map(|n| {
            let rule = format!(
                "[[filter.rule]]\nid = \"r{n}\"\nwords = [\"w{n}\"]\naction = \"mask\"\nshared = false\n"
            );
            app(&format!("acme#a{n}"), &format!("filter = {{ rules = [\"r{n}\"] }}")) + &rule
        })
        .collect();
    let parts = Parts::default();
    let (bundle, contents) = read_with(&(apps.clone() + APPS), &FILES);
    let mut fetched = Vec::new();
    let mut fetch = |content: &Content| {
        fetched.push(content.hash.clone());
        Ok(contents.get(content)?)
    };
    let first = Engines::new(&bundle, &parts, &mut fetch).unwrap();
    // The dictionary, the spans that are allowed, the shared rules, and the rule of each app.
    assert_eq!(parts.in_use(), 53);
    let changed = (apps + APPS).replace("words = [\"w7\"]", "words = [\"another\"]");
    let (changed, _) = read_with(&changed, &FILES);
    let second = Engines::new(&changed, &parts, &mut fetch).unwrap();
    assert_eq!(parts.in_use(), 54, "another rule is all that was built");
    let words = contents.get(&bundle.filter.dictionaries["main"].content).unwrap();
    let hash = Content::of(&words, 0).hash;
    assert_eq!(fetched.iter().filter(|fetched| **fetched == hash).count(), 1);
    drop((first, second));
    assert_eq!(parts.in_use(), 0);
}

#[test]
fn a_content_that_is_not_there_or_is_another_gives_no_engine() {
    let (bundle, _) = read_with(&(app("acme#one", "") + APPS), &FILES);
    let error = Engines::of(&bundle, &Contents::default()).unwrap_err();
    assert!(error.to_string().starts_with("get the words of \""), "{error}");
}

#[test]
fn the_version_names_words_settings_and_engine() {
    let version = |text: &str, files: &[(&str, &str)]| {
        let (bundle, contents) = read_with(&(app("acme#one", "") + text), files);
        Engines::of(&bundle, &contents).unwrap().shared().dictionary().to_owned()
    };
    let first = version(APPS, &FILES);
    assert_eq!((first.len(), &first), (16, &version(APPS, &FILES)));
    let mut files = FILES;
    files[0].1 = "赌博\tgambling\tseparators\n大麻\tdrugs\nx\ty\n";
    let mut allowed = FILES;
    allowed[2].1 = "麻烦\n";
    let others = [
        version(APPS, &files),
        version(APPS, &allowed),
        version(&APPS.replace("\"block\"", "\"hold\""), &FILES),
    ];
    assert!(others.iter().all(|other| *other != first), "{others:?}");
    let rules = Filter { rules: vec![Rule::words("r", &["x"], Action::Block)], ..Filter::default() };
    let by = |engine| {
        let (mut bundle, contents) = read_with(&(app("acme#one", "") + APPS), &FILES);
        bundle.filter = Filter { engine, ..rules.clone() };
        Engines::of(&bundle, &contents).unwrap().shared().dictionary().to_owned()
    };
    assert_eq!(by(0), rules.version(), "verdicts of the first engine are named as they were");
    assert_ne!(by(0), by(safety::ENGINE));
}

#[test]
fn a_stored_bundle_goes_on_holding_whatever_of_it_cannot_be_looked_for() {
    let (mut bundle, contents) = read_with(&(app("acme#one", "") + APPS), &FILES);
    let bad_regex = Rule { regex: Some("(".to_owned()), ..Rule::words("regex", &[], Action::Block) };
    bundle.filter.rules = vec![
        Rule::words("dots", &["..."], Action::Block),
        bad_regex,
        Rule::words("some", &["--", "gun"], Action::Mask),
    ];
    let engines = Engines::of(&bundle, &contents).unwrap();
    assert_eq!(rules(engines.shared(), "a...b gun -- 赌博"), ["main/gambling", "some"]);
    assert_eq!(engines.unusable().len(), 3, "{:?}", engines.unusable());

    bundle.filter = Filter { rules: bundle.filter.rules, ..Filter::default() };
    let first = Engines::of(&bundle, &contents).unwrap();
    assert_eq!(
        rules(first.shared(), "a...b GUN ｇｕｎ"),
        ["dots", "some"],
        "the first engine finds what it found"
    );
    assert!(first.unusable().is_empty());
}

/// Loading: `cargo test --release -p catalogue -- --ignored --nocapture loading`.
#[test]
#[ignore = "measures; for a release build"]
fn loading_a_hundred_thousand_words_takes_less_than_half_a_second() {
    use std::time::Instant;
    let mut seed = 7_u64;
    let mut next = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as u32
    };
    for (count, views) in [(100_000, ""), (100_000, "separators,repeats,pinyin,homophone"), (1_000_000, "")] {
        let words: String = (0..count)
            .map(|_| {
                let length = 2 + next() % 4;
                let word: String =
                    (0..length).filter_map(|_| char::from_u32(0x4e00 + next() % 6_000)).collect();
                format!("{word}\tx\t{views}\n")
            })
            .collect();
        let text = app("acme#one", "") + APPS;
        let (bundle, contents) = read_with(&text, &[("main.tsv", &words), FILES[1], FILES[2]]);
        let took = (0..3).map(|_| {
            let began = Instant::now();
            drop(Engines::of(&bundle, &contents).unwrap());
            began.elapsed()
        });
        let took = took.min().unwrap();
        println!("{count} words, {} bytes, views {views:?}: {took:?}", words.len());
        assert!(count > 100_000 || !views.is_empty() || took.as_millis() < 500 || cfg!(debug_assertions));
    }
}

#[test]
fn what_cannot_be_looked_for_at_all_stops_every_text_where_it_says_so_and_nothing_otherwise() {
    let (mut bundle, contents) = read_with(&(app("acme#one", "") + APPS), &FILES);
    let dots = |on_error| Rule { on_error, ..Rule::words("dots", &["..."], Action::Mask) };
    let some = Rule { on_error: Some(OnError::Closed), ..Rule::words("some", &["--", "gun"], Action::Mask) };
    for (on_error, stopped) in [(None, false), (Some(OnError::Open), false), (Some(OnError::Closed), true)] {
        bundle.filter.rules = vec![dots(on_error), some.clone()];
        let engines = Engines::of(&bundle, &contents).unwrap();
        let found = engines.shared().judge(Direction::Input, "hello");
        let expected =
            if stopped { (Action::Block, vec!["dots".to_owned()]) } else { (Action::Pass, vec![]) };
        assert_eq!((found.action, found.rules), expected);
        assert_eq!(engines.unusable().len(), 2, "{:?}", engines.unusable());
    }
}

#[test]
fn a_dictionary_without_a_word_that_can_be_looked_for_stops_every_text_where_it_says_so() {
    let (mut bundle, mut contents) = read_with(&(app("acme#one", "") + APPS), &FILES);
    let text = "...\tx\n--\ty\n";
    let content = Content::of(text, 2);
    contents.insert(&content, text.into());
    bundle.filter.dictionaries.get_mut("main").unwrap().content = content;
    let judged =
        |bundle: &Bundle| Engines::of(bundle, &contents).unwrap().shared().judge(Direction::Output, "hi");
    assert_eq!(judged(&bundle).action, Action::Pass);
    bundle.filter.dictionaries.get_mut("main").unwrap().on_error = Some(OnError::Closed);
    let found = judged(&bundle);
    assert_eq!((found.action, found.rules), (Action::Block, vec!["main".to_owned()]));
}
