//! Access tokens of one target: got with a key, kept as long as they hold, and got anew when they are refused.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use common::Secret;
use outbound::{Class, Failure};
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How long before its end a token is replaced. One that holds for less than twice this is replaced at its half.
const EARLY: Duration = Duration::from_secs(3_600);
/// Longer than any token holds; keeps absurd numbers inside what a clock can hold.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3_600);

/// The tokens of a target, one for each of its keys.
#[derive(Debug, Default)]
pub(crate) struct AccessTokens(Mutex<BTreeMap<String, Arc<Mutex<Kept>>>>);

/// What is known of the token of one key. Whoever holds its lock is the only one who gets a new token.
#[derive(Debug, Default)]
struct Kept {
    token: Option<Token>,
    /// When a new one was asked for last and not given.
    failed: Option<(Instant, Failure)>,
}

#[derive(Debug, Clone)]
struct Token {
    value: Secret,
    /// From then on a new one is asked for.
    renew: Instant,
    /// From then on it is of no use.
    end: Instant,
}

impl AccessTokens {
    /// The token of a key: the one at hand, or what `get` brings, which says for how long it holds. One call gets it, and all who
    /// wait meanwhile have what came of that. A token that was `refused` is not at hand any more.
    ///
    /// # Errors
    /// That of the call which should have brought a token, if there is none that still holds.
    pub(crate) async fn of<F>(
        &self,
        key: &Secret,
        refused: Option<&Secret>,
        get: impl FnOnce() -> F,
    ) -> Result<Secret, Failure>
    where
        F: Future<Output = Result<(Secret, Duration), Failure>>,
    {
        let asked = Instant::now();
        let kept = Arc::clone(self.0.lock().await.entry(key.expose().to_owned()).or_default());
        let mut kept = kept.lock().await;
        if kept.token.as_ref().is_some_and(|token| Some(&token.value) == refused) {
            kept.token = None;
        }
        let now = Instant::now();
        kept.token.take_if(|token| token.end <= now);
        if let Some(token) = kept.token.as_ref().filter(|token| token.renew > now) {
            return Ok(token.value.clone());
        }
        let result = match kept.failed.take() {
            // Somebody else has just been told. Too little time of theirs says nothing about ours.
            Some((at, failure)) if at >= asked && failure.class != Class::Timeout => Err(failure),
            _ => get().await,
        };
        match (result, &kept.token) {
            (Ok((value, lasts)), _) => {
                let (lasts, now) = (lasts.min(LONGEST), Instant::now());
                let renew = now + lasts.saturating_sub(EARLY.min(lasts / 2));
                kept.token = Some(Token { value: value.clone(), renew, end: now + lasts });
                Ok(value)
            }
            (Err(_), Some(token)) => Ok(token.value.clone()),
            (Err(failure), None) => {
                kept.failed = Some((Instant::now(), failure.clone()));
                Err(failure)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::time::{advance, sleep};

    use super::*;

    /// A service that takes a second to give token after token, each for thirty days.
    #[derive(Default)]
    struct Service {
        asked: AtomicU32,
        is_down: bool,
    }

    impl Service {
        async fn get(&self) -> Result<(Secret, Duration), Failure> {
            let number = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
            sleep(Duration::from_secs(1)).await;
            if self.is_down {
                return Err(Failure::new(Class::ServerError, "down"));
            }
            Ok((Secret::new(format!("t{number}")), 720 * HOUR))
        }

        fn asked(&self) -> u32 {
            self.asked.load(Ordering::Relaxed)
        }
    }

    const HOUR: Duration = Duration::from_secs(3_600);

    fn key(name: &str) -> Secret {
        Secret::new(name)
    }

    #[tokio::test(start_paused = true)]
    async fn one_call_gets_the_token_of_a_key_for_all_who_wait() {
        let (tokens, service) = (AccessTokens::default(), Service::default());
        let (a, key_b) = (key("a"), key("b"));
        let of = |key| tokens.of(key, None, || service.get());
        let (first, second, other) = tokio::join!(of(&a), of(&a), of(&key_b));
        assert_eq!((first.clone().unwrap(), other.unwrap()), (key("t1"), key("t2")));
        assert_eq!((first, service.asked()), (second, 2));
        assert_eq!(of(&a).await.unwrap(), key("t1"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_replaced_an_hour_before_its_end_and_kept_if_there_is_no_other() {
        let (tokens, service) = (AccessTokens::default(), Service::default());
        let key_a = key("a");
        tokens.of(&key_a, None, || service.get()).await.unwrap();
        advance(719 * HOUR - Duration::from_secs(1)).await;
        assert_eq!(tokens.of(&key_a, None, || service.get()).await.unwrap(), key("t1"));
        advance(Duration::from_secs(2)).await;
        let down = Service { is_down: true, ..Service::default() };
        assert_eq!(tokens.of(&key_a, None, || down.get()).await.unwrap(), key("t1"), "it still holds");
        assert_eq!(tokens.of(&key_a, None, || service.get()).await.unwrap(), key("t2"));
        advance(721 * HOUR).await;
        assert_eq!(tokens.of(&key_a, None, || down.get()).await.unwrap_err().class, Class::ServerError);
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_that_holds_for_a_moment_is_replaced_at_its_half() {
        let tokens = AccessTokens::default();
        let key_a = key("a");
        let brief = |name| async move { Ok((key(name), Duration::from_secs(10))) };
        tokens.of(&key_a, None, || brief("t1")).await.unwrap();
        advance(Duration::from_secs(4)).await;
        assert_eq!(tokens.of(&key_a, None, || brief("t2")).await.unwrap(), key("t1"));
        advance(Duration::from_secs(2)).await;
        assert_eq!(tokens.of(&key_a, None, || brief("t3")).await.unwrap(), key("t3"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_token_is_replaced_once_however_many_were_refused() {
        let (tokens, service) = (AccessTokens::default(), Service::default());
        let key_a = key("a");
        let old = tokens.of(&key_a, None, || service.get()).await.unwrap();
        let again = || tokens.of(&key_a, Some(&old), || service.get());
        let (first, second) = tokio::join!(again(), again());
        assert_eq!((first.unwrap(), second.unwrap(), service.asked()), (key("t2"), key("t2"), 2));
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_wait_have_the_failure_of_the_one_who_asked_and_the_next_asks_again() {
        let tokens = AccessTokens::default();
        let down = Service { is_down: true, ..Service::default() };
        let key_a = key("a");
        let of = || tokens.of(&key_a, None, || down.get());
        let (first, second) = tokio::join!(of(), of());
        assert_eq!((first.is_err(), second.is_err(), down.asked()), (true, true, 1));
        advance(Duration::from_secs(1)).await;
        assert!(of().await.is_err());
        assert_eq!(down.asked(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_gives_up_leaves_the_task_to_the_next() {
        let (tokens, service) = (AccessTokens::default(), Service::default());
        let key_a = key("a");
        let of = || tokens.of(&key_a, None, || service.get());
        let hurried = tokio::time::timeout(Duration::from_millis(100), of());
        let (hurried, patient) = tokio::join!(hurried, of());
        assert!(hurried.is_err());
        assert_eq!((patient.unwrap(), service.asked()), (key("t2"), 2));
    }
}
