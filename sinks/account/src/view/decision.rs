//! What was decided on an input.

use std::collections::BTreeMap;

use schemas::Millis;
use schemas::decision::Ruling;
use schemas::event::{CallbackReply, MessageKind};
use schemas::ids::{BundleHash, DecisionId, MessageId, RequestId, TargetName, TurnId, UserId};
use schemas::wire::{Invalid, require};
use serde::Deserialize;

use super::{Id, Str, Verdict};

/// [`schemas::decision::Decision`] as rows need it: of a route the chain, and of its reasons the complexity and the arms.
#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct Decision<'a> {
    pub(crate) id: DecisionId,
    #[serde(borrow)]
    pub(crate) input: Str<'a>,
    pub(crate) ruling: Ruling,
    #[serde(borrow)]
    pub(crate) conversation: Str<'a>,
    #[serde(borrow)]
    pub(crate) message: Option<Id<'a, MessageId>>,
    #[serde(borrow)]
    pub(crate) sender: Option<Id<'a, UserId>>,
    pub(crate) message_kind: Option<MessageKind>,
    #[serde(default)]
    pub(crate) characters: u32,
    pub(crate) reply: Option<CallbackReply>,
    pub(crate) turn: Option<TurnId>,
    pub(crate) request: Option<RequestId>,
    #[serde(default)]
    pub(crate) merged: u32,
    #[serde(borrow)]
    pub(crate) verdict: Option<Verdict<'a>>,
    #[serde(borrow)]
    pub(crate) route: Option<Route<'a>>,
    #[serde(borrow)]
    pub(crate) tier: Option<Tier<'a>>,
    #[serde(borrow, default)]
    pub(crate) reasons: Vec<Str<'a>>,
    pub(crate) rating: Option<u8>,
    #[serde(borrow)]
    pub(crate) bundle: Option<Id<'a, BundleHash>>,
    #[serde(borrow)]
    pub(crate) state_before: Str<'a>,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) sent_at: Option<Millis>,
    pub(crate) received_at: Option<Millis>,
    pub(crate) at: Millis,
}

/// The targets that were chosen, and why.
#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct Route<'a> {
    #[serde(borrow)]
    pub(crate) chain: Vec<Id<'a, TargetName>>,
    #[serde(borrow)]
    pub(crate) rule: Str<'a>,
    #[serde(borrow)]
    pub(crate) why: Option<Why<'a>>,
}

/// How a route was found.
#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct Why<'a> {
    #[serde(borrow)]
    pub(crate) complexity: Option<Complexity<'a>>,
    #[serde(borrow, default)]
    pub(crate) arms: BTreeMap<Str<'a>, Str<'a>>,
}

/// How much work an answer takes.
#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct Complexity<'a> {
    pub(crate) score: u32,
    #[serde(borrow)]
    pub(crate) class: Str<'a>,
}

/// A person's tier.
#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct Tier<'a> {
    #[serde(borrow)]
    pub(crate) name: Str<'a>,
}

impl Decision<'_> {
    /// As [`schemas::decision::Decision::is_on_its_message`].
    pub(crate) fn is_on_its_message(&self) -> bool {
        matches!(&*self.input, "message" | "missed") && self.reply.is_some()
    }

    /// Checks what the record's own rules check.
    pub(crate) fn check(&self) -> Result<(), Invalid> {
        let hex = self.state_before.len() == 16 && self.state_before.bytes().all(|b| b.is_ascii_hexdigit());
        require(hex, "a state's hash is 16 hex digits")?;
        let of_turn = matches!(self.ruling, Ruling::Asked | Ruling::Held | Ruling::Answered | Ruling::Lost);
        require(!of_turn || self.turn.is_some(), "who asks, holds, answers or gives up names the turn")
    }
}
