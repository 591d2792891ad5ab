use std::time::Duration;

use super::*;

#[test]
fn an_empty_section_means_the_defaults_and_they_are_valid() {
    let chain: ChainConfig = toml::from_str("").unwrap();
    assert_eq!(chain, ChainConfig::default());
    chain.validate("call.chain").unwrap();
    toml::from_str::<HealthConfig>("").unwrap().validate("x").unwrap();
    let client = toml::from_str::<ClientConfig>("").unwrap().validate("x").unwrap();
    assert_eq!(client.max_body_bytes, 4 << 20);
}

#[test]
fn durations_are_read_and_unknown_keys_refused() {
    let chain: ChainConfig = toml::from_str("min_useful = '250ms'").unwrap();
    assert_eq!(chain.min_useful, Duration::from_millis(250));
    let error = toml::from_str::<ChainConfig>("min_usefull = '250ms'").unwrap_err();
    assert!(error.to_string().contains("min_usefull"), "{error}");
    let error = toml::from_str::<HealthConfig>("breaker_open = '15'").unwrap_err();
    assert!(error.to_string().contains("is no duration such as"), "{error}");
}

fn told<T>(checked: Result<T, Vec<Problem>>) -> Vec<String> {
    let problems = checked.map(drop).unwrap_err();
    problems.iter().map(|problem| format!("{}: {}", problem.place, problem.what)).collect()
}

#[test]
fn every_value_that_cannot_work_is_refused_by_its_key() {
    let chain = ChainConfig {
        max_attempts: Some(0),
        backoff_base: Duration::ZERO,
        backoff_cap: Duration::ZERO,
        ..ChainConfig::default()
    };
    assert_eq!(
        told(chain.validate("call.chain")),
        [
            "call.chain: max_attempts must be more than zero",
            "call.chain: backoff_base must be more than zero"
        ]
    );
    let health = HealthConfig {
        breaker_open_cap: Duration::from_secs(1),
        pause_cap: Duration::ZERO,
        breaker_failure_percent: 101,
        retry_percent: 101,
        ..HealthConfig::default()
    };
    assert_eq!(
        told(health.validate("call.health")),
        [
            "call.health: breaker_open must not exceed breaker_open_cap",
            "call.health: pause_base must not exceed pause_cap",
            "call.health: breaker_failure_percent must be at most 100 percent",
            "call.health: retry_percent must be at most 100 percent",
        ]
    );
    let client = ClientConfig {
        user_agent: "a\nb".to_owned(),
        idle_timeout: Duration::ZERO,
        max_body_bytes: 0,
        ..ClientConfig::default()
    };
    assert_eq!(
        told(client.validate("deliver.client")),
        [
            "deliver.client: user_agent must be visible ascii",
            "deliver.client: idle_timeout must be more than zero",
            "deliver.client: max_body_bytes must be more than zero",
        ]
    );
}

#[test]
fn a_proxy_is_off_the_environments_or_an_http_address() {
    for proxy in ["", "on", "ftp://host", "http://"] {
        let config = ClientConfig { proxy: proxy.to_owned(), ..ClientConfig::default() };
        let expected = "call.client: proxy must be off, environment or an http address";
        assert_eq!(told(config.validate("call.client")), [expected], "{proxy:?}");
    }
    for proxy in ["off", "environment", "http://proxy:3128"] {
        let config = ClientConfig { proxy: proxy.to_owned(), ..ClientConfig::default() };
        config.validate("call.client").unwrap();
    }
}

#[test]
fn the_schema_of_every_section_describes_every_key() {
    let schemas = [
        schemars::schema_for!(ChainConfig),
        schemars::schema_for!(ClientConfig),
        schemars::schema_for!(HealthConfig),
    ];
    for schema in schemas {
        let fields = schema.get("properties").unwrap().as_object().unwrap();
        for (key, field) in fields {
            assert!(field.get("description").is_some(), "{key}: {field}");
        }
    }
}

#[test]
fn a_proxy_password_is_never_printed() {
    let config = ClientConfig { proxy: "http://me:hush@proxy:3128".to_owned(), ..ClientConfig::default() };
    assert!(!format!("{config:?} {:?}", config.validate("call.client").unwrap()).contains("hush"));
}
