//! Sends the parts of one app, and takes them back.
//!
//! A part waits for the app's token, then until Easemob can be reached, then for its turn at the pace of its class of message; then it is
//! sent at once. A refusal that is not the part's fault does not count against it: the part keeps its place, and is sent again until
//! Easemob takes it or `send_by` is over.

use std::sync::Arc;

use outbound::class::{Again, Cooling};
use outbound::config::health::HealthSettings;
use outbound::target::Kind;
use outbound::{Claim, Client, Failure, PaceError, Target};
use schemas::delivery::DeliveryResult;
use schemas::ids::AppKey;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::quota::Quota;
use crate::reply::Refused;
use crate::rest::Rest;
use crate::send::{Call, Clearance, PartSend, SendState, Sent, undelivered};
use crate::settings::{AppSettings, SendPolicy};
use crate::token::{Token, Tokens};

/// Most results that are looked up at a time.
const LOOKUPS: usize = 2;

/// Reason of a part that is to be taken back before it was sent.
pub(crate) const RETRACTED: &str = "retracted";

/// Easemob's side of one app as this process calls it.
pub(crate) struct AppClient {
    rest: Rest,
    policy: SendPolicy,
    name: Arc<str>,
    health: Arc<Target>,
    tokens: Tokens,
    quota: Quota,
    /// Lookups of results, each of which opens connections of its own.
    pub(crate) lookups: Semaphore,
}

impl AppClient {
    pub(crate) fn new(
        http: Client,
        key: &AppKey,
        app: AppSettings,
        policy: SendPolicy,
        health: &HealthSettings,
    ) -> Self {
        let name: Arc<str> = key.as_str().into();
        let quota = Quota::new(&name, app.per_second, health.pauses());
        let paces = quota.paces().into_iter().cloned().collect();
        let health = Target::new(Arc::clone(&name), health, paces);
        let rest = Rest::new(http, app, Arc::clone(&name));
        Self {
            rest,
            policy,
            name,
            health,
            tokens: Tokens::default(),
            quota,
            lookups: Semaphore::new(LOOKUPS),
        }
    }

    /// This instance may use that part of Easemob's quotas, from 0 to 1.
    pub(crate) fn set_share(&self, share: f64) {
        self.quota.set_share(share);
    }

    /// Sends a part until Easemob takes it, refuses it for good, or time is up.
    pub(crate) async fn send(&self, part: &PartSend<'_>) -> Sent {
        let mut state = SendState::new(&self.name, part.lane, self.policy.steps);
        let result = loop {
            let Some(clearance) = self.cleared(part, &mut state).await else {
                break part.given_up(&state);
            };
            if (part.called_back)() {
                clearance.turn.give_back();
                break undelivered(RETRACTED);
            }
            if let Some(result) = self.attempt(part, &mut state, clearance).await {
                break result;
            }
        };
        Sent { result, attempts: state.attempts }
    }

    /// Waits until the part may be sent; `None` when that does not come in time.
    async fn cleared(&self, part: &PartSend<'_>, state: &mut SendState) -> Option<Clearance> {
        let latest = part.latest;
        loop {
            if let Err(failure) = self.tokens.get(latest, || self.rest.token()).await {
                state.reason = failure.label();
                return None;
            }
            let kind = Kind { repeat: state.has_failed, alone: true, key: 0 };
            let permit = self.health.admitted(kind, &state.origin, latest).await?;
            let again = state.keeps_place || permit.is_probe();
            let claim = Claim {
                key: &state.conversation,
                again,
                latest,
                tokens: outbound::Tokens::default(),
                weight: outbound::Weight::MIN,
            };
            let pace = match part.call {
                Call::Send { message, .. } => self.quota.of(message.kind),
                Call::Recall { .. } => self.quota.of_recalls(),
            };
            let turn = match pace.turn(claim).await {
                Ok(turn) => turn,
                Err(PaceError::Disturbed) => continue,
                Err(PaceError::NotInTime) => return None,
            };
            // Permit and token may have ended while the part waited for its turn.
            match self.tokens.held() {
                Some(token) if permit.holds() => return Some(Clearance { permit, turn, token }),
                _ => turn.give_back(),
            }
        }
    }

    /// Calls Easemob once; `None` when the part is to be sent again.
    async fn attempt(
        &self,
        part: &PartSend<'_>,
        state: &mut SendState,
        Clearance { permit, turn, token }: Clearance,
    ) -> Option<DeliveryResult> {
        let started = Instant::now();
        state.attempts = state.attempts.saturating_add(1);
        let deadline = started + self.policy.attempt_timeout;
        let sent = match part.call {
            Call::Send { message, .. } => self.rest.send(message, &token, deadline).await,
            Call::Recall { recall, .. } => self.rest.recall(recall, &token, deadline).await,
        };
        let (now, failure) = (Instant::now(), sent.as_ref().err().and_then(Refused::failure));
        outbound::metrics::attempt(&self.name, 1, label(&sent), now - started);
        if !matches!(sent, Err(Refused::Token)) && failure.is_none_or(|failure| !failure.ambiguous) {
            self.tokens.accepted(&token);
        }
        // A refused token counts as a success here: Easemob answers.
        permit.finish(now, failure.map_or(Ok(()), Err));
        match sent {
            Ok(easemob_id) => return Some(part.done(easemob_id)),
            Err(Refused::Token) => self.token_refused(state, &token, part.latest).await,
            Err(Refused::Failed(failure)) if failure.class.cooling() == Cooling::Short => {
                state.reason = failure.label();
                turn.refused(failure.retry_after);
            }
            Err(Refused::Failed(failure)) => {
                drop(turn);
                let unclear = failure.ambiguous.then(|| part.unclear_at_gateway()).flatten();
                return if unclear.is_some() { unclear } else { self.failed(state, &failure, part).await };
            }
            Err(Refused::Unanswered(failure)) => {
                drop(turn);
                let unclear = failure.ambiguous.then(|| part.unclear()).flatten();
                return if unclear.is_some() { unclear } else { self.failed(state, &failure, part).await };
            }
        }
        state.keeps_place = true;
        None
    }

    /// Ends a part that will not fare better, and waits before another is sent again.
    async fn failed(
        &self,
        state: &mut SendState,
        failure: &Failure,
        part: &PartSend<'_>,
    ) -> Option<DeliveryResult> {
        let is_at_fault = state.failed(failure, self.health.successes());
        if failure.class.again() == Again::Never || is_at_fault {
            return Some(part.given_up(state));
        }
        (state.keeps_place, state.has_failed) = (true, true);
        state.rest(failure.retry_after, part.latest).await;
        None
    }

    async fn token_refused(&self, state: &mut SendState, token: &Token, latest: Instant) {
        self.tokens.refused(token);
        if state.token_refused() {
            state.rest(None, latest).await;
        }
    }
}

fn label(sent: &Result<String, Refused>) -> &'static str {
    match sent {
        Ok(_) => "ok",
        Err(refused) => refused.failure().map_or("auth", Failure::label),
    }
}
