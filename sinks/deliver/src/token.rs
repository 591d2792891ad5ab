//! The app token: cached, refreshed at half its life, one fetch at a time.

use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use catalogue::Secret;
use outbound::Failure;
use tokio::time::Instant;

use crate::reply::Granted;

/// How long a failed fetch speaks for those that would follow: Easemob bans apps that keep asking.
const FAILED_FOR: Duration = Duration::from_secs(10);

/// A token; two fetches never yield equal ones.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    number: u64,
    pub(crate) text: Secret,
}

/// The token of one app.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    memory: Mutex<Memory>,
    /// Held by whoever fetches.
    flight: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Memory {
    fetches: u64,
    held: Option<Held>,
    failed: Option<(Instant, Failure)>,
}

#[derive(Debug)]
struct Held {
    token: Token,
    half_life: Instant,
}

enum Look {
    Good(Token),
    /// Good, and past half its life.
    Aging(Token),
    Failed(Failure),
    Nothing,
}

impl Tokens {
    /// The token; fetches one if there is none, or a successor in good time.
    pub(crate) async fn get<F>(&self, fetch: impl FnOnce() -> F) -> Result<Token, Failure>
    where
        F: Future<Output = Result<Granted, Failure>>,
    {
        match self.look() {
            Look::Good(token) => Ok(token),
            Look::Failed(failure) => Err(failure),
            Look::Aging(token) => match self.flight.try_lock() {
                // The old one is still good.
                Ok(_flight) => Ok(self.fetch(fetch).await.unwrap_or(token)),
                Err(_) => Ok(token),
            },
            Look::Nothing => {
                let _flight = self.flight.lock().await;
                match self.look() {
                    Look::Good(token) | Look::Aging(token) => Ok(token),
                    Look::Failed(failure) => Err(failure),
                    Look::Nothing => self.fetch(fetch).await,
                }
            }
        }
    }

    /// A token in place of one that was refused.
    pub(crate) async fn replace<F>(
        &self,
        refused: &Token,
        fetch: impl FnOnce() -> F,
    ) -> Result<Token, Failure>
    where
        F: Future<Output = Result<Granted, Failure>>,
    {
        self.forget(refused);
        self.get(fetch).await
    }

    /// Unless another one has taken its place already.
    fn forget(&self, refused: &Token) {
        self.memory().held.take_if(|held| held.token.number == refused.number);
    }

    fn look(&self) -> Look {
        let (now, memory) = (Instant::now(), self.memory());
        let failed = memory.failed.as_ref().filter(|(until, _)| *until > now);
        match (&memory.held, failed) {
            (Some(held), None) if held.half_life <= now => Look::Aging(held.token.clone()),
            (Some(held), _) => Look::Good(held.token.clone()),
            (None, Some((_, failure))) => Look::Failed(failure.clone()),
            (None, None) => Look::Nothing,
        }
    }

    async fn fetch<F>(&self, fetch: impl FnOnce() -> F) -> Result<Token, Failure>
    where
        F: Future<Output = Result<Granted, Failure>>,
    {
        let fetched = fetch().await;
        let (now, mut memory) = (Instant::now(), self.memory());
        memory.fetches += 1;
        match fetched {
            Ok(granted) => {
                let token = Token { number: memory.fetches, text: granted.token };
                memory.held = Some(Held { token: token.clone(), half_life: now + granted.life / 2 });
                memory.failed = None;
                Ok(token)
            }
            Err(failure) => {
                memory.failed = Some((now + FAILED_FOR, failure.clone()));
                Err(failure)
            }
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
