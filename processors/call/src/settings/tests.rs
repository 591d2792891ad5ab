use catalogue::Provider;

use super::*;

const CATALOGUE: &str = r#"
    [[app]]
    key = "acme#support"
    chain = ["main", "spare"]
    allowed_regions = ["cn"]
    [[app.bot]]
    id = "bot"
    [[target]]
    name = "main"
    provider = "openai"
    model = "m1"
    region = "cn"
    timeout = "20s"
    [[target]]
    name = "spare"
    provider = "local"
    model = "m2"
    region = "cn"
    timeout = "60s"
"#;

const GOOD: &str = r#"
    [[target]]
    name = "main"
    base_url = "https://api.example.com/v1/"
    api_key = "sk-hush"
    organization = "org-1"
    [[target]]
    name = "spare"
    base_url = "http://127.0.0.1:11434/v1"
"#;

fn checked(section: &str) -> Result<Settings, Vec<String>> {
    let bundle = catalogue::validate(&toml::from_str(CATALOGUE).unwrap()).unwrap();
    let raw: RawCall = toml::from_str(section).unwrap();
    validate(&raw, &bundle)
        .map_err(|problems| problems.into_iter().map(|it| format!("{}: {}", it.place, it.what)).collect())
}

#[test]
fn a_complete_section_is_taken_and_shows_no_key() {
    let settings = checked(GOOD).unwrap();
    assert_eq!((settings.addresses.len(), settings.max_running), (2, 2_000));
    assert!(!format!("{settings:?}").contains("sk-hush"));
    assert_eq!(settings.overload, Overload::Shed, "one target leaves room for the other");
    assert_eq!(checked(&format!("overload = \"wait\"\n{GOOD}")).unwrap().overload, Overload::Wait);
}

#[test]
fn every_target_needs_one_entry_and_every_entry_a_target() {
    let entries = r#"
        max_running = 0
        [[target]]
        name = "main"
        base_url = "https://api.example.com/v1"
        [[target]]
        name = "other"
        base_url = "http://127.0.0.1/v1"
    "#;
    let expected = [
        "call: max_running must be more than zero",
        "call.target \"main\": its api_key is not set",
        "call.target \"other\": there is no [[target]] of that name",
        "target \"spare\": it has no entry [[call.target]]",
    ];
    assert_eq!(checked(entries).unwrap_err(), expected);
    let twice = format!("{GOOD}[[target]]\nname = \"spare\"\nbase_url = \"http://127.0.0.1/v1\"");
    assert_eq!(checked(&twice).unwrap_err(), ["call.target \"spare\": it is configured twice"]);
}

#[test]
fn an_address_that_cannot_be_called_is_refused() {
    let addresses = [
        "api.example.com/v1",
        "ftp://host/v1",
        "https://me:hush@host/v1",
        "http://",
        "https://host/v1?key=hush",
        "https://host/v1/chat/completions",
        "https://host/v1/chat/completions/",
        "https://host/v1/Chat/Completions",
        "https://host/v1/completions",
        "https://host/v1/responses",
    ];
    for address in addresses {
        let section = GOOD.replace("http://127.0.0.1:11434/v1", address);
        let problems = checked(&section).unwrap_err();
        assert_eq!(problems.len(), 1, "{address}");
        assert!(problems[0].starts_with("call.target \"spare\": its base_url"), "{problems:?}");
        assert!(!problems[0].contains("hush"));
    }
}

#[test]
fn a_key_that_no_header_takes_is_refused() {
    for (from, to, why) in [
        ("sk-hush", "sk-hush\\n", "api_key: it holds a line break"),
        ("sk-hush", "sk-hush ", "api_key: it begins or ends with a space"),
        ("sk-hush", "sk-hush，", "api_key: it holds a space or a character beyond ASCII"),
        ("sk-hush", "Bearer sk-hush", "api_key: it begins with Bearer, which is put before it"),
        ("org-1", "org 1", "organization: it holds a space"),
        ("org-1", "", "organization: it is empty"),
    ] {
        let problems = checked(&GOOD.replace(from, to)).unwrap_err();
        assert_eq!(problems.len(), 1, "{to}");
        assert!(problems[0].starts_with(&format!("call.target \"main\": {why}")), "{problems:?}");
        assert!(!problems[0].contains("hush"));
    }
}

