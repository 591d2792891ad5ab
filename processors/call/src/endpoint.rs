//! Where a target is called, with which key, and how it has been doing.

use std::sync::Arc;

use common::Secret;
use outbound::{Failure, Pace, Request, Target, Url};

use crate::chat::Omit;

/// Address and key of a target, and what its server does not take.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    url: Url,
    api_key: Secret,
    organization: Option<String>,
    /// Fields that are left out of bodies.
    pub(crate) omit: Vec<Omit>,
}

impl Address {
    /// The address of chat completions under a base such as `https://host/v1`.
    pub(crate) fn new(
        base: &str,
        api_key: &Secret,
        organization: Option<&str>,
    ) -> Result<Self, &'static str> {
        let wrong = "its base_url is no http address";
        let mut url: Url = base.parse().map_err(|_| wrong)?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(wrong);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("its base_url holds a password, which belongs into api_key");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("its base_url has a query");
        }
        let path = url.path().trim_end_matches('/').to_ascii_lowercase();
        if ["/completions", "/responses", "/messages"].iter().any(|end| path.ends_with(end)) {
            return Err("its base_url names what is called under it: it ends with the version, such as /v1");
        }
        url.set_path(&format!("{}/chat/completions", url.path().trim_end_matches('/')));
        Ok(Self {
            url,
            api_key: api_key.clone(),
            organization: organization.map(str::to_owned),
            omit: Vec::new(),
        })
    }

    /// The same, for a server that does not take these fields.
    pub(crate) fn without(self, omit: Vec<Omit>) -> Self {
        Self { omit, ..self }
    }

    /// The call with this body; `correlation` is the id under which both sides can find it again.
    pub(crate) fn call(&self, body: Vec<u8>, correlation: &str) -> Result<Request, Failure> {
        let mut call = Request::post_json(self.url.clone(), body).header("x-request-id", correlation)?;
        if !self.api_key.is_empty() {
            call = call.bearer(self.api_key.expose())?;
        }
        match &self.organization {
            Some(organization) => call.header("openai-organization", organization),
            None => Ok(call),
        }
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
}
