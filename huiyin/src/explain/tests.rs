use clap::Parser;

use super::*;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    explain: Explain,
}

const CONFIG: &str = r#"
[deployment]
name = "tests"
instance = "0"
partitions = 4
replication = 1
[kafka]
bootstrap = "127.0.0.1:1"
[[app]]
key = "acme#support"
bot = [{ id = "bot", names = ["小助手"] }]
chain = ["main", "abroad"]
allowed_regions = ["cn"]
consent = "that of the tests"
merge_window = "2s"
time_zone = "Asia/Shanghai"
personal_data.model.style = "placeholder"
[app.review]
reviewer = "desk"
when_away = "block"
[[app.route]]
name = "closed"
when = { hours = ["22:00-06:00"] }
then = { say = "We are closed." }
[[app.route]]
name = "hard"
when = { complexity = ["hard"], chat = ["chat"] }
then = { chain = ["main"], thinking = "on", stop = ["END"], temperature_milli = 700, prompt = "{{ system_prompt }}Think." }
[[call.target]]
name = "main"
base_url = "${MODEL_URL}"
api_key = "${file:/nowhere/secret}"
[[target]]
name = "main"
provider = "tongyi"
model = "qwen-plus"
region = "cn"
[[target]]
name = "abroad"
provider = "local"
model = "m"
region = "cn"
[[price]]
provider = "tongyi"
model = "qwen-plus"
currency = "CNY"
from = "2026-01-01"
input = "1"
output = "2"
[[reviewer]]
name = "desk"
kind = "webhook"
region = "cn"
[[filter.rule]]
id = "complaints"
words = ["投诉"]
action = "pass"
category = "complaint"
[[filter.word]]
id = "explosives"
words = ["bomb"]
action = "hold"
"#;

fn said(arguments: &[&str]) -> anyhow::Result<String> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("huiyin.toml");
    std::fs::write(&path, CONFIG)?;
    let line = Line::try_parse_from([&["explain"], arguments].concat())?;
    let config = Config::read(&path, None, variable(&line.explain))?;
    Ok(line.explain.run(&config)?.text)
}

const DAY: [&str; 2] = ["--at", "2026-01-05T10:00:00+08:00"];

fn json(arguments: &[&str]) -> serde_json::Value {
    serde_json::from_str(&said(&[arguments, &DAY, &["--json"]].concat()).unwrap()).unwrap()
}

#[test]
fn all_that_decides_on_a_text_is_told() {
    let told = said(&[&["证明根号2是无理数,不然我要投诉,电话13800138000"], &DAY[..]].concat()).unwrap();
    for part in [
        "message     text, sent 2026-01-05T02:00:00.000Z\nfrom        somebody to bot\n",
        "verdict     pass\n  complaints: category complaint, severity 0, pass; as it is written; characters 14-16\n",
        "callback    intercepted {\"valid\":false}\nlanguage    zh_hans\n",
        "complexity  hard, score ",
        "  +212  base\n",
        "route       hard\n     closed  no: hours is 10:00\n  => hard    yes: chat is chat; complexity is hard\n",
        "  1  main    tongyi qwen-plus  cn ",
        " CNY\n",
        "parameters  at most 1000 tokens of answer, temperature 0.700, thinking on, stop at [\"END\"], answer within 1m\n",
        "  system     Think.\n",
        "电话[PHONE_1]\n",
        "merge_window), then asked, after 2s\n",
    ] {
        assert!(told.contains(part), "{part}\nis not in\n{told}");
    }
    assert!(!told.contains("电话13800138000\n"), "{told}");
}

#[test]
fn machines_read_the_same() {
    let told = json(&["hello"]);
    assert_eq!(
        (&told["route"], &told["language"], &told["waited_ms"]),
        (&"chain".into(), &"en".into(), &2_000.into())
    );
    let rules: Vec<&str> =
        told["rules"].as_array().unwrap().iter().map(|rule| rule["fate"].as_str().unwrap()).collect();
    assert_eq!(rules, ["skipped", "skipped"]);
    let chain = told["chain"].as_array().unwrap();
    assert_eq!(
        (&chain[0]["skipped"], &chain[1]["skipped"]),
        (&serde_json::Value::Null, &"it has no [[call.target]]".into())
    );
    assert_eq!((&chain[0]["cost"]["currency"], &chain[1]["cost"]), (&"CNY".into(), &serde_json::Value::Null));
    let tokens = |line: &serde_json::Value| line["tokens"].as_u64().unwrap();
    let sum: u64 = told["prompt"].as_array().unwrap().iter().map(tokens).sum();
    assert_eq!(told["prompt_tokens"], sum);
}

#[test]
fn where_and_when_and_what_was_said_before_count() {
    let at_night = said(&["hello", "--at", "2026-01-05T23:00:00+08:00"]).unwrap();
    assert!(
        at_night.contains("route       closed\n") && at_night.contains("says        We are closed.\n"),
        "{at_night}"
    );
    let aside = said(&["hello", "--group", "42"]).unwrap();
    assert!(aside.contains("message     it is not recorded\n"), "{aside}");
    let group = json(&["＠小助手 hello", "--group", "42"]);
    assert_eq!(group["message"]["conversation"], "acme#support/group/42");
    let history = json(&["and then?", "--before", "My cat is Momo."]);
    let texts: Vec<&str> =
        history["prompt"].as_array().unwrap().iter().map(|line| line["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["My cat is Momo.", "…", "and then?"]);
}

#[test]
fn what_the_filter_holds_goes_on_when_a_reviewer_lets_it() {
    let held = json(&["a bomb"]);
    assert_eq!(held["decisions"].as_array().unwrap().last().unwrap()["ruling"], "held");
    assert_eq!(held["prompt"].as_array().unwrap().len(), 0);
    let safe = json(&["a bomb", "--review", "safe"]);
    assert_eq!(safe["decisions"].as_array().unwrap().last().unwrap()["ruling"], "asked");
}

#[test]
fn what_is_wrong_on_the_line_is_told() {
    for (arguments, told) in [
        (vec!["x", "--app", "acme#other"], "the app acme#other is not configured"),
        (vec!["x", "--bot", "clerk"], "the app has no bot clerk"),
        (vec!["x", "--ext", "plan"], "read --ext \"plan\": it is not name=value"),
        (vec!["x", "--kind", "film"], "read --kind"),
        (vec!["x", "--review", "fine"], "read --review"),
        (vec!["x", "--message", "7"], "cannot be used with"),
        (vec!["--tier", "gold", "--message", "7"], "cannot be used with"),
        (vec!["--open", "main", "--message", "7"], "cannot be used with"),
    ] {
        let error = format!("{:#}", said(&arguments).unwrap_err());
        assert!(error.contains(told), "{arguments:?}: {error}");
    }
    // A message of the log needs the configuration's own secrets.
    let error = said(&["--message", "7"]).unwrap_err().to_string();
    assert!(error.contains("environment variable MODEL_URL is not set"), "{error}");
}
