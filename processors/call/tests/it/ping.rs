//! One call to one target, and what it says is to be mended.

use std::sync::Arc;

use call::Pinged;
use catalogue::Target;
use pipeline::WallClock;
use simulators::model::{self, Config};

/// Asks a target whose model and key are these.
async fn ping(provider: &str, model: &str, base_url: &str, key: &str) -> (Target, Pinged) {
    let catalogue = format!(
        "[[target]]\nname = 'main'\nprovider = '{provider}'\nmodel = '{model}'\nregion = 'cn'\ntimeout = '2s'"
    );
    let bundle = catalogue::validate(&toml::from_str(&catalogue).unwrap()).unwrap();
    let section = format!("[[target]]\nname = 'main'\nbase_url = '{base_url}'\napi_key = '{key}'");
    let settings = call::validate(&toml::from_str(&section).unwrap(), &bundle).unwrap();
    let (name, target) = bundle.targets.first_key_value().unwrap();
    let pinged = call::ping(settings, &bundle, name, Arc::new(WallClock)).await.unwrap();
    (target.clone(), pinged)
}

#[tokio::test]
async fn a_target_that_answers_has_nothing_to_be_mended() {
    let sim = model::start(Config { api_keys: vec!["sk-sim".into()], ..Config::default() }).await.unwrap();
    for provider in ["openai", "local"] {
        let (target, pinged) = ping(provider, "sim-main", &sim.url("/v1"), "sk-sim").await;
        assert_eq!(pinged.advice(&target), None, "{pinged:?}");
        let attempt = pinged.attempt.unwrap();
        assert_eq!((attempt.number, attempt.status), (1, Some(200)));
        assert!(attempt.usage.is_some_and(|usage| usage.output <= 1), "one token was asked for");
    }
}

#[tokio::test]
async fn a_target_that_does_not_answer_says_what_is_to_be_mended() {
    let sim = model::start(Config { api_keys: vec!["sk-sim".into()], ..Config::default() }).await.unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nowhere = format!("http://{free}/v1");
    for (model, base, key, class, advice) in [
        ("sim-main", sim.url("/v1"), "sk-other", "auth", "check api_key"),
        ("sim-main", sim.url("/nothing"), "sk-sim", "model_unavailable", "check the model's name"),
        ("sim-main", nowhere, "sk-sim", "server_error", "check base_url and whether it is up"),
    ] {
        let (target, pinged) = ping("openai", model, &base, key).await;
        assert_eq!(pinged.failed, Some(class), "{pinged:?}");
        let mend = pinged.advice(&target).unwrap();
        assert!(mend.contains(advice), "{mend}");
    }
}
