//! Stand-in of Easemob: it calls us back, and it is called.

mod app;
mod ban;
mod caller;
mod config;
mod control;
mod control_error;
mod envelope;
mod exchange;
mod faults;
mod ids;
mod knobs;
mod message;
mod post;
mod quota;
mod readings;
mod recall;
mod records;
mod reply;
mod rest;
mod rest_error;
mod send;
mod signature;
mod state;
mod token;
mod validate;

use crate::plan::Plan;
use crate::random::Random;
use crate::server::{self, Handle, StartError};
use app::{App, ConfigError};
use axum::Router;
use axum::routing::{get, post, put};
pub use config::{
    AppConfig, ChatKind, Config, Fallback, GroupWord, PayloadShape, QuotaConfig, RuleConfig, Source, Stage,
};
use ids::Ids;
use rest_error::RestError;
use state::Easemob;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

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
        .route("/{org}/{app}/messages/msg_recall", post(recall::recall))
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
        .route("/control/recalls", get(readings::recalls))
        .route("/control/callbacks", get(readings::callbacks))
        .route("/control/bans", get(readings::bans))
        .route("/control/traffic", get(readings::traffic))
        .fallback(async || RestError::unknown_path())
        .with_state(Arc::new(easemob))
}
