//! The ledger: an answer that was let out is settled; whatever else was or may have been spent is uncertain.

use catalogue::ReviewPolicy;
use schemas::Millis;
use schemas::answered::{Answered, Attempt};
use schemas::ids::{AppKey, LedgerId, MessageId, RequestId, TurnId, UserId};
use schemas::ledger::{LedgerEntry, LedgerKind};

use crate::reason::Reason;

/// What the facts of one input have in common.
#[derive(Debug, Clone)]
pub(crate) struct Ledger {
    /// The app that pays.
    pub(crate) app: AppKey,
    /// The person for whom it was spent.
    pub(crate) user: UserId,
    /// The turn.
    pub(crate) turn: TurnId,
    /// Its request.
    pub(crate) request: RequestId,
    /// The message that opened the turn.
    pub(crate) message: MessageId,
    /// When, by the log's time.
    pub(crate) now: Millis,
}

impl Ledger {
    /// The facts of an outcome, for a person.
    pub(crate) fn of(answered: &Answered, user: UserId, now: Millis) -> Self {
        Self {
            app: answered.lane.conversation.app().clone(),
            user,
            turn: answered.turn,
            request: answered.request,
            message: answered.message.clone(),
            now,
        }
    }

    /// An answer was let out: its attempt is settled, the ones before it are uncertain.
    pub(crate) fn settled(&self, answered: &Answered) -> Vec<LedgerEntry> {
        let Some((last, earlier)) = answered.attempts.split_last() else { return Vec::new() };
        let mut entries = vec![self.attempt(answered, last, LedgerKind::Settle, Reason::Done)];
        entries.extend(self.attempts(answered, earlier, Reason::AttemptFailed));
        entries
    }

    /// Nothing was let out: every attempt that a provider has counted, or may bill, is uncertain, and so is a run that left no trace.
    pub(crate) fn spent(&self, answered: &Answered, reason: Reason) -> Vec<LedgerEntry> {
        self.attempts(answered, &answered.attempts, reason)
    }

    /// A summary that is used is settled, the attempts before it are uncertain.
    pub(crate) fn summary(&self, answered: &Answered) -> Vec<LedgerEntry> {
        let Some((last, earlier)) = answered.attempts.split_last() else { return Vec::new() };
        let mut entries = vec![self.attempt(answered, last, LedgerKind::Settle, Reason::Summary)];
        entries.extend(self.attempts(answered, earlier, Reason::Summary));
        entries
    }

    /// What a review of its own, or that of the answer, may have cost. A reviewer that was heard is charged for where the app says so.
    pub(crate) fn reviews(&self, answered: &Answered, policy: Option<&ReviewPolicy>) -> Vec<LedgerEntry> {
        let charged = policy.is_some_and(|policy| policy.charged);
        let kind = |attempt: &Attempt| match charged && attempt.error.is_none() && attempt.cost.is_some() {
            true => LedgerKind::Settle,
            false => LedgerKind::Uncertain,
        };
        let own = answered.kind.is_review();
        let attempts = answered.attempts.iter().filter(|_| own);
        let rerun = || self.entry(fact(answered, 0), LedgerKind::Uncertain, Reason::Rerun);
        let rerun = (own && answered.rerun).then(rerun);
        let message = attempts
            .filter(may_cost)
            .map(|attempt| self.attempt(answered, attempt, kind(attempt), Reason::Review));
        let answer = answered.review.iter().flat_map(|review| &review.attempts).filter(may_cost);
        let answer = answer.map(|attempt| LedgerEntry {
            id: LedgerId::derive(&format!("{}/review", answered.id), usize::from(attempt.number)),
            ..self.attempt(answered, attempt, kind(attempt), Reason::Review)
        });
        message.chain(rerun).chain(answer).collect()
    }

    /// The request vanished: nobody knows what was spent.
    pub(crate) fn lost(&self) -> LedgerEntry {
        let id = LedgerId::derive(&self.request.to_string(), 0);
        self.entry(id, LedgerKind::Uncertain, Reason::Lost)
    }

    fn attempts(&self, answered: &Answered, attempts: &[Attempt], reason: Reason) -> Vec<LedgerEntry> {
        let entry = |attempt| self.attempt(answered, attempt, LedgerKind::Uncertain, reason);
        let rerun = || self.entry(fact(answered, 0), LedgerKind::Uncertain, Reason::Rerun);
        attempts.iter().filter(may_cost).map(entry).chain(answered.rerun.then(rerun)).collect()
    }

    fn attempt(
        &self,
        answered: &Answered,
        attempt: &Attempt,
        kind: LedgerKind,
        reason: Reason,
    ) -> LedgerEntry {
        LedgerEntry {
            amount: attempt.cost.clone().filter(|cost| cost.pico >= 0),
            tokens: attempt.usage.as_ref().map_or(0, |usage| usage.input.saturating_add(usage.output)),
            ..self.entry(fact(answered, attempt.number), kind, reason)
        }
    }

    fn entry(&self, id: LedgerId, kind: LedgerKind, reason: Reason) -> LedgerEntry {
        LedgerEntry {
            id,
            kind,
            app: self.app.clone(),
            user: self.user.clone(),
            turn: self.turn,
            request: self.request,
            message: self.message.clone(),
            amount: None,
            tokens: 0,
            reason: reason.label().to_owned(),
            at: self.now,
        }
    }
}

/// A provider has counted it, or may bill it.
fn may_cost(attempt: &&Attempt) -> bool {
    attempt.cost.is_some() || attempt.usage.is_some() || attempt.may_be_billed
}

/// Id of the fact of an attempt, or of what ran before the first: a second outcome of a request is a second fact.
fn fact(answered: &Answered, attempt: u16) -> LedgerId {
    LedgerId::derive(&answered.id.to_string(), usize::from(attempt))
}