#[test]
fn an_organization_is_refused_where_the_provider_takes_none() {
    let raw: RawCall = toml::from_str(GOOD).unwrap();
    let demands = Demands { takes_organization: false, ..families::of(Provider::Openai).demands() };
    let mut problems = Problems::default();
    address(&raw.target[0], "call.target \"main\"", demands, &mut problems);
    let told = problems.finish(Some(())).unwrap_err();
    assert_eq!(
        told.iter().map(|it| it.what.as_str()).collect::<Vec<_>>(),
        ["organization: its provider takes none"]
    );
}

#[test]
fn only_fields_that_are_no_part_of_the_question_may_be_left_out() {
    let section = format!("{GOOD}omit = [\"user\", \"max_tokens\"]");
    let addresses = checked(&section).unwrap().addresses;
    let omitted = |name: &str| addresses[&TargetName::new(name).unwrap()].omit.clone();
    assert_eq!((omitted("spare"), omitted("main")), (vec!["user", "max_tokens"], vec![]));
    let problems = checked(&format!("{GOOD}omit = [\"usr\", \"messages\"]")).unwrap_err();
    let all = "safety_identifier, temperature, max_tokens, max_completion_tokens";
    let expected = ["usr", "messages"].map(|name| {
        format!("call.target \"spare\": \"{name}\" is no field that may be left out: user, {all}")
    });
    assert_eq!(problems, expected);
}

#[test]
fn the_client_may_not_cut_a_target_short() {
    let section = format!("client.idle_timeout = '30s'\n{GOOD}");
    let expected =
        ["target \"spare\": its timeout of 60000 ms is longer than call.client.idle_timeout, raise that"];
    assert_eq!(checked(&section).unwrap_err(), expected);
}

#[test]
fn every_problem_of_every_table_is_told_with_its_place() {
    let tables =
        "health.breaker_open = '0s'\nhealth.pause_base = '1h'\nclient.proxy = 'on'\nchain.max_attempts = 0\n";
    let expected = [
        "call.client: proxy must be off, environment or an http address",
        "call.chain: max_attempts must be more than zero",
        "call.health: pause_base must not exceed pause_cap",
        "call.health: breaker_open must be more than zero",
    ];
    assert_eq!(checked(&format!("{tables}{GOOD}")).unwrap_err(), expected);
}

#[test]
fn an_unknown_key_is_refused() {
    let error = toml::from_str::<RawCall>("max_runing = 3").unwrap_err();
    assert!(error.to_string().contains("max_runing"), "{error}");
}

#[test]
fn what_a_provider_allows_is_taken_as_it_is_written_and_nothing_is_refused() {
    let limits = "requests_per_second = 2.5\nrequests_per_minute = 60\nmax_concurrent = 4\n";
    let section = GOOD.replacen("organization = \"org-1\"\n", limits, 1);
    let settings = checked(&section).unwrap();
    let expected = Limits { per_second: Some(2.5), per_minute: Some(60.0), at_once: Some(4) };
    assert_eq!(settings.limits["main"], expected);
    assert_eq!(settings.limits["spare"], Limits::default());
    for (limit, key) in [
        ("requests_per_second = 0", "requests_per_second"),
        ("requests_per_second = -1.0", "requests_per_second"),
        ("requests_per_minute = nan", "requests_per_minute"),
        ("requests_per_minute = inf", "requests_per_minute"),
        ("max_concurrent = 0", "max_concurrent"),
    ] {
        let section = GOOD.replacen("organization = \"org-1\"", limit, 1);
        let expected = format!("call.target \"main\": its {key} must be more than zero");
        assert_eq!(checked(&section).unwrap_err(), [expected], "{limit}");
    }
}
