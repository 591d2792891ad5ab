//! Sends the parts of one app.
//!
//! A part waits for the app's token, then while Easemob is out of reach, then for its turn at the pace of its class of message, and is
//! sent at once then. What is no fault of the part uses nothing up: it keeps its place, and goes until Easemob takes it or `send_by`
//! is over.

use std::sync::Arc;
use std::time::Duration;

use outbound::class::{Again, Cooling};
use outbound::config::health::HealthSettings;
use outbound::retry::FullJitter;
use outbound::target::Kind;
use outbound::{Claim, Client, Failure, Origin, PaceError, Permit, Request, Target, Turn, Url};
use schemas::answer::DeliveryClass;
use schemas::conversation::{ChatKind, Lane};
use schemas::delivery::DeliveryResult;
use schemas::ids::AppKey;
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use crate::message::{Message, TOO_LARGE};
use crate::metrics;
use crate::quota::Quota;
use crate::reply::{self, Granted, MESSAGE_TOO_LARGE, Refused};
use crate::settings::{AppSettings, Manner};
use crate::token::{Token, Tokens};

/// A token is granted within milliseconds, or not at all.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(10);

/// So many failures of one part while others are taken say that it is the part: it must not hold its lane for hours.
const OWN_FAILURES: u32 = 10;

/// Easemob's side of one app as this process calls it.
pub(crate) struct Courier {
    client: Client,
    app: AppSettings,
    manner: Manner,
    name: Arc<str>,
    health: Arc<Target>,
    tokens: Tokens,
    quota: Quota,
}

/// One part on its way.
#[derive(Debug)]
pub(crate) struct Errand<'a> {
    pub(crate) message: &'a Message,
    pub(crate) lane: &'a Lane,
    pub(crate) class: DeliveryClass,
    /// No attempt starts later.
    pub(crate) latest: Instant,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) result: DeliveryResult,
    /// Sends that were made.
    pub(crate) attempts: u16,
}

/// How far a part has come.
struct Progress {
    origin: Origin,
    conversation: Arc<str>,
    calls: u16,
    /// It was refused through no fault of its own, and keeps its place.
    again: bool,
    /// It failed before, other than for its rate.
    repeat: bool,
    tokens_refused: u32,
    own_failures: u32,
    /// Sends of others that had been taken when it failed last.
    taken_before: Option<u64>,
    waits: FullJitter,
    /// Why it is not sent yet.
    reason: &'static str,
}

/// The right to send now.
struct Right {
    permit: Permit,
    turn: Turn,
    token: Token,
}

impl Courier {
    pub(crate) fn new(
        client: Client,
        key: &AppKey,
        app: AppSettings,
        manner: Manner,
        health: &HealthSettings,
    ) -> Self {
        let name: Arc<str> = key.as_str().into();
        let quota = Quota::new(&name, app.per_second, health.pauses());
        let paces = quota.paces().into_iter().cloned().collect();
        let health = Target::new(Arc::clone(&name), health, paces);
        Self { client, app, manner, name, health, tokens: Tokens::default(), quota }
    }

    pub(crate) fn set_share(&self, share: f64) {
        self.quota.set_share(share);
    }

    /// Sends until Easemob takes it, refuses it for good, or time is up.
    pub(crate) async fn send(&self, errand: &Errand<'_>) -> Sent {
        let mut progress = Progress {
            origin: Origin::new(Arc::clone(&self.name), &errand.lane.to_string()),
            conversation: errand.lane.conversation.to_string().into(),
            calls: 0,
            again: false,
            repeat: false,
            tokens_refused: 0,
            own_failures: 0,
            taken_before: None,
            waits: FullJitter::new(self.manner.steps, outbound::random()),
            reason: "expired",
        };
        let result = loop {
            let Some(right) = self.right(errand, &mut progress).await else {
                break DeliveryResult::Undelivered { reason: progress.reason.to_owned() };
            };
            if let Some(result) = self.attempt(errand, &mut progress, right).await {
                break result;
            }
        };
        Sent { result, attempts: progress.calls }
    }

    /// Waits for the right to send; `None` when it does not come in time.
    async fn right(&self, errand: &Errand<'_>, progress: &mut Progress) -> Option<Right> {
        let latest = errand.latest;
        loop {
            if let Err(failure) = self.tokens.get(latest, || self.fetch()).await {
                progress.reason = failure.label();
                return None;
            }
            let kind = Kind { repeat: progress.repeat, alone: true };
            let permit = self.health.admitted(kind, &progress.origin, latest).await?;
            let again = progress.again || permit.is_probe();
            let claim = Claim { key: &progress.conversation, again, latest };
            let turn = match self.quota.of(errand.message.kind).turn(claim).await {
                Ok(turn) => turn,
                Err(PaceError::Disturbed) => continue,
                Err(PaceError::NotInTime) => return None,
            };
            // Both may have gone while it waited.
            match self.tokens.held() {
                Some(token) if permit.holds() => return Some(Right { permit, turn, token }),
                _ => turn.give_back(),
            }
        }
    }

