//! Where a target is called, with which key, and how it has been doing.

use std::sync::Arc;

use common::Secret;
use outbound::{Class, Client, Failure, Pace, Target, Timeouts, Url};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::time::{Instant, timeout_at};

use crate::access::AccessTokens;
use crate::families::SignIn;

/// Paths that people copy from a vendor's page together with the base address.
const OPERATIONS: [&str; 3] = ["/completions", "/responses", "/messages"];

/// Address and key of a target, and what its server does not take.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    /// Without a slash at its end.
    base: Url,
    pub(crate) api_key: Secret,
    pub(crate) organization: Option<String>,
    pub(crate) app_id: Option<String>,
    pub(crate) api_secret: Secret,
    /// The name of the wire that is spoken; the provider's first one if it has none.
    pub(crate) wire: Option<&'static str>,
    pub(crate) choices: Choices,
    /// Fields that are left out of bodies.
    pub(crate) omit: Vec<&'static str>,
    /// Answers are asked for as streams.
    pub(crate) stream: bool,
}

/// What the entry of a target chooses where its wire leaves a choice. What it does not choose is the family's.
#[derive(Debug, Clone, Default)]
pub(crate) struct Choices {
    /// Version of the provider's interface.
    pub(crate) api_version: Option<String>,
    /// How long the beginning of a prompt is kept.
    pub(crate) prompt_cache: Option<PromptCache>,
}

/// How long the provider is asked to keep the operator's instructions, with which every prompt of a bot begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub(crate) enum PromptCache {
    /// It is not asked to.
    #[serde(rename = "off")]
    Off,
    /// Five minutes after they were used last. Keeping them costs a quarter more than reading them; reading them again costs a
    /// tenth.
    #[serde(rename = "5m")]
    FiveMinutes,
    /// An hour. Keeping them costs twice as much as reading them.
    #[serde(rename = "1h")]
    Hour,
}

impl PromptCache {
    /// Each by its word in the configuration.
    pub(crate) const WORDS: [(&'static str, Self); 3] =
        [("off", Self::Off), ("5m", Self::FiveMinutes), ("1h", Self::Hour)];
}

impl Address {
    /// An address whose calls go to paths under a base such as `https://host/v1`.
    pub(crate) fn new(
        base: &str,
        api_key: &Secret,
        organization: Option<&str>,
    ) -> Result<Self, &'static str> {
        let wrong = "its base_url is no http address";
        let mut base: Url = base.parse().map_err(|_| wrong)?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(wrong);
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err("its base_url holds a password, which belongs into api_key");
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err("its base_url has a query");
        }
        let path = base.path().trim_end_matches('/').to_owned();
        if OPERATIONS.iter().any(|end| path.to_ascii_lowercase().ends_with(end)) {
            return Err("its base_url names what is called under it: it ends with the version, such as /v1");
        }
        base.set_path(&path);
        let organization = organization.map(str::to_owned);
        let (app_id, api_secret) = (None, Secret::default());
        Ok(Self {
            base,
            api_key: api_key.clone(),
            organization,
            app_id,
            api_secret,
            wire: None,
            choices: Choices::default(),
            omit: Vec::new(),
            stream: true,
        })
    }

    /// The same address, for a server that does not take these fields.
    pub(crate) fn without(self, omit: Vec<&'static str>) -> Self {
        Self { omit, ..self }
    }

    /// The same address, spoken to on this wire, for this application and with this secret.
    pub(crate) fn on(self, wire: Option<&'static str>, app_id: Option<&str>, api_secret: &Secret) -> Self {
        Self { wire, app_id: app_id.map(str::to_owned), api_secret: api_secret.clone(), ..self }
    }

    /// The address of a path at the server of the base.
    pub(crate) fn at(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(path);
        url
    }

    /// The same address, with what its entry chooses.
    pub(crate) fn choosing(self, choices: Choices) -> Self {
        Self { choices, ..self }
    }

    /// The base ends with this piece of a path.
    pub(crate) fn ends_with(&self, end: &str) -> bool {
        self.base.path().ends_with(end)
    }

    /// The same address, whose answers are asked for as streams or not.
    pub(crate) fn streaming(self, stream: bool) -> Self {
        Self { stream, ..self }
    }

    /// The address of a path under the base; the path begins with a slash.
    pub(crate) fn under(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        url
    }
}

/// A target as this process calls it.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) address: Address,
    /// One for the life of the process: breakers, cooldowns and retry budgets.
    pub(crate) health: Arc<Target>,
    /// Apps take turns at it.
    pub(crate) pace: Arc<Pace>,
    /// Of a wire whose calls carry one.
    pub(crate) tokens: AccessTokens,
    /// How long the parts of its streams are waited for.
    pub(crate) timeouts: Timeouts,
    /// Connects to it.
    pub(crate) client: Client,
}

impl Endpoint {
    /// The access token of its key, and not the one that was refused.
    ///
    /// # Errors
    /// Those of the call that gets a token; [`Class::Timeout`] when somebody else's does not end in time.
    pub(crate) async fn token(
        &self,
        sign_in: &dyn SignIn,
        refused: Option<&Secret>,
        deadline: Instant,
    ) -> Result<Secret, Failure> {
        let Self { address, client, tokens, .. } = self;
        let get = || async { sign_in.token(&client.attempt(&sign_in.request(address), deadline).await?) };
        let late = |_| Failure::new(Class::Timeout, "get an access token: somebody else waits for it");
        timeout_at(deadline, tokens.of(&address.api_key, refused, get)).await.map_err(late)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_appended_to_the_base_whatever_its_end() {
        for (base, expected) in [
            ("https://host/v1", "https://host/v1/chat/completions"),
            ("https://host/v1/", "https://host/v1/chat/completions"),
            ("http://host:8080", "http://host:8080/chat/completions"),
            ("http://host/a//", "http://host/a/chat/completions"),
        ] {
            let address = Address::new(base, &Secret::default(), None).unwrap();
            assert_eq!(address.under("/chat/completions").as_str(), expected);
        }
    }
}
