use std::sync::Arc;

use common::{OnError, Problem};

use super::super::tests::told;
use super::super::validate;
use crate::raw::{Files, RawCatalogue};
use crate::{Bundle, Contents};

const GOOD: &str = r#"
[[app]]
key = "acme#support"
chain = ["main"]
allowed_regions = ["cn"]
label = "AI"
bot = [{ id = "bot" }]
filter = { rules = ["near"], dictionaries = ["words", "starter"], allow = ["fine"] }
[app.output]
topic = [{ name = "fruit", rules = ["words/fruit", "starter/gambling"], text = "no" }]

[[target]]
name = "main"
provider = "local"
model = "m"
region = "cn"

[[filter.rule]]
id = "near"
words = ["加我"]
near = { words = ["微信", "qq"], within = 6 }
action = "mask"
output = "pass"
views = ["pinyin"]
view_actions = { pinyin = "hold" }
category = "contact"

[[filter.rule]]
id = "regex"
regex = "v[0-9]{5}"
action = "block"
shadow = true
on_error = "closed"

[[filter.dictionary]]
name = "words"
file = "lists/words.tsv"
category = "fruit"
action = "hold"
severity = 3
views = ["repeats"]
border = "word"
language = "en"

[[filter.dictionary]]
name = "starter"
shipped = "starter"
action = "block"

[[filter.allow]]
name = "fine"
file = "fine.txt"
"#;

fn read_with(text: &str, words: Result<&str, &str>) -> Result<(Bundle, Contents), Vec<Problem>> {
    let mut raw: RawCatalogue = toml::from_str(text).unwrap();
    assert!(raw.filter.paths().contains("lists/words.tsv"));
    let words = words.map(Arc::from).map_err(str::to_owned);
    let files = [("lists/words.tsv", words), ("fine.txt", Ok(Arc::from("pineapple juice\n")))];
    raw.filter.files = files.map(|(name, text)| (name.to_owned(), text)).into_iter().collect::<Files>();
    Ok((validate(&raw)?, raw.contents()))
}

#[test]
fn a_bundle_names_contents_and_holds_no_word_of_them() {
    let (bundle, contents) = read_with(GOOD, Ok("pineapple\npear\tfruit\t-\t-\n")).unwrap();
    let filter = &bundle.filter;
    let words = &filter.dictionaries["words"];
    assert_eq!((words.content.count, words.content.bytes), (2, 25));
    assert_eq!(&*contents.get(&words.content).unwrap(), "pineapple\npear\tfruit\t-\t-\n");
    assert!(filter.contents().all(|(_, content)| contents.get(content).is_ok()));
    let json = String::from_utf8(bundle.to_json().unwrap()).unwrap();
    assert!(!json.contains("pineapple") && json.contains(&words.content.hash), "{json}");
    assert_eq!(Bundle::from_json(&bundle.hash().unwrap(), json.as_bytes()).unwrap(), bundle);
    assert!(json.starts_with("{\"version\":2,"), "a version without dictionaries refuses it: {json}");
    assert_eq!(filter.rules.iter().map(|rule| rule.id.as_str()).collect::<Vec<_>>(), ["near", "regex"]);
    let said: Vec<_> = filter.rules.iter().map(|rule| rule.on_error).collect();
    assert_eq!((said, words.on_error), (vec![None, Some(OnError::Closed)], None));
    assert_eq!(
        json.matches("on_error").count(),
        1,
        "what is left to the policy is not in the bundle: {json}"
    );
}

#[test]
fn a_filter_that_looks_for_nothing_leaves_the_bundle_as_it_was() {
    let (mut bundle, _) = read_with(GOOD, Ok("pear\n")).unwrap();
    assert_eq!(bundle.filter.engine, safety::ENGINE);
    let rest = GOOD.split("[[filter.").next().unwrap();
    let rest =
        rest.split("filter = {").next().unwrap().to_owned() + rest.split("[app.output]").nth(1).unwrap();
    let rest: String = rest
        .lines()
        .filter(|line| !line.starts_with("topic"))
        .fold(String::new(), |text, line| text + line + "\n");
    bundle = validate(&toml::from_str(&rest).unwrap()).unwrap();
    let json = String::from_utf8(bundle.to_json().unwrap()).unwrap();
    assert!(json.starts_with("{\"version\":1,") && json.ends_with(r#""filter":{"rules":[]}}"#), "{json}");
}

#[test]
fn every_problem_of_the_filter_is_told_at_its_line() {
    for (from, to, line, what) in [
        ("words = [\"加我\"]", "words = [\"加我\", \"--\"]", "words = [\"加我\"", "is left of word \"--\""),
        ("\"qq\"]", "\"!\"]", "near = {", "is left of word \"!\""),
        ("\"v[0-9]{5}\"", "\"v[0-9{5}\"", "regex =", "regular expression: "),
        ("\"v[0-9]{5}\"", "\"v*\"", "regex =", "matches the empty text"),
        ("regex = \"v[0-9]{5}\"", "words = []", "id = \"regex\"", "neither words nor a regular expression"),
        ("pinyin = \"hold\"", "pinyin = \"stop\"", "view_actions", "\"stop\" is none of"),
        ("id = \"regex\"", "id = \"near\"", "id = \"near\"", "it is configured twice"),
        ("name = \"words\"", "name = \"Words\"", "name = \"Words\"", "name must be"),
        (
            "file = \"lists/words.tsv\"",
            "file = \"lists/words.tsv\"\nshipped = \"starter\"",
            "name = \"words\"",
            "and not both",
        ),
        ("shipped = \"starter\"", "shipped = \"all\"", "shipped =", "\"all\" is none of starter"),
        ("shipped = \"starter\"", "", "name = \"starter\"", "needs a file or"),
        ("action = \"hold\"\nsev", "action = \"stop\"\nsev", "action = \"stop\"", "\"stop\" is none of"),
        ("rules = [\"near\"]", "rules = [\"gone\"]", "filter = {", "uses the rule \"gone\""),
        ("[\"words\", \"starter\"]", "[\"gone\"]", "filter = {", "uses the dictionary \"gone\""),
        ("allow = [\"fine\"]", "allow = [\"gone\"]", "filter = {", "uses the allow-list \"gone\""),
        ("\"words/fruit\"", "\"words/gone\"", "topic =", "names the rule \"words/gone\""),
    ] {
        let text = GOOD.replacen(from, to, 1);
        assert_ne!(text, GOOD, "{from}");
        let found = told(&text, read_with(&text, Ok("pear\n")).unwrap_err());
        assert!(
            found.iter().any(|(at, told)| at.starts_with(line) && told.contains(what)),
            "{to}: {found:?}"
        );
    }
}

#[test]
fn what_is_wrong_in_a_file_is_told_with_its_line_where_the_file_is_named() {
    let many: String = (0..30).map(|_| "...\n").collect();
    for (words, expected) in [
        (
            Ok("pear\n...\nx\ty\tsound\n"),
            vec!["words.tsv:2: nothing that", "words.tsv:3: there is no view \"sound\""],
        ),
        (Ok(many.as_str()), vec!["words.tsv:20: ", "words.tsv: 10 more problems"]),
        (Err("No such file or directory"), vec!["read \"lists/words.tsv\": No such file"]),
    ] {
        let found = told(GOOD, read_with(GOOD, words).unwrap_err());
        for expected in expected {
            let is_told = |(at, told): &(String, String)| {
                at.starts_with("file = \"lists")
                    && told.starts_with("filter.dictionary \"words\"")
                    && told.contains(expected)
            };
            assert!(found.iter().any(is_told), "{expected}: {found:?}");
        }
    }
}
