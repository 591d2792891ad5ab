//! The control surface of the provider's stand-in.

use super::net::Net;
use anyhow::Result;
use serde::Deserialize;
use serde_json::{Value, json};
use std::rc::Rc;

/// One call on the provider's invoice.
#[derive(Clone, Debug, Deserialize)]
pub struct Call {
    /// Its number, counted from the start of the stand-in.
    pub number: u64,
    /// The model that was asked.
    pub model: String,
    /// Last message of the user in the request.
    pub last_user: String,
    /// Header `x-request-id` of the call.
    #[serde(default)]
    pub request_id: Option<String>,
    /// Milliseconds since the epoch.
    #[serde(default)]
    pub started_at: i64,
    /// Nothing while it runs.
    #[serde(default)]
    pub ended_at: Option<i64>,
    /// Whether an order held it.
    pub held: bool,
    /// Whether it is on the invoice.
    pub billed: bool,
    /// `running`, `replied`, `reset` or `client_gone`.
    pub end: String,
    /// Tokens of the request, cached ones included.
    pub prompt_tokens: u64,
    /// Tokens of the request that came from the cache.
    pub cached_tokens: u64,
    /// Tokens of the answer.
    pub completion_tokens: u64,
}

/// Orders and questions to the stand-in.
pub struct Model {
    net: Rc<Net>,
    base: String,
}

impl Call {
    /// The request that it was made for, and the attempt's number.
    pub fn attempt(&self) -> Option<(&str, u16)> {
        let (request, number) = self.request_id.as_deref()?.rsplit_once('-')?;
        Some((request, number.parse().ok()?))
    }
}

impl Model {
    /// Speaks to the stand-in at the address `base`.
    pub fn new(net: Rc<Net>, base: String) -> Self {
        Self { net, base }
    }

    /// Whatever model is asked, the next `times` calls about `contains` fail like this.
    pub fn fail(&self, contains: &str, times: u32, kind: &str) -> Result<()> {
        let order = json!({ "scope": { "contains": contains }, "times": times, "fault": { "kind": kind } });
        self.net.post::<Value>(&self.url("faults"), &order).map(drop)
    }

    /// The next `times` calls of a model, or of any, go wrong in this way.
    ///
    /// # Errors
    /// When the stand-in does not answer or does not know the fault.
    pub fn plan(&self, model: Option<&str>, times: u32, fault: &Value) -> Result<()> {
        let scope = model.map_or_else(|| json!({}), |model| json!({ "model": model }));
        let order = json!({ "scope": scope, "times": times, "fault": fault });
        self.net.post::<Value>(&self.url("faults"), &order).map(drop)
    }

    /// No call goes wrong any more; those that hang go on doing so.
    ///
    /// # Errors
    /// When the stand-in does not answer.
    pub fn well(&self) -> Result<()> {
        self.net.delete(&self.url("faults"))
    }

    /// Calls about `contains` think until they are released.
    pub fn hold(&self, contains: &str) -> Result<()> {
        self.net.post::<Value>(&self.url("hold"), &json!({ "contains": contains })).map(drop)
    }

    /// Lets the calls about `contains` go on.
    pub fn release(&self, contains: &str) -> Result<()> {
        self.net.post::<Value>(&self.url("release"), &json!({ "contains": contains })).map(drop)
    }

    /// How many calls run now.
    ///
    /// # Errors
    /// When the stand-in does not answer.
    pub fn running(&self) -> Result<u64> {
        #[derive(Deserialize)]
        struct InFlight {
            calls: Vec<Value>,
        }
        Ok(u64::try_from(self.net.get::<InFlight>(&self.url("inflight"))?.calls.len()).unwrap_or(u64::MAX))
    }

    /// The invoice: every call since the start, running ones included.
    pub fn ledger(&self) -> Result<Vec<Call>> {
        #[derive(Deserialize)]
        struct Ledger {
            entries: Vec<Call>,
        }
        Ok(self.net.get::<Ledger>(&self.url("ledger"))?.entries)
    }

    /// The calls whose last message contains this.
    pub fn about(&self, contains: &str) -> Result<Vec<Call>> {
        let mut calls = self.ledger()?;
        calls.retain(|call| call.last_user.contains(contains));
        Ok(calls)
    }

    fn url(&self, path: &str) -> String {
        format!("{}/control/{path}", self.base)
    }
}
