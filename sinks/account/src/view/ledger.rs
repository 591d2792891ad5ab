//! A fact of money.

use schemas::Millis;
use schemas::ids::{AppKey, LedgerId, MessageId, RequestId, TurnId, UserId};
use schemas::ledger::LedgerKind;
use schemas::wire::{Invalid, require};
use serde::Deserialize;

use super::{Id, Money, Str};

/// [`schemas::ledger::LedgerEntry`] without copies.
#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct LedgerEntry<'a> {
    pub(crate) id: LedgerId,
    pub(crate) kind: LedgerKind,
    #[serde(borrow)]
    pub(crate) app: Id<'a, AppKey>,
    #[serde(borrow)]
    pub(crate) user: Id<'a, UserId>,
    pub(crate) turn: TurnId,
    pub(crate) request: RequestId,
    #[serde(borrow)]
    pub(crate) message: Id<'a, MessageId>,
    #[serde(borrow)]
    pub(crate) amount: Option<Money<'a>>,
    pub(crate) tokens: u64,
    #[serde(borrow)]
    pub(crate) reason: Str<'a>,
    pub(crate) at: Millis,
}

impl LedgerEntry<'_> {
    /// Checks what the record's own rules check.
    pub(crate) fn check(&self) -> Result<(), Invalid> {
        require(MessageId::app_of(&self.message) == &*self.app, "message and ledger are of one app")?;
        require(self.amount.as_ref().is_none_or(|money| money.pico >= 0), "an amount is not negative")
    }
}
