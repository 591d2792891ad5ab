use serde_json::Value;
use simulators::model;

use super::*;

/// The example file with targets of its own, and nobody at its admin address.
async fn config(targets: &str) -> Config {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let text = format!(
        "[deployment]\nname = 'demo'\ninstance = '0'\npartitions = 8\nreplication = 1\n\
         [kafka]\nbootstrap = '127.0.0.1:9'\n[admin]\nlisten = '{free}'\n{targets}"
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huiyin.toml");
    std::fs::write(&path, text).unwrap();
    Config::read(&path, None, |_| None).unwrap()
}

fn target(name: &str, provider: &str, model: &str, base_url: &str) -> String {
    format!(
        "[[target]]\nname = '{name}'\nprovider = '{provider}'\nmodel = '{model}'\nregion = 'cn'\ntimeout = '2s'\n\
         [[call.target]]\nname = '{name}'\nbase_url = '{base_url}'\napi_key = 'sk-sim'\nrequests_per_minute = 60\n"
    )
}

#[tokio::test]
async fn the_list_has_what_is_known_what_it_costs_and_what_is_not_known() {
    let own = "[[price]]\nprovider = 'local'\nmodel = 'house'\ncurrency = 'CNY'\nfrom = '2026-01-01'\ngpu_hour = '12.5'\n";
    let targets = [
        target("a-qwen", "tongyi", "qwen-plus", "https://dashscope.aliyuncs.com/compatible-mode/v1"),
        target("b-old", "openai", "gpt-4-turbo", "https://api.openai.com/v1"),
        target("c-house", "local", "house", "http://127.0.0.1:1/v1"),
        own.to_owned(),
    ];
    let config = config(&targets.concat()).await;
    let found = run(&config, None, false).await.unwrap();
    assert!(found.ok);
    let lines: Vec<&str> = found.text.lines().collect();
    let has = |line: usize, parts: &[&str]| {
        assert!(parts.iter().all(|part| lines[line].contains(part)), "{parts:?} in {}", lines[line]);
    };
    has(1, &["a-qwen", "tongyi", "1000000", "0.8/2 CNY +2 steps (shipped, 2026-09-27)", "set", "60/min"]);
    has(2, &["b-old", "none", "2026-10-23"]);
    has(3, &["c-house", "32768", "12.5 CNY per GPU-hour (own, 2026-01-01)"]);
    has(4, &["health: no process tells it at 127.0.0.1:"]);
    assert!(found.text.contains("\"gpt-4-turbo\" was retired on 2026-10-23"), "{}", found.text);

    let listed: Value = serde_json::from_str(&run(&config, None, true).await.unwrap().text).unwrap();
    assert_eq!(listed[0]["thinking"], "off");
    assert_eq!(listed[0]["price"]["steps"][1]["above"], 256_000);
    assert_eq!(listed[0]["price"]["reasoning"], "8");
    assert_eq!(listed[0]["price"]["source"], "model-bank 1.0.20260927");
    assert_eq!((&listed[1]["price"], &listed[1]["key"]), (&Value::Null, &Value::from("set")));
    assert!(!found.text.contains("sk-sim"));
}

#[tokio::test]
async fn a_ping_tells_of_each_target_and_fails_if_one_does_not_answer() {
    let sim = model::start(model::Config::default()).await.unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let targets = [
        target("good", "openai", "sim-main", &sim.url("/v1")),
        target("gone", "local", "m", &format!("http://{free}/v1")),
    ];
    let config = config(&targets.concat()).await;
    let ping = |name: Option<&str>| Models::Ping { name: name.map(str::to_owned) };
    let found = run(&config, Some(&ping(None)), false).await.unwrap();
    assert!(!found.ok);
    let lines: Vec<&str> = found.text.lines().collect();
    assert!(
        lines[1].starts_with("gone")
            && lines[1].contains("server_error")
            && lines[1].contains("check base_url"),
        "{}",
        lines[1]
    );
    assert!(lines[2].starts_with("good") && lines[2].contains("ok in "), "{}", lines[2]);
    let one = run(&config, Some(&ping(Some("good"))), true).await.unwrap();
    assert!(one.ok);
    let told: Value = serde_json::from_str(&one.text).unwrap();
    assert_eq!((told.as_array().unwrap().len(), &told[0]["ok"]), (1, &Value::from(true)));
    let Err(error) = run(&config, Some(&ping(Some("other"))), false).await else {
        panic!("it has no such target")
    };
    assert!(error.to_string().contains("it is none of the targets gone, good"), "{error}");
}

#[tokio::test]
async fn every_key_of_a_target_is_listed_and_asked_by_its_number() {
    let sim = model::start(model::Config { api_keys: vec!["sk-sim".into()], ..model::Config::default() });
    let sim = sim.await.unwrap();
    let targets = [
        target("many", "openai", "sim-main", &sim.url("/v1")),
        "api_keys = ['sk-revoked']\ninput_tokens_per_minute = 1000\noutput_tokens_per_minute = 500\n"
            .to_owned(),
        target("one", "openai", "sim-main", &sim.url("/v1")),
    ];
    let config = config(&targets.concat()).await;
    let listed = run(&config, None, false).await.unwrap().text;
    let lines: Vec<&str> = listed.lines().collect();
    for part in ["2 set", "60/min, 1000 input/min, 500 output/min"] {
        assert!(lines[1].contains(part), "{part} in {}", lines[1]);
    }
    let listed: Value = serde_json::from_str(&run(&config, None, true).await.unwrap().text).unwrap();
    assert_eq!((&listed[0]["keys"], &listed[1]["keys"]), (&Value::from(2), &Value::from(1)));
    assert_eq!(listed[0]["limits"]["input_tokens_per_minute"], 1_000.0);

    let found = run(&config, Some(&Models::Ping { name: None }), true).await.unwrap();
    assert!(!found.ok && !found.text.contains("sk-"), "{}", found.text);
    let told: Value = serde_json::from_str(&found.text).unwrap();
    let told: Vec<_> =
        told.as_array().unwrap().iter().map(|it| (&it["target"], &it["key"], &it["ok"])).collect();
    let [many, one, none] = [Value::from("many"), Value::from("one"), Value::Null];
    let [yes, no] = [true, false].map(Value::from);
    let [first, second] = [1, 2].map(Value::from);
    assert_eq!(told, [(&many, &first, &yes), (&many, &second, &no), (&one, &none, &yes)]);
}
