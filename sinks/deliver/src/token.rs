//! The token of one app: cached, replaced at half its life, fetched by one caller at a time. When it cannot be had, all sends of the app
//! wait for the same pause and go on together, so that Easemob is asked once per pause however many of them wait.

use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use common::Secret;
use outbound::retry::Steps;
use outbound::{Class, Failure};
use tokio::time::{Instant, sleep_until};

use crate::reply::Granted;

/// Pauses after consecutive failures: fetches that failed, or tokens that were refused.
const STEPS: Steps = Steps { base: Duration::from_secs(1), cap: Duration::from_secs(4) };
/// The same when the credentials are refused: a person has to act, and Easemob bans apps that keep asking.
const REFUSED_STEPS: Steps = Steps { base: Duration::from_secs(1), cap: Duration::from_secs(10) };
/// Pause after a successor could not be had while the old token is still good.
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
    state: Mutex<State>,
    /// Held by the one caller that fetches.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
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

enum Available {
    Good(Token),
    /// Good, and past half its life.
    Aging(Token),
    /// Not before this time.
    Failed(Instant, Failure),
    Nothing,
}

impl Tokens {
    /// The token. Fetches one when there is none, and a successor when half its life is over. After a failure it waits for the pause
    /// and tries again, until `latest`.
    ///
    /// # Errors
    /// The last failure, when the next try would be later than `latest`.
    pub(crate) async fn get<F>(&self, latest: Instant, fetch: impl Fn() -> F) -> Result<Token, Failure>
    where
        F: Future<Output = Result<Granted, Failure>>,
    {
        loop {
            match self.available() {
                Available::Good(token) => return Ok(token),
                Available::Failed(until, failure) if until > latest => return Err(failure),
                Available::Failed(until, _) => sleep_until(until).await,
                Available::Aging(token) => match self.fetching.try_lock() {
                    // The old one is still good.
                    Ok(_fetching) => return Ok(self.fetch(&fetch).await.unwrap_or(token)),
                    Err(_) => return Ok(token),
                },
                Available::Nothing => {
                    let _fetching = self.fetching.lock().await;
                    if matches!(self.available(), Available::Nothing) {
                        // Everybody sees a failure in the next round.
                        drop(self.fetch(&fetch).await);
                    }
                }
            }
        }
    }

    /// The token that is held now.
    pub(crate) fn held(&self) -> Option<Token> {
        self.state().held.as_ref().map(|held| held.token.clone())
    }

    /// A send went through with it.
    pub(crate) fn accepted(&self, token: &Token) {
        let mut state = self.state();
        if let Some(held) =
            state.held.as_mut().filter(|held| held.token.number == token.number && !held.proven)
        {
            held.proven = true;
            state.failures_in_a_row = 0;
        }
    }

    /// Easemob refused it. If it worked before, its life has ended, and another is fetched at once; if it never worked, that is a failure
    /// with a pause, like any other. Further refusals of the same token change nothing.
    pub(crate) fn refused(&self, token: &Token) {
        let mut state = self.state();
        let refused = state.held.take_if(|held| held.token.number == token.number);
        if refused.is_some_and(|held| !held.proven) {
            let failure = Failure::new(Class::Auth, "send: easemob refuses a token that it just granted");
            state.fail(Instant::now(), failure);
        }
    }

    fn available(&self) -> Available {
        let (now, state) = (Instant::now(), self.state());
        let failed = state.failed.as_ref().filter(|(until, _)| *until > now);
        match (&state.held, failed) {
            (Some(held), None) if held.half_life <= now => Available::Aging(held.token.clone()),
            (Some(held), _) => Available::Good(held.token.clone()),
            (None, Some((until, failure))) => Available::Failed(*until, failure.clone()),
            (None, None) => Available::Nothing,
        }
    }

    async fn fetch<F>(&self, fetch: impl Fn() -> F) -> Result<Token, Failure>
    where
        F: Future<Output = Result<Granted, Failure>>,
    {
        let fetched = fetch().await;
        let (now, mut state) = (Instant::now(), self.state());
        state.fetches += 1;
        match fetched {
            Ok(granted) => {
                let token = Token { number: state.fetches, text: granted.token };
                let half_life = now + granted.life / 2;
                state.held = Some(Held { token: token.clone(), half_life, proven: false });
                state.failed = None;
                Ok(token)
            }
            Err(failure) => {
                state.fail(now, failure.clone());
                Err(failure)
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
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
