//! The app token: cached, refreshed at half its life, one fetch at a time. Trouble with it is one trouble of the app, however many
//! sends wait for it: nobody asks before its time, and all go on together.

use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use common::Secret;
use outbound::retry::Steps;
use outbound::{Class, Failure};
use tokio::time::{Instant, sleep_until};

use crate::reply::Granted;

/// Pauses after fetches that failed, or tokens that were refused, one after the other.
const STEPS: Steps = Steps { base: Duration::from_secs(1), cap: Duration::from_secs(4) };
/// The same where the credentials are refused: a person has to act, and Easemob bans apps that keep asking.
const REFUSED_STEPS: Steps = Steps { base: Duration::from_secs(1), cap: Duration::from_secs(10) };
/// Before a successor is asked for again while the old token is good.
const AGING_PAUSE: Duration = Duration::from_secs(60);
/// No pause is longer, whatever Easemob asks for.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

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
    failures_in_a_row: u32,
}

#[derive(Debug)]
struct Held {
    token: Token,
    half_life: Instant,
    /// A send went through with it.
    proven: bool,
}

enum Look {
    Good(Token),
    /// Good, and past half its life.
    Aging(Token),
    /// Not before this time.
    Failed(Instant, Failure),
    Nothing,
}

impl Tokens {
    /// The token; fetches one if there is none, or a successor in good time, and waits out failures until `latest`.
    ///
    /// # Errors
    /// The last failure.
    pub(crate) async fn get<F>(&self, latest: Instant, fetch: impl Fn() -> F) -> Result<Token, Failure>
    where
        F: Future<Output = Result<Granted, Failure>>,
    {
        loop {
            match self.look() {
                Look::Good(token) => return Ok(token),
                Look::Failed(until, failure) if until > latest => return Err(failure),
                Look::Failed(until, _) => sleep_until(until).await,
                Look::Aging(token) => match self.flight.try_lock() {
                    // The old one is still good.
                    Ok(_flight) => return Ok(self.fetch(&fetch).await.unwrap_or(token)),
                    Err(_) => return Ok(token),
                },
                Look::Nothing => {
                    let _flight = self.flight.lock().await;
                    if matches!(self.look(), Look::Nothing) {
                        // A failure is seen at the next look, by everybody.
                        drop(self.fetch(&fetch).await);
                    }
                }
            }
        }
    }

    /// The token that is held now.
    pub(crate) fn held(&self) -> Option<Token> {
        self.memory().held.as_ref().map(|held| held.token.clone())
    }

    /// A send went through with it.
    pub(crate) fn accepted(&self, token: &Token) {
        let mut memory = self.memory();
        if let Some(held) =
            memory.held.as_mut().filter(|held| held.token.number == token.number && !held.proven)
        {
            held.proven = true;
            memory.failures_in_a_row = 0;
        }
    }

    /// Easemob refused it. One that was good has ended, and another is fetched at once; one that was granted just now and never
    /// worked is a failure like any other. Those who held the same token add nothing.
    pub(crate) fn refused(&self, token: &Token) {
        let mut memory = self.memory();
        let refused = memory.held.take_if(|held| held.token.number == token.number);
        if refused.is_some_and(|held| !held.proven) {
            let failure = Failure::new(Class::Auth, "send: easemob refuses a token that it just granted");
            memory.fail(Instant::now(), failure);
        }
    }

    fn look(&self) -> Look {
        let (now, memory) = (Instant::now(), self.memory());
        let failed = memory.failed.as_ref().filter(|(until, _)| *until > now);
        match (&memory.held, failed) {
            (Some(held), None) if held.half_life <= now => Look::Aging(held.token.clone()),
            (Some(held), _) => Look::Good(held.token.clone()),
            (None, Some((until, failure))) => Look::Failed(*until, failure.clone()),
            (None, None) => Look::Nothing,
        }
    }

    async fn fetch<F>(&self, fetch: impl Fn() -> F) -> Result<Token, Failure>
    where
        F: Future<Output = Result<Granted, Failure>>,
    {
        let fetched = fetch().await;
        let (now, mut memory) = (Instant::now(), self.memory());
        memory.fetches += 1;
        match fetched {
            Ok(granted) => {
                let token = Token { number: memory.fetches, text: granted.token };
                let half_life = now + granted.life / 2;
                memory.held = Some(Held { token: token.clone(), half_life, proven: false });
                memory.failed = None;
                Ok(token)
            }
            Err(failure) => {
                memory.fail(now, failure.clone());
                Err(failure)
            }
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    fn fail(&mut self, now: Instant, failure: Failure) {
        let steps = if failure.class == Class::Auth { REFUSED_STEPS } else { STEPS };
        let step = if self.held.is_some() { AGING_PAUSE } else { steps.nth(self.failures_in_a_row) };
        let asked = failure.retry_after.unwrap_or_default().min(LONGEST_PAUSE);
        self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
        self.failed = Some((now + step.max(asked), failure));
    }
}

#[cfg(test)]
mod tests;
