//! Targets with several keys, and what providers tell of their limits.

use std::time::{Duration, Instant};

use schemas::answered::{Answered, Outcome};
use schemas::ids::TargetName;
use simulators::model::{self, Config};

use crate::server::{Answer, Server, completion};
use crate::world::{World, attempts, catalogue, reason, text};

/// A target with these keys at a provider that takes `sk-good` only.
async fn world(keys: &str) -> World {
    let sim = model::start(Config { api_keys: vec!["sk-good".into()], ..Config::default() }).await.unwrap();
    let base = sim.url("/v1");
    let section = format!(
        r#"
        [[target]]
        name = "main"
        base_url = "{base}"
        api_keys = {keys}
        [[target]]
        name = "spare"
        base_url = "{base}"
        api_key = "sk-good"
        "#
    );
    World::built(sim, &catalogue("sim-main", "sim-spare"), &section)
}

/// The outcome of a question of this person, for whom only the first target is there.
async fn ask(world: &World, person: &str) -> Answered {
    let mut request = world.request("hello", 10_000);
    request.chain = vec![TargetName::new("main").unwrap()];
    request.lane = serde_json::from_value(format!("acme#support/group/7@{person}").into()).unwrap();
    world.run(&request).await
}

#[tokio::test]
async fn a_refused_key_rests_while_the_other_serves_and_nobody_goes_without_an_answer() {
    let world = world(r#"["sk-revoked", "sk-good"]"#).await;
    let mut refused = 0;
    for person in 0..12 {
        let answered = ask(&world, &format!("p{person}")).await;
        assert!(matches!(answered.outcome, Outcome::Done { .. }), "{:?}", answered.outcome);
        refused += attempts(&answered).iter().filter(|(_, class)| *class == "auth").count();
    }
    assert_eq!(refused, 2, "a second lane confirms what the first one met");
    let answered = ask(&world, "p0").await;
    assert_eq!(answered.attempts[0].key, Some(2), "the record names the key by its place");
    let mut request = world.request("hello", 10_000);
    request.chain = vec![TargetName::new("spare").unwrap()];
    assert_eq!(world.run(&request).await.attempts[0].key, None, "it has only one");
}

#[tokio::test]
async fn with_every_key_refused_a_person_hears_of_it_at_once() {
    let world = world(r#"["sk-revoked", "sk-stolen"]"#).await;
    for person in ["p1", "p2"] {
        let answered = ask(&world, person).await;
        assert_eq!((reason(&answered), answered.attempts.len()), ("auth", 2), "both keys are tried");
    }
    let asked = Instant::now();
    let answered = ask(&world, "p3").await;
    assert_eq!((reason(&answered), answered.attempts.len()), ("unavailable", 0));
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
}

#[tokio::test]
async fn what_a_provider_tells_of_its_limits_spaces_the_next_calls() {
    let (main, spare) = (Server::start().await, Server::start().await);
    let world = World::of_servers(&main, &spare, &catalogue("m", "m")).await;
    let empty = Answer::new(200, completion("first"))
        .with("x-ratelimit-limit-requests: 120")
        .with("x-ratelimit-remaining-requests: 0")
        .with("x-ratelimit-reset-requests: 1m0s");
    main.will([empty]);
    assert_eq!(text(&ask(&world, "p1").await), "first");
    let asked = Instant::now();
    assert_eq!(text(&ask(&world, "p2").await), "OTHER");
    assert!(
        asked.elapsed() >= Duration::from_millis(400),
        "half a second for each call: {:?}",
        asked.elapsed()
    );
    assert!(asked.elapsed() < Duration::from_secs(3));
}
