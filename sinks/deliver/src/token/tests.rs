use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use outbound::Class;

use super::*;

/// A token endpoint that counts and takes its time.
#[derive(Default)]
struct Endpoint {
    fetches: AtomicU32,
    down: std::sync::atomic::AtomicBool,
}

impl Endpoint {
    async fn fetch(&self) -> Result<Granted, Failure> {
        let number = self.fetches.fetch_add(1, Ordering::Relaxed) + 1;
        tokio::time::sleep(Duration::from_millis(50)).await;
        if self.down.load(Ordering::Relaxed) {
            return Err(Failure::new(Class::ServerError, "down"));
        }
        Ok(Granted { token: Secret::new(format!("t{number}")), life: Duration::from_secs(100) })
    }

    fn fetched(&self) -> u32 {
        self.fetches.load(Ordering::Relaxed)
    }
}

async fn after(seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(1)
}

async fn text(tokens: &Tokens, endpoint: &Endpoint) -> String {
    tokens.get(soon(), || endpoint.fetch()).await.unwrap().text.expose().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_token_is_fetched_once_for_fifty_who_ask_at_once() {
    let (tokens, endpoint) = (Arc::new(Tokens::default()), Arc::new(Endpoint::default()));
    let asking = (0..50).map(|_| {
        let (tokens, endpoint) = (Arc::clone(&tokens), Arc::clone(&endpoint));
        tokio::spawn(async move { text(&tokens, &endpoint).await })
    });
    for asked in asking.collect::<Vec<_>>() {
        assert_eq!(asked.await.unwrap(), "t1");
    }
    assert_eq!(endpoint.fetched(), 1);
}

#[tokio::test(start_paused = true)]
async fn at_half_its_life_one_caller_fetches_the_next_and_the_others_go_on_with_the_old() {
    let (tokens, endpoint) = (Tokens::default(), Endpoint::default());
    text(&tokens, &endpoint).await;
    after(49).await;
    assert_eq!(text(&tokens, &endpoint).await, "t1");
    after(2).await;
    let (first, second) = tokio::join!(text(&tokens, &endpoint), text(&tokens, &endpoint));
    assert_eq!((first.as_str(), second.as_str()), ("t2", "t1"));
    assert_eq!(endpoint.fetched(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_aging_token_is_used_on_while_its_endpoint_is_down_which_is_asked_once_a_minute() {
    let (tokens, endpoint) = (Tokens::default(), Endpoint::default());
    text(&tokens, &endpoint).await;
    after(60).await;
    endpoint.down.store(true, Ordering::Relaxed);
    for _ in 0..125 {
        assert_eq!(text(&tokens, &endpoint).await, "t1");
        after(1).await;
    }
    assert_eq!(endpoint.fetched(), 1 + 3);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_is_down_is_asked_by_one_every_few_seconds_and_all_go_on_when_it_is_back() {
    let (tokens, endpoint) = (Arc::new(Tokens::default()), Arc::new(Endpoint::default()));
    endpoint.down.store(true, Ordering::Relaxed);
    let begun = Instant::now();
    let waiting: Vec<_> = (0..500)
        .map(|_| {
            let (tokens, endpoint) = (Arc::clone(&tokens), Arc::clone(&endpoint));
            tokio::spawn(async move {
                tokens.get(begun + Duration::from_secs(3_600), || endpoint.fetch()).await.unwrap();
                begun.elapsed()
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(600)).await;
    let asked = endpoint.fetched();
    assert!((140..=155).contains(&asked), "{asked} times within ten minutes");
    endpoint.down.store(false, Ordering::Relaxed);
    for waited in waiting {
        let back = waited.await.unwrap() - Duration::from_secs(600);
        assert!(back < Duration::from_secs(5), "{back:?}");
    }
    assert_eq!(endpoint.fetched(), asked + 1);
}

#[tokio::test(start_paused = true)]
async fn who_has_no_time_for_the_next_try_has_the_failure() {
    let (tokens, endpoint) = (Tokens::default(), Endpoint::default());
    endpoint.down.store(true, Ordering::Relaxed);
    let latest = Instant::now() + Duration::from_millis(500);
    let failure = tokens.get(latest, || endpoint.fetch()).await.unwrap_err();
    assert_eq!(failure.class, Class::ServerError);
    assert_eq!(tokens.get(latest, || endpoint.fetch()).await.unwrap_err(), failure);
    assert_eq!(endpoint.fetched(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_ends_is_replaced_at_once_and_once_for_all_who_held_it() {
    let (tokens, endpoint) = (Tokens::default(), Endpoint::default());
    let old = tokens.get(soon(), || endpoint.fetch()).await.unwrap();
    tokens.accepted(&old);
    let begun = Instant::now();
    let replacing = (0..50).map(|_| async {
        tokens.refused(&old);
        text(&tokens, &endpoint).await
    });
    for replaced in join_all(replacing).await {
        assert_eq!(replaced, "t2");
    }
    assert!(begun.elapsed() < Duration::from_millis(100));
    assert_eq!(endpoint.fetched(), 2);
    tokens.refused(&old);
    assert_eq!(
        (tokens.held().unwrap().text.expose(), endpoint.fetched()),
        ("t2", 2),
        "its successor is good"
    );
}

#[tokio::test(start_paused = true)]
async fn tokens_that_never_worked_are_replaced_ever_more_slowly_until_one_does() {
    let (tokens, endpoint) = (Tokens::default(), Endpoint::default());
    let mut seconds = Vec::new();
    let mut held = tokens.get(soon(), || endpoint.fetch()).await.unwrap();
    for _ in 0..6 {
        let begun = Instant::now();
        tokens.refused(&held);
        let latest = begun + Duration::from_secs(60);
        held = tokens.get(latest, || endpoint.fetch()).await.unwrap();
        seconds.push(begun.elapsed().as_secs());
    }
    assert_eq!(seconds, [1, 2, 4, 8, 10, 10]);
    tokens.accepted(&held);
    tokens.refused(&held);
    let begun = Instant::now();
    tokens.get(soon(), || endpoint.fetch()).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(1));
}

#[test]
fn a_token_is_never_printed() {
    let token = Token { number: 1, text: Secret::new("hush") };
    assert!(!format!("{token:?}").contains("hush"));
}

/// Runs futures together.
async fn join_all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        for (future, output) in running.iter_mut().filter(|(_, output)| output.is_none()) {
            if let std::task::Poll::Ready(ready) = future.as_mut().poll(context) {
                *output = Some(ready);
            }
        }
        let done = running.iter().all(|(_, output)| output.is_some());
        if done { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    running.into_iter().filter_map(|(_, output)| output).collect()
}
