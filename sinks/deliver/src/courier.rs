//! Sends the parts of one app.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use outbound::class::Again;
use outbound::config::health::HealthSettings;
use outbound::plan::Availability;
use outbound::{Chain, Client, Failure, Link, Request, Slot, Target, Url};
use schemas::answer::DeliveryClass;
use schemas::conversation::ChatKind;
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

/// Before the app is asked again when nothing names a time.
const PAUSE: Duration = Duration::from_secs(1);

/// Easemob's side of one app as this process calls it.
pub(crate) struct Courier {
    client: Client,
    app: AppSettings,
    manner: Manner,
    chain: Chain,
    health: Arc<Target>,
    tokens: Tokens,
    quota: Quota,
}

/// One part on its way.
#[derive(Debug)]
pub(crate) struct Errand<'a> {
    pub(crate) message: &'a Message,
    pub(crate) class: DeliveryClass,
    /// No attempt starts later.
    pub(crate) latest: Instant,
    /// Spreads those that wait for the same time.
    pub(crate) spread: Duration,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) result: DeliveryResult,
    /// Sends that were made.
    pub(crate) attempts: u16,
}

impl Courier {
    pub(crate) fn new(
        client: Client,
        key: &AppKey,
        app: AppSettings,
        manner: Manner,
        health: &HealthSettings,
    ) -> Self {
        let health = Target::new(key.as_str(), health);
        let link = Link { target: Arc::clone(&health), capacity: 0, attempt_timeout: manner.attempt_timeout };
        let quota = Quota::new(app.per_second);
        let chain = Chain::new(manner.rules, vec![link]);
        Self { client, app, manner, chain, health, tokens: Tokens::default(), quota }
    }

    pub(crate) fn set_share(&self, share: f64) {
        self.quota.set_share(share);
    }

    /// Sends until Easemob takes it, refuses it for good, or time is up.
    pub(crate) async fn send(&self, errand: &Errand<'_>) -> Sent {
        let calls = AtomicU16::new(0);
        let result = self.result(errand, &calls).await;
        Sent { result, attempts: calls.into_inner() }
    }

    async fn result(&self, errand: &Errand<'_>, calls: &AtomicU16) -> DeliveryResult {
        let undelivered = |reason: &str| DeliveryResult::Undelivered { reason: reason.to_owned() };
        let (mut doubts, mut reason) = (0, "expired");
        loop {
            if self.quota.of(errand.message.kind).acquire(1, errand.latest).await.is_err() {
                break;
            }
            let deadline = errand.latest + self.manner.attempt_timeout;
            let ran = self.chain.run(deadline, |slot| self.attempt(errand, slot, calls)).await;
            let ending = match ran.result {
                Ok(easemob_id) => return DeliveryResult::Sent { easemob_id },
                Err(ending) => ending,
            };
            if let Some(failure) = ending.last {
                reason = failure_reason(&failure);
                if failure.ambiguous {
                    doubts += 1;
                    if errand.class == DeliveryClass::Drop || doubts > self.manner.max_resends {
                        break;
                    }
                    metrics::resent();
                } else if failure.class.again() == Again::Never {
                    break;
                }
            }
            let again = self.again_at() + errand.spread;
            if again > errand.latest {
                break;
            }
            sleep_until(again).await;
        }
        if doubts > 0 { DeliveryResult::Unknown } else { undelivered(reason) }
    }

    /// When the app may be worth another try.
    fn again_at(&self) -> Instant {
        let now = Instant::now();
        match self.health.view(now).availability {
            Availability::Open(until) | Availability::Cooling(until) => until.max(now),
            Availability::Probing | Availability::Ready => now + PAUSE,
        }
    }

    /// One attempt: a send, and once more with another token when Easemob refuses this one.
    async fn attempt(&self, errand: &Errand<'_>, slot: Slot, calls: &AtomicU16) -> Result<String, Failure> {
        let token = self.tokens.get(|| self.fetch(slot.deadline)).await?;
        match self.post(errand, &token, slot, calls).await {
            Err(Refused::Token) => {}
            Err(Refused::Failed(failure)) => return Err(failure),
            Ok(id) => return Ok(id),
        }
        let token = self.tokens.replace(&token, || self.fetch(slot.deadline)).await?;
        match self.post(errand, &token, slot, calls).await {
            Err(Refused::Token) => {
                Err(Failure::new(outbound::Class::Auth, "send: easemob refuses a token that it just granted"))
            }
            Err(Refused::Failed(failure)) => Err(failure),
            Ok(id) => Ok(id),
        }
    }

    async fn post(
        &self,
        errand: &Errand<'_>,
        token: &Token,
        slot: Slot,
        calls: &AtomicU16,
    ) -> Result<String, Refused> {
        let message = errand.message;
        let path = match message.kind {
            ChatKind::Chat => "users",
            ChatKind::Group => "chatgroups",
            ChatKind::Chatroom => "chatrooms",
        };
        let call = Request::post_json(self.url(&["messages", path]), message.body.clone());
        let mut call = call.bearer(token.text.expose()).map_err(Refused::Failed)?;
        if errand.class == DeliveryClass::Drop {
            call = call.at_most_once();
        }
        calls.fetch_add(1, Ordering::Relaxed);
        let reply = self.client.attempt(&call, slot.deadline).await.map_err(Refused::Failed)?;
        reply::sent(&reply, &message.to)
    }

    async fn fetch(&self, deadline: Instant) -> Result<Granted, Failure> {
        let mut body = json!({
            "grant_type": "client_credentials",
            "client_id": self.app.client_id,
            "client_secret": self.app.client_secret.expose(),
        });
        if let Some(ttl) = self.app.token_ttl {
            body["ttl"] = ttl.as_secs().into();
        }
        let call = Request::post_json(self.url(&["token"]), body.to_string());
        let granted = match self.client.attempt(&call, deadline).await {
            Ok(reply) => reply::granted(&reply),
            Err(failure) => Err(failure),
        };
        metrics::token(granted.as_ref().err().map(Failure::label));
        granted.map_err(|mut failure| {
            tracing::warn!(app = self.health.name(), %failure, "no token");
            // Nothing was sent.
            failure.ambiguous = false;
            failure
        })
    }

    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.app.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(path);
        }
        url
    }
}

fn failure_reason(failure: &Failure) -> &'static str {
    if failure.code.as_deref() == Some(MESSAGE_TOO_LARGE) { TOO_LARGE } else { failure.label() }
}
