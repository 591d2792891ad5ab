//! Several attempts.

use std::sync::Arc;
use std::time::Duration;

use outbound::{
    Attempt, Chain, ChainConfig, Class, Failure, HealthConfig, Limits, Link, Origin, Pace, PaceNames, Ran,
    Target,
};

use crate::{
    AsText, after, client, request,
    server::{Act, Server},
};

async fn run(servers: &[Server], deadline: Duration, attempt_timeout: Duration) -> Ran<String> {
    let rules = ChainConfig {
        min_useful: Duration::from_millis(50),
        backoff_base: Duration::from_millis(20),
        ..ChainConfig::default()
    };
    let health = HealthConfig::default().validate("health").unwrap();
    let link = |server: &Server| {
        let names = PaceNames { target: server.address.as_str().into(), limit: "requests" };
        let pace = Pace::new(names, Limits::default(), health.pauses());
        let target = Target::new(server.address.as_str(), &health, vec![Arc::clone(&pace)]);
        Link { target, pace, capacity: 0, attempt_timeout }
    };
    let origin = Origin::new("acme#support", "lane");
    let chain = Chain::new(rules.validate("chain").unwrap(), servers.iter().map(link).collect());
    let client = client();
    let run = chain.run(&origin, after(deadline), |slot| {
        let request = request(&servers[slot.target].address);
        let client = &client;
        async move { client.call(&request, slot.deadline, &AsText).await }
    });
    sendable(run).await
}

/// Callers run requests on worker threads.
fn sendable<F: Future + Send>(future: F) -> F {
    future
}

fn story(attempts: &[Attempt]) -> Vec<(usize, &'static str)> {
    attempts
        .iter()
        .map(|attempt| (attempt.target, attempt.failure.as_ref().map_or("ok", Failure::label)))
        .collect()
}

#[tokio::test]
async fn a_server_error_is_followed_by_a_success() {
    let script = vec![Act::Answer(500, "", String::new()), Act::Answer(200, "", "fine".into())];
    let server = Server::playing(script).await;
    let ran = run(&[server], Duration::from_secs(20), Duration::from_secs(5)).await;
    assert_eq!(ran.result.as_deref(), Ok("fine"));
    assert_eq!(story(&ran.attempts), [(0, "server_error"), (0, "ok")]);
}

#[tokio::test]
async fn a_hang_a_reset_and_a_rate_limit_lead_along_the_chain() {
    let servers = [
        Server::playing(vec![Act::Hang]).await,
        Server::playing(vec![Act::ResetInBody]).await,
        Server::playing(vec![Act::Answer(429, "retry-after: 30\r\n", String::new())]).await,
        Server::playing(vec![Act::Answer(200, "", "fine".into())]).await,
    ];
    let ran = run(&servers, Duration::from_secs(20), Duration::from_millis(300)).await;
    assert_eq!(ran.result.as_deref(), Ok("fine"));
    assert_eq!(story(&ran.attempts), [(0, "timeout"), (1, "protocol"), (2, "rate_limited"), (3, "ok")]);
}

#[tokio::test]
async fn an_asked_wait_is_kept_before_the_same_target_comes_again() {
    let script =
        vec![Act::Answer(503, "retry-after-ms: 400\r\n", String::new()), Act::Answer(200, "", "fine".into())];
    let server = Server::playing(script).await;
    let ran = run(&[server], Duration::from_secs(20), Duration::from_secs(5)).await;
    assert_eq!(story(&ran.attempts), [(0, "overloaded"), (0, "ok")]);
    assert!(ran.attempts[1].started >= Duration::from_millis(400), "{:?}", ran.attempts);
}

#[tokio::test]
async fn a_chain_of_hanging_servers_ends_at_the_deadline() {
    let servers = [Server::playing(vec![Act::Hang; 9]).await, Server::playing(vec![Act::Hang; 9]).await];
    let began = std::time::Instant::now();
    let ran = run(&servers, Duration::from_millis(500), Duration::from_millis(300)).await;
    let took = began.elapsed();
    assert!(took < Duration::from_secs(2), "{took:?}");
    let ending = ran.result.unwrap_err();
    assert_eq!(ending.label(), "deadline");
    assert_eq!(ending.last.map(|failure| failure.class), Some(Class::Timeout));
    assert_eq!(story(&ran.attempts), [(0, "timeout"), (1, "timeout")]);
}
