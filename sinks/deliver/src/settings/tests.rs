use super::*;

const CATALOGUE: &str = r#"
    [[app]]
    key = "acme#support"
    chain = ["main"]
    allowed_regions = ["cn"]
    label = "AI"
    [[app.bot]]
    id = "bot"
    [[target]]
    name = "main"
    provider = "local"
    model = "m"
    region = "cn"
"#;

const GOOD: &str = r#"
    [[app]]
    key = "acme#support"
    base_url = "https://a1.easemob.com/"
    client_id = "id"
    client_secret = "hush"
    token_ttl = "1h"
"#;

fn checked(section: &str) -> Result<Settings, Vec<String>> {
    let bundle = catalogue::validate(&toml::from_str(CATALOGUE).unwrap()).unwrap();
    let raw: RawDeliver = toml::from_str(section).unwrap();
    validate(&raw, &bundle)
        .map_err(|problems| problems.into_iter().map(|it| format!("{}: {}", it.place, it.what)).collect())
}

fn app(section: &str) -> AppSettings {
    checked(section).unwrap().apps.into_values().next().unwrap()
}

#[test]
fn a_complete_section_is_taken_and_shows_no_secret() {
    let settings = checked(GOOD).unwrap();
    assert_eq!(settings.policy.attempt_timeout, Duration::from_secs(60), "well above slow hours");
    assert!(!format!("{settings:?}").contains("hush"));
    assert_eq!(settings.overload, Overload::Wait, "a single app crowds nobody out");
    assert_eq!(checked(&format!("overload = \"shed\"\n{GOOD}")).unwrap().overload, Overload::Shed);
    let app = app(GOOD);
    assert_eq!(app.base.as_str(), "https://a1.easemob.com/acme/support");
    assert_eq!(app.token_ttl, Some(Duration::from_secs(3_600)));
}

#[test]
fn a_table_that_changes_one_key_keeps_the_steps_own_defaults() {
    let raw: RawDeliver =
        toml::from_str("client.connect_timeout = '1s'\nhealth.breaker_open = '5s'").unwrap();
    assert_eq!(raw.client.connect_timeout, Duration::from_secs(1));
    assert_eq!(raw.client.attempt_timeout, Duration::from_secs(60));
    assert_eq!(raw.health.cooldown_long, Duration::from_secs(10));
    let raw: RawDeliver = toml::from_str("client.attempt_timeout = '2s'").unwrap();
    assert_eq!(raw.client.attempt_timeout, Duration::from_secs(2));
    for key in ["client.atempt_timeout = '2s'", "health.cooldown_lon = '2s'", "max_resends = 3"] {
        let error = toml::from_str::<RawDeliver>(key).unwrap_err().to_string();
        let name = key.split(' ').next().and_then(|name| name.split('.').next_back()).unwrap();
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn the_stricter_of_the_two_limits_of_users_holds() {
    let limits = |more: &str| app(&format!("{GOOD}{more}")).per_second;
    assert!((limits("").users - 100.0).abs() < 1e-9 && (limits("").groups - 20.0).abs() < 1e-9);
    assert!((limits("messages_per_minute = 600").users - 10.0).abs() < 1e-9);
    assert!((limits("users_per_second = 30").users - 30.0).abs() < 1e-9);
}

#[test]
fn every_app_needs_one_entry_and_every_entry_an_app() {
    let other = GOOD.replace("acme#support", "acme#sales");
    let expected = [
        "deliver.app \"acme#sales\": there is no [[app]] of that key",
        "app \"acme#support\": it has no entry [[deliver.app]]",
    ];
    assert_eq!(checked(&other).unwrap_err(), expected);
    let twice = format!("{GOOD}{GOOD}");
    assert_eq!(checked(&twice).unwrap_err(), ["deliver.app \"acme#support\": it is configured twice"]);
}

#[test]
fn values_that_cannot_work_are_named() {
    for (from, to, problem) in [
        ("hush", "", "client_secret: it is empty"),
        ("hush", "hush\\n", "client_secret: it holds a line break"),
        ("\"id\"", "\" id\"", "client_id: it begins or ends with a space"),
        ("\"id\"", "\"\"", "client_id: it is empty"),
        (
            ".com/",
            ".com/acme/support",
            "its base_url names the organisation; organisation and app are added to it",
        ),
        (
            ".com/",
            ".com/ACME/support/",
            "its base_url names the organisation; organisation and app are added to it",
        ),
        (".com/", ".com/acme", "its base_url names the organisation; organisation and app are added to it"),
        (
            ".com/",
            ".com/v1/acme/support/token",
            "its base_url names the organisation; organisation and app are added to it",
        ),
        ("1h", "1500ms", "token_ttl: it is not in whole seconds"),
        ("https://a1.easemob.com/", "a1.easemob.com", "its base_url is no http address of a host"),
        ("https://a1", "https://me:hush@a1", "its base_url holds more than an address"),
    ] {
        let expected = [format!("deliver.app \"acme#support\": {problem}")];
        assert_eq!(checked(&GOOD.replace(from, to)).unwrap_err(), expected);
    }
    let zero = format!("{GOOD}groups_per_second = 0");
    assert_eq!(
        checked(&zero).unwrap_err(),
        ["deliver.app \"acme#support\": groups_per_second: it must be more than zero"]
    );
    for (lines, problem) in [
        (
            "backoff_base = '0s'",
            "deliver: backoff_base must be more than zero and must not exceed backoff_cap",
        ),
        (
            "client.idle_timeout = '5s'",
            "deliver.client: idle_timeout must not be shorter than attempt_timeout",
        ),
    ] {
        assert_eq!(checked(&format!("{lines}\n{GOOD}")).unwrap_err(), [problem]);
    }
    let several = format!("max_running = 0\nbackoff_cap = '1ms'\nclient.idle_timeout = '5s'\n{GOOD}");
    assert_eq!(checked(&several.replace("hush", "")).unwrap_err().len(), 4, "all are told at once");
}

#[test]
fn every_key_has_a_meaning_in_the_schema() {
    let schema = schemars::schema_for!(RawDeliver).to_value();
    for keys in [&schema["properties"], &schema["$defs"]["RawDeliverApp"]["properties"]] {
        let keys = keys.as_object().unwrap();
        let silent: Vec<_> = keys.iter().filter(|(_, key)| key["description"].as_str().is_none()).collect();
        assert!(silent.is_empty() && keys.len() > 6, "{silent:?}");
    }
}
