//! Easemob's REST calls of one app: ask for a token, send a message, recall one.

use std::sync::Arc;
use std::time::Duration;

use outbound::{Client, Failure, Request, Url};
use schemas::conversation::ChatKind;
use serde_json::json;
use tokio::time::Instant;

use crate::message::Message;
use crate::metrics;
use crate::recall::Recall;
use crate::reply::{self, Granted, Refused};
use crate::settings::AppSettings;
use crate::token::Token;

/// A token is granted within milliseconds, or not at all.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(10);

/// Makes the calls of one app.
pub(crate) struct Rest {
    http: Client,
    app: AppSettings,
    name: Arc<str>,
}

impl Rest {
    /// `name` is the App Key.
    pub(crate) fn new(http: Client, app: AppSettings, name: Arc<str>) -> Self {
        Self { http, app, name }
    }

    /// Asks for a new token.
    ///
    /// # Errors
    /// Why none was granted.
    pub(crate) async fn token(&self) -> Result<Granted, Failure> {
        let mut body = json!({
            "grant_type": "client_credentials",
            "client_id": self.app.client_id,
            "client_secret": self.app.client_secret.expose(),
        });
        if let Some(ttl) = self.app.token_ttl {
            body["ttl"] = ttl.as_secs().into();
        }
        let call = Request::post_json(self.url(&["token"]), body.to_string());
        let granted = match self.http.attempt(&call, Instant::now() + TOKEN_TIMEOUT).await {
            Ok(reply) => reply::granted(&reply),
            Err(failure) => Err(failure),
        };
        metrics::token(granted.as_ref().err().map(Failure::label));
        granted.inspect_err(|failure| tracing::warn!(app = &*self.name, %failure, "no token"))
    }

    /// Sends a message once; gives Easemob's id of it.
    ///
    /// # Errors
    /// Why it was not taken, or why that is not known.
    pub(crate) async fn send(
        &self,
        message: &Message,
        token: &Token,
        deadline: Instant,
    ) -> Result<String, Refused> {
        let path = match message.kind {
            ChatKind::Chat => "users",
            ChatKind::Group => "chatgroups",
            ChatKind::Chatroom => "chatrooms",
        };
        let call = Request::post_json(self.url(&["messages", path]), message.body.clone());
        // A kept connection that turns out to be dead would leave in doubt whether the send was taken.
        let call = call.bearer(token.text.expose()).map_err(Refused::Failed)?.at_most_once();
        match self.http.attempt(&call, deadline).await {
            Ok(reply) => reply::sent(&reply, &message.to),
            Err(failure) => unread(failure),
        }
    }

    /// Recalls a message; what comes back is empty.
    ///
    /// # Errors
    /// Why it was not recalled, or why that is not known.
    pub(crate) async fn recall(
        &self,
        recall: &Recall,
        token: &Token,
        deadline: Instant,
    ) -> Result<String, Refused> {
        let call = Request::post_json(self.url(&["messages", "msg_recall"]), recall.body.clone());
        // It may be repeated, but not unseen: a message that was recalled by a call without a reply is not found by the next.
        let call = call.bearer(token.text.expose()).map_err(Refused::Failed)?.at_most_once();
        match self.http.attempt(&call, deadline).await {
            Ok(reply) => reply::recalled(&reply),
            Err(failure) => unread(failure),
        }
    }

    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.app.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(path);
        }
        url
    }
}

/// What a call did whose reply could not be read as a whole.
fn unread(failure: Failure) -> Result<String, Refused> {
    match failure.status {
        // It was taken; only the rest of the reply is missing.
        Some(200..300) => Ok(String::new()),
        Some(401) => Err(Refused::Token),
        status => match status.and_then(reply::refusal_of_status) {
            Some(refusal) => Err(Refused::Failed(refusal)),
            None => Err(Refused::Unanswered(failure)),
        },
    }
}
