//! Everything that the stand-in knows.

use super::app::{App, Rule};
use super::caller::{Call, json_headers};
use super::control_error::ControlError;
use super::envelope::Fields;
use super::faults::{RestFault, Scope};
use super::ids::Ids;
use super::records::{CallbackRecord, Records};
use crate::plan::Plan;
use crate::time::now_ms;
use reqwest::Method;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The apps, what happened so far, and what is to go wrong.
#[derive(Debug)]
pub(crate) struct Easemob {
    pub(crate) addr: SocketAddr,
    pub(crate) apps: BTreeMap<String, App>,
    pub(crate) client: reqwest::Client,
    pub(crate) ids: Mutex<Ids>,
    pub(crate) records: Mutex<Records>,
    pub(crate) faults: Plan<Scope, RestFault>,
}

impl Easemob {
    pub(crate) fn ids(&self) -> MutexGuard<'_, Ids> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn app_of(&self, org: &str, name: &str) -> Option<&App> {
        self.apps.values().find(|app| app.org == org && app.name == name)
    }

    pub(crate) fn known_app(&self, key: &str) -> Result<&App, ControlError> {
        self.apps.get(key).ok_or_else(|| ControlError::App(key.to_owned()))
    }

    /// How long a rule waits now; the default if it is gone.
    pub(crate) fn wait_of(&self, app: &str, rule: &str) -> Duration {
        let rules = self.apps.get(app).map(App::rules);
        let wait =
            rules.and_then(|rules| rules.iter().find(|known| known.config.name == rule).map(|r| r.wait));
        wait.unwrap_or(Duration::from_millis(200))
    }

    /// The call of a callback and the beginning of its record.
    pub(crate) fn prepare(
        &self,
        app: &str,
        rule: &Rule,
        fields: &Fields,
        attempt: Option<u8>,
    ) -> (CallbackRecord, Call) {
        let request = Value::Object(fields.clone()).to_string();
        let call = Call {
            method: Method::POST,
            urls: rule.servers(),
            headers: json_headers(),
            body: request.clone().into(),
        };
        let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
        let record = CallbackRecord {
            app: app.to_owned(),
            rule: rule.config.name.clone(),
            stage: rule.config.stage,
            call_id: text("callId"),
            msg_id: text("msg_id"),
            request,
            sent_at: now_ms(),
            attempt,
            status: None,
            reply: String::new(),
            latency_ms: 0.0,
            outcome: Value::Null,
            call: Some(call.clone()),
        };
        (record, call)
    }
}
