//! The send of one part, or its recall: what it needs, how far it has come, what came of it.

use std::sync::Arc;
use std::time::Duration;

use outbound::retry::{FullJitter, Steps};
use outbound::{Failure, Origin, Permit, Turn};
use schemas::answer::DeliveryClass;
use schemas::conversation::Lane;
use schemas::delivery::DeliveryResult;
use tokio::time::{Instant, sleep_until};

use crate::message::{Message, TOO_LARGE};
use crate::recall::{self, NOT_FOUND, Recall};
use crate::reply::MESSAGE_TOO_LARGE;
use crate::token::Token;

/// A part that fails this often while others are taken is at fault itself, and must not hold its lane for hours.
const OWN_FAILURES: u32 = 10;

/// What Easemob is called for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Call<'a> {
    /// A message is sent.
    Send { message: &'a Message, class: DeliveryClass },
    /// A message is taken back.
    Recall {
        recall: &'a Recall,
        /// It may have been taken back before, by a process that died.
        may_be_done: bool,
    },
}

/// One part to be sent, or to be taken back.
pub(crate) struct PartSend<'a> {
    pub(crate) call: Call<'a>,
    pub(crate) lane: &'a Lane,
    /// No attempt starts later.
    pub(crate) latest: Instant,
    /// Tells whether it is to be taken back while it was not sent yet.
    pub(crate) called_back: &'a (dyn Fn() -> bool + Sync),
}

impl PartSend<'_> {
    /// Easemob did it.
    pub(crate) fn done(&self, easemob_id: String) -> DeliveryResult {
        match self.call {
            Call::Send { .. } => DeliveryResult::Sent { easemob_id },
            Call::Recall { .. } => DeliveryResult::Retracted,
        }
    }

    /// What a call means of which nobody knows whether Easemob did it; `None` if it is made again.
    pub(crate) fn unclear(&self) -> Option<DeliveryResult> {
        matches!(self.call, Call::Send { .. }).then_some(DeliveryResult::Unknown)
    }

    /// The same where Easemob's gateway gave up.
    pub(crate) fn unclear_at_gateway(&self) -> Option<DeliveryResult> {
        let is_drop = matches!(self.call, Call::Send { class: DeliveryClass::Drop, .. });
        is_drop.then_some(DeliveryResult::Unknown)
    }

    /// It is given up. A message that cannot be found is one that was taken back, if that may have happened before.
    pub(crate) fn given_up(&self, state: &SendState) -> DeliveryResult {
        match self.call {
            Call::Send { .. } => undelivered(state.reason),
            Call::Recall { may_be_done, .. }
                if state.reason == NOT_FOUND && (may_be_done || state.may_be_done) =>
            {
                DeliveryResult::Retracted
            }
            Call::Recall { .. } => unretractable(state.reason),
        }
    }
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

/// The part may stand in the chat and is not taken back, for that reason.
pub(crate) fn unretractable(reason: &str) -> DeliveryResult {
    DeliveryResult::Unretractable { reason: reason.to_owned() }
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
    /// An attempt ended without it being known what it did.
    pub(crate) may_be_done: bool,
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
            may_be_done: false,
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
        self.may_be_done |= failure.ambiguous;
        let of_recall = recall::known(failure.code.as_deref());
        self.reason = if is_too_large { TOO_LARGE } else { of_recall.unwrap_or(failure.label()) };
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
