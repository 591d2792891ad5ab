//! The stand-in of the provider, as its control surface speaks.

use super::net::Net;
use anyhow::Result;
use serde::Deserialize;
use serde_json::{Value, json};
use std::rc::Rc;

/// One call on the provider's invoice.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Call {
    pub(crate) number: u64,
    pub(crate) model: String,
    pub(crate) last_user: String,
    /// Header `x-request-id` of the call.
    #[serde(default)]
    pub(crate) request_id: Option<String>,
    /// Milliseconds since the epoch.
    #[serde(default)]
    pub(crate) started_at: i64,
    #[serde(default)]
    pub(crate) ended_at: Option<i64>,
    pub(crate) held: bool,
    pub(crate) billed: bool,
    /// `running`, `replied`, `reset` or `client_gone`.
    pub(crate) end: String,
    pub(crate) prompt_tokens: u64,
    pub(crate) cached_tokens: u64,
    pub(crate) completion_tokens: u64,
}

/// Orders and questions to the stand-in.
pub(crate) struct Model {
    net: Rc<Net>,
    base: String,
}

impl Call {
    /// The request that it was made for, and the attempt's number.
    pub(crate) fn attempt(&self) -> Option<(&str, u16)> {
        let (request, number) = self.request_id.as_deref()?.rsplit_once('-')?;
        Some((request, number.parse().ok()?))
    }
}

impl Model {
    pub(crate) fn new(net: Rc<Net>, base: String) -> Self {
        Self { net, base }
    }

    /// Whatever model is asked, the next `times` calls about `contains` fail like this.
    pub(crate) fn fail(&self, contains: &str, times: u32, kind: &str) -> Result<()> {
        let order = json!({ "scope": { "contains": contains }, "times": times, "fault": { "kind": kind } });
        self.net.post::<Value>(&self.url("faults"), &order).map(drop)
    }

    /// The next `times` calls of a model, or of any, go wrong in this way.
    ///
    /// # Errors
    /// When the stand-in does not answer or does not know the fault.
    pub(crate) fn plan(&self, model: Option<&str>, times: u32, fault: &Value) -> Result<()> {
        let scope = model.map_or_else(|| json!({}), |model| json!({ "model": model }));
        let order = json!({ "scope": scope, "times": times, "fault": fault });
        self.net.post::<Value>(&self.url("faults"), &order).map(drop)
    }

    /// No call goes wrong any more; those that hang go on doing so.
    ///
    /// # Errors
    /// When the stand-in does not answer.
    pub(crate) fn well(&self) -> Result<()> {
        self.net.delete(&self.url("faults"))
    }

    /// Calls about `contains` think until they are released.
    pub(crate) fn hold(&self, contains: &str) -> Result<()> {
        self.net.post::<Value>(&self.url("hold"), &json!({ "contains": contains })).map(drop)
    }

    /// Lets the calls about `contains` go on.
    pub(crate) fn release(&self, contains: &str) -> Result<()> {
        self.net.post::<Value>(&self.url("release"), &json!({ "contains": contains })).map(drop)
    }

    /// How many calls run now.
    ///
    /// # Errors
    /// When the stand-in does not answer.
    pub(crate) fn running(&self) -> Result<u64> {
        #[derive(Deserialize)]
        struct InFlight {
            calls: Vec<Value>,
        }
        Ok(u64::try_from(self.net.get::<InFlight>(&self.url("inflight"))?.calls.len()).unwrap_or(u64::MAX))
    }

    /// The invoice: every call since the start, running ones included.
    pub(crate) fn ledger(&self) -> Result<Vec<Call>> {
        #[derive(Deserialize)]
        struct Ledger {
            entries: Vec<Call>,
        }
        Ok(self.net.get::<Ledger>(&self.url("ledger"))?.entries)
    }

    /// The calls whose last message contains this.
    pub(crate) fn about(&self, contains: &str) -> Result<Vec<Call>> {
        let mut calls = self.ledger()?;
        calls.retain(|call| call.last_user.contains(contains));
        Ok(calls)
    }

    fn url(&self, path: &str) -> String {
        format!("{}/control/{path}", self.base)
    }
}
