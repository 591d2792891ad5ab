//! The send of one part: what it needs, how far it has come, what came of it.

use std::sync::Arc;
use std::time::Duration;

use outbound::retry::{FullJitter, Steps};
use outbound::{Failure, Origin, Permit, Turn};
use schemas::answer::DeliveryClass;
use schemas::conversation::Lane;
use schemas::delivery::DeliveryResult;
use tokio::time::{Instant, sleep_until};

use crate::message::{Message, TOO_LARGE};
use crate::reply::MESSAGE_TOO_LARGE;
use crate::token::Token;

/// A part that fails this often while others are taken is at fault itself, and must not hold its lane for hours.
const OWN_FAILURES: u32 = 10;

/// One part to be sent.
#[derive(Debug)]
pub(crate) struct PartSend<'a> {
    pub(crate) message: &'a Message,
    pub(crate) lane: &'a Lane,
    pub(crate) class: DeliveryClass,
    /// No attempt starts later.
    pub(crate) latest: Instant,
}

/// How the send of a part ended.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) result: DeliveryResult,
    /// Calls of Easemob that were made for it.
    pub(crate) attempts: u16,
}

impl Sent {
    /// It ended before any call was made.
    pub(crate) fn without_attempt(result: DeliveryResult) -> Self {
        Self { result, attempts: 0 }
    }
}

/// The part is not sent, for that reason.
pub(crate) fn undelivered(reason: &str) -> DeliveryResult {
    DeliveryResult::Undelivered { reason: reason.to_owned() }
}

/// How far the send of a part has come.
pub(crate) struct SendState {
    pub(crate) origin: Origin,
    pub(crate) conversation: Arc<str>,
    pub(crate) attempts: u16,
    /// It was refused through no fault of its own, and keeps its place in the queue.
    pub(crate) keeps_place: bool,
    /// It failed before, other than for its rate.
    pub(crate) has_failed: bool,
    /// Why it is not sent yet.
    pub(crate) reason: &'static str,
    tokens_refused: u32,
    own_failures: u32,
    /// Sends of others that had been taken when it failed last.
    taken_before: Option<u64>,
    waits: FullJitter,
}

impl SendState {
    /// At the start, for an app of that name.
    pub(crate) fn new(app: &Arc<str>, lane: &Lane, steps: Steps) -> Self {
        Self {
            origin: Origin::new(Arc::clone(app), &lane.to_string()),
            conversation: lane.conversation.to_string().into(),
            attempts: 0,
            keeps_place: false,
            has_failed: false,
            reason: "expired",
            tokens_refused: 0,
            own_failures: 0,
            taken_before: None,
            waits: FullJitter::new(steps, outbound::random()),
        }
    }

    /// It failed; `taken` counts the sends of the app that were taken so far. Tells whether the part itself seems to be at fault.
    pub(crate) fn failed(&mut self, failure: &Failure, taken: u64) -> bool {
        let is_too_large = failure.code.as_deref() == Some(MESSAGE_TOO_LARGE);
        self.reason = if is_too_large { TOO_LARGE } else { failure.label() };
        let fails_alone = self.taken_before.replace(taken).is_some_and(|before| taken > before);
        self.own_failures += u32::from(fails_alone);
        self.own_failures >= OWN_FAILURES
    }

    /// Its token was refused. Tells whether that happened before: one refusal may be the end of the token's life, more of them,
    /// whatever token the part has, are trouble of its own.
    pub(crate) fn token_refused(&mut self) -> bool {
        self.reason = "auth";
        self.tokens_refused += 1;
        self.tokens_refused > 1
    }

    /// Waits before the next attempt, at least as long as Easemob asks for, and no longer than attempts are of use.
    pub(crate) async fn rest(&mut self, asked: Option<Duration>, latest: Instant) {
        let wait = self.waits.draw().max(asked.unwrap_or_default());
        sleep_until(latest.min(Instant::now() + wait)).await;
    }
}

/// What an attempt needs, held while it runs.
pub(crate) struct Clearance {
    /// Of the app's breaker and cooldowns.
    pub(crate) permit: Permit,
    /// At the pace of the message's class.
    pub(crate) turn: Turn,
    pub(crate) token: Token,
}