    /// One send; `None` when it is to be made again.
    async fn attempt(
        &self,
        errand: &Errand<'_>,
        progress: &mut Progress,
        Right { permit, turn, token }: Right,
    ) -> Option<DeliveryResult> {
        let started = Instant::now();
        progress.calls = progress.calls.saturating_add(1);
        let sent = self.post(errand, &token, started + self.manner.attempt_timeout).await;
        let (now, failure) = (Instant::now(), sent.as_ref().err().and_then(Refused::failure));
        outbound::metrics::attempt(&self.name, label(&sent), now - started);
        if !matches!(sent, Err(Refused::Token)) && failure.is_none_or(|failure| !failure.ambiguous) {
            self.tokens.accepted(&token);
        }
        // That Easemob refuses a token says that it answers.
        permit.finish(now, failure.map_or(Ok(()), Err));
        match sent {
            Ok(easemob_id) => return Some(DeliveryResult::Sent { easemob_id }),
            Err(Refused::Token) => self.token_refused(progress, &token, errand.latest).await,
            Err(Refused::Failed(failure)) if failure.class.cooling() == Cooling::Short => {
                progress.reason = failure.label();
                turn.refused(failure.retry_after);
            }
            Err(Refused::Failed(failure)) if failure.ambiguous && errand.class == DeliveryClass::Drop => {
                return Some(DeliveryResult::Unknown);
            }
            Err(Refused::Failed(failure)) => {
                drop(turn);
                return self.failed(progress, &failure, errand.latest).await;
            }
            Err(Refused::Unanswered(failure)) if failure.ambiguous => return Some(DeliveryResult::Unknown),
            Err(Refused::Unanswered(failure)) => {
                drop(turn);
                return self.failed(progress, &failure, errand.latest).await;
            }
        }
        progress.again = true;
        None
    }

    /// Ends what will not get better, and waits before the rest goes again.
    async fn failed(
        &self,
        progress: &mut Progress,
        failure: &Failure,
        latest: Instant,
    ) -> Option<DeliveryResult> {
        progress.reason = failure_reason(failure);
        let taken = self.health.successes();
        let fails_alone = progress.taken_before.replace(taken).is_some_and(|before| taken > before);
        progress.own_failures += u32::from(fails_alone);
        if failure.class.again() == Again::Never || progress.own_failures >= OWN_FAILURES {
            return Some(DeliveryResult::Undelivered { reason: progress.reason.to_owned() });
        }
        (progress.again, progress.repeat) = (true, true);
        progress.rest(failure.retry_after, latest).await;
        None
    }

    /// One refusal may be the token's end. More of them to one part, whatever token it has, are its own trouble.
    async fn token_refused(&self, progress: &mut Progress, token: &Token, latest: Instant) {
        progress.reason = "auth";
        self.tokens.refused(token);
        progress.tokens_refused += 1;
        if progress.tokens_refused > 1 {
            progress.rest(None, latest).await;
        }
    }

    async fn post(&self, errand: &Errand<'_>, token: &Token, deadline: Instant) -> Result<String, Refused> {
        let message = errand.message;
        let path = match message.kind {
            ChatKind::Chat => "users",
            ChatKind::Group => "chatgroups",
            ChatKind::Chatroom => "chatrooms",
        };
        let call = Request::post_json(self.url(&["messages", path]), message.body.clone());
        // A kept connection that turns out to be dead would leave in doubt whether the send was taken.
        let call = call.bearer(token.text.expose()).map_err(Refused::Failed)?.at_most_once();
        match self.client.attempt(&call, deadline).await {
            Ok(reply) => reply::sent(&reply, &message.to),
            // Taken, and only the rest of what it says is missing.
            Err(failure) if failure.status.is_some_and(|status| (200..300).contains(&status)) => {
                Ok(String::new())
            }
            Err(failure) if failure.status == Some(401) => Err(Refused::Token),
            Err(failure) => match failure.status.and_then(reply::refusal_of_status) {
                Some(refusal) => Err(Refused::Failed(refusal)),
                None => Err(Refused::Unanswered(failure)),
            },
        }
    }

    async fn fetch(&self) -> Result<Granted, Failure> {
        let mut body = json!({
            "grant_type": "client_credentials",
            "client_id": self.app.client_id,
            "client_secret": self.app.client_secret.expose(),
        });
        if let Some(ttl) = self.app.token_ttl {
            body["ttl"] = ttl.as_secs().into();
        }
        let call = Request::post_json(self.url(&["token"]), body.to_string());
        let granted = match self.client.attempt(&call, Instant::now() + TOKEN_TIMEOUT).await {
            Ok(reply) => reply::granted(&reply),
            Err(failure) => Err(failure),
        };
        metrics::token(granted.as_ref().err().map(Failure::label));
        granted.inspect_err(|failure| tracing::warn!(app = &*self.name, %failure, "no token"))
    }

    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.app.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(path);
        }
        url
    }
}

impl Progress {
    /// Waits before the next attempt, no longer than attempts are of use.
    async fn rest(&mut self, asked: Option<Duration>, latest: Instant) {
        let wait = self.waits.draw().max(asked.unwrap_or_default());
        sleep_until(latest.min(Instant::now() + wait)).await;
    }
}

fn label(sent: &Result<String, Refused>) -> &'static str {
    match sent {
        Ok(_) => "ok",
        Err(refused) => refused.failure().map_or("auth", Failure::label),
    }
}

fn failure_reason(failure: &Failure) -> &'static str {
    if failure.code.as_deref() == Some(MESSAGE_TOO_LARGE) { TOO_LARGE } else { failure.label() }
}
