//! Stand-in of Easemob: it calls us back, and it is called.

mod app;
mod ban;
mod caller;
mod config;
mod control;
mod control_error;
mod envelope;
mod faults;
mod ids;
mod knobs;
mod message;
mod post;
mod quota;
mod readings;
mod records;
mod reply;
mod rest;
mod rest_error;
mod send;
mod signature;
mod token;
mod validate;

use crate::plan::Plan;
use crate::random::Random;
use crate::server::{self, Handle, StartError};
use crate::time::now_ms;
use app::{App, ConfigError, Rule};
use axum::Router;
use axum::routing::{get, post, put};
use caller::Call;
pub use config::{
    AppConfig, ChatKind, Config, Fallback, GroupWord, PayloadShape, QuotaConfig, RuleConfig, Source, Stage,
};
use control_error::ControlError;
use envelope::Fields;
use faults::{RestFault, Scope};
use ids::Ids;
use records::{CallbackRecord, Records};
use reqwest::Method;
use rest_error::RestError;
use serde_json::Value;
pub(crate) use signature::hex;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Everything that the stand-in knows.
#[derive(Debug)]
pub(crate) struct Easemob {
    addr: SocketAddr,
    apps: BTreeMap<String, App>,
    client: reqwest::Client,
    ids: Mutex<Ids>,
    records: Mutex<Records>,
    faults: Plan<Scope, RestFault>,
}

/// Starts the stand-in on a free loopback port.
///
/// # Errors
/// The configuration contradicts itself or no port can be bound.
pub async fn start(config: Config) -> Result<Handle, StartError> {
    start_at((Ipv4Addr::LOCALHOST, 0).into(), config).await
}

/// Starts the stand-in at an address.
///
/// # Errors
/// The configuration contradicts itself or the address cannot be bound.
pub async fn start_at(addr: SocketAddr, config: Config) -> Result<Handle, StartError> {
    let apps = validated(&config).map_err(|error| StartError::Config(error.to_string()))?;
    let client = caller::client(config.trusted_certificates.as_deref())?;
    let (listener, addr) = server::bind(addr).await?;
    let easemob = Easemob {
        addr,
        apps,
        client,
        ids: Mutex::new(Ids::new(config.seed)),
        records: Mutex::default(),
        faults: Plan::default(),
    };
    tracing::info!(%addr, apps = easemob.apps.len(), "Easemob stand-in is ready");
    Ok(server::run(listener, addr, router(easemob)))
}

fn validated(config: &Config) -> Result<BTreeMap<String, App>, ConfigError> {
    let mut random = Random::new(config.seed, 3);
    let mut apps = BTreeMap::new();
    for app in config.apps.iter().cloned() {
        let app = App::validated(app, &mut random)?;
        if let Some(same) = apps.insert(app.key.clone(), app) {
            return Err(ConfigError::SameApp(same.key));
        }
    }
    Ok(apps)
}

fn router(easemob: Easemob) -> Router {
    Router::new()
        .route("/{org}/{app}/token", post(rest::token))
        .route("/{org}/{app}/messages/{target}", post(rest::send))
        .route("/control/send", post(control::send))
        .route("/control/repeat", post(control::repeat))
        .route("/control/raw", post(control::raw))
        .route("/control/recall", post(control::recall))
        .route("/control/rules", put(control::rules))
        .route("/control/quotas", put(control::quotas))
        .route("/control/faults", post(control::faults).delete(control::well))
        .route("/control/tokens/revoke", post(control::revoke))
        .route("/control/reset", post(control::reset))
        .route("/control/inbox", get(readings::inbox))
        .route("/control/sends", get(readings::sends))
        .route("/control/callbacks", get(readings::callbacks))
        .route("/control/bans", get(readings::bans))
        .route("/control/traffic", get(readings::traffic))
        .fallback(async || RestError::unknown_path())
        .with_state(Arc::new(easemob))
}

impl Easemob {
    fn ids(&self) -> MutexGuard<'_, Ids> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn app_of(&self, org: &str, name: &str) -> Option<&App> {
        self.apps.values().find(|app| app.org == org && app.name == name)
    }

    fn known_app(&self, key: &str) -> Result<&App, ControlError> {
        self.apps.get(key).ok_or_else(|| ControlError::App(key.to_owned()))
    }

    /// How long a rule waits now; the default if it is gone.
    fn wait_of(&self, app: &str, rule: &str) -> Duration {
        let rules = self.apps.get(app).map(App::rules);
        let wait =
            rules.and_then(|rules| rules.iter().find(|known| known.config.name == rule).map(|r| r.wait));
        wait.unwrap_or(Duration::from_millis(200))
    }

    /// The call of a callback and the beginning of its record.
    fn prepare(
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
            headers: control::json_headers(),
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
