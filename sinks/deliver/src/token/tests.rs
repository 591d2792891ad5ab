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

#[tokio::test(start_paused = true)]
async fn a_token_is_fetched_once_for_fifty_who_ask_at_once() {
    let (tokens, endpoint) = (Arc::new(Tokens::default()), Arc::new(Endpoint::default()));
    let asking = (0..50).map(|_| {
        let (tokens, endpoint) = (Arc::clone(&tokens), Arc::clone(&endpoint));
        tokio::spawn(async move { tokens.get(|| endpoint.fetch()).await.unwrap().text })
    });
    for asked in asking.collect::<Vec<_>>() {
        assert_eq!(asked.await.unwrap().expose(), "t1");
    }
    assert_eq!(endpoint.fetched(), 1);
}

#[tokio::test(start_paused = true)]
async fn at_half_its_life_one_caller_fetches_the_next_and_the_others_go_on_with_the_old() {
    let (tokens, endpoint) = (Tokens::default(), Endpoint::default());
    tokens.get(|| endpoint.fetch()).await.unwrap();
    after(49).await;
    assert_eq!(tokens.get(|| endpoint.fetch()).await.unwrap().text.expose(), "t1");
    after(2).await;
    let (first, second) = tokio::join!(tokens.get(|| endpoint.fetch()), tokens.get(|| endpoint.fetch()));
    assert_eq!((first.unwrap().text.expose(), second.unwrap().text.expose()), ("t2", "t1"));
    assert_eq!(endpoint.fetched(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_aging_token_is_used_on_while_its_endpoint_is_down() {
    let (tokens, endpoint) = (Tokens::default(), Endpoint::default());
    tokens.get(|| endpoint.fetch()).await.unwrap();
    after(60).await;
    endpoint.down.store(true, Ordering::Relaxed);
    for _ in 0..5 {
        assert_eq!(tokens.get(|| endpoint.fetch()).await.unwrap().text.expose(), "t1");
    }
    assert_eq!(endpoint.fetched(), 2, "a failure is remembered");
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_everybodys_for_ten_seconds() {
    let (tokens, endpoint) = (Tokens::default(), Endpoint::default());
    endpoint.down.store(true, Ordering::Relaxed);
    for _ in 0..5 {
        assert_eq!(tokens.get(|| endpoint.fetch()).await.unwrap_err().class, Class::ServerError);
    }
    assert_eq!(endpoint.fetched(), 1);
    endpoint.down.store(false, Ordering::Relaxed);
    after(10).await;
    assert_eq!(tokens.get(|| endpoint.fetch()).await.unwrap().text.expose(), "t2");
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_replaced_once_for_all_who_held_it() {
    let (tokens, endpoint) = (Tokens::default(), Endpoint::default());
    let old = tokens.get(|| endpoint.fetch()).await.unwrap();
    let replacing = (0..50).map(|_| tokens.replace(&old, || endpoint.fetch()));
    for replaced in join_all(replacing).await {
        assert_eq!(replaced.unwrap().text.expose(), "t2");
    }
    assert_eq!(endpoint.fetched(), 2);
    let late = tokens.replace(&old, || endpoint.fetch()).await.unwrap();
    assert_eq!((late.text.expose(), endpoint.fetched()), ("t2", 2), "its successor is good");
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
