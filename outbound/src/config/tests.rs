use super::*;

#[test]
fn an_empty_section_means_the_defaults_and_they_are_valid() {
    let chain: ChainConfig = toml::from_str("").unwrap();
    assert_eq!(chain, ChainConfig::default());
    chain.validate().unwrap();
    toml::from_str::<HealthConfig>("").unwrap().validate().unwrap();
    let client = toml::from_str::<ClientConfig>("").unwrap().validate().unwrap();
    assert_eq!(client.max_body_bytes, 4 << 20);
}

#[test]
fn durations_are_read_and_unknown_keys_refused() {
    let chain: ChainConfig = toml::from_str("min_useful = '250ms'").unwrap();
    assert_eq!(chain.min_useful, Duration::from_millis(250));
    let error = toml::from_str::<ChainConfig>("min_usefull = '250ms'").unwrap_err();
    assert!(error.to_string().contains("min_usefull"), "{error}");
    let error = toml::from_str::<HealthConfig>("breaker_open = '15'").unwrap_err();
    assert!(error.to_string().contains("one of ms, s, m, h"), "{error}");
}

#[test]
fn values_that_cannot_work_are_refused_by_name() {
    let zero = ChainConfig { max_attempts: Some(0), ..ChainConfig::default() };
    assert_eq!(zero.validate().unwrap_err(), ConfigError::Zero { key: "max_attempts" });
    let order = HealthConfig { breaker_open_cap: Duration::from_secs(1), ..HealthConfig::default() };
    let expected = ConfigError::Order { lower: "breaker_open", upper: "breaker_open_cap" };
    assert_eq!(order.validate().unwrap_err(), expected);
    let percent = HealthConfig { retry_percent: 101, ..HealthConfig::default() };
    assert_eq!(percent.validate().unwrap_err(), ConfigError::Percent { key: "retry_percent" });
    let agent = ClientConfig { user_agent: "a\nb".to_owned(), ..ClientConfig::default() };
    assert_eq!(agent.validate().unwrap_err(), ConfigError::UserAgent);
    for proxy in ["", "on", "ftp://host", "http://"] {
        let config = ClientConfig { proxy: proxy.to_owned(), ..ClientConfig::default() };
        assert_eq!(config.validate().unwrap_err(), ConfigError::Proxy, "{proxy:?}");
    }
}

#[test]
fn a_proxy_password_is_never_printed() {
    let config = ClientConfig { proxy: "http://me:hush@proxy:3128".to_owned(), ..ClientConfig::default() };
    assert!(!format!("{config:?} {:?}", config.validate().unwrap()).contains("hush"));
}
