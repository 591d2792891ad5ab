//! Stand-in of a provider with an OpenAI-compatible API. Answers come whole; streaming is refused.

mod answer;
mod chat;
mod config;
mod control;
mod faults;
mod hold;
mod latency;
mod ledger;
mod limits;
mod refusal;
mod reply;
mod request;
mod state;
mod tokens;

use crate::plan::Plan;
use crate::server::{self, Handle, StartError};
use axum::Router;
use axum::routing::{get, post, put};
pub use config::{Answer, CodeForm, Config, LimitConfig, ModelConfig};
use hold::Holds;
use ledger::Ledger;
use limits::Limits;
use state::Model;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

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
    validate(&config)?;
    let (listener, addr) = server::bind(addr).await?;
    let limits = Limits::new(&config.models);
    let model =
        Model { config, faults: Plan::default(), holds: Holds::default(), ledger: Ledger::default(), limits };
    tracing::info!(%addr, models = model.config.models.len(), "model stand-in is ready");
    Ok(server::run(listener, addr, router(model)))
}

fn validate(config: &Config) -> Result<(), StartError> {
    let refused = |text: String| Err(StartError::Config(text));
    if !config.latency_sigma.is_finite() || config.latency_sigma < 0.0 {
        return refused(format!("latency_sigma {} is not a spread", config.latency_sigma));
    }
    for (at, model) in config.models.iter().enumerate() {
        if model.name.is_empty() || config.models.iter().take(at).any(|other| other.name == model.name) {
            return refused(format!("model {:?} has no name of its own", model.name));
        }
    }
    Ok(())
}

fn router(model: Model) -> Router {
    Router::new()
        .route("/v1/chat/completions", post(chat::complete))
        .route("/v1/models", get(control::models))
        .route("/control/faults", post(control::faults).delete(control::well))
        .route("/control/limits", put(control::limits))
        .route("/control/traffic", get(control::traffic))
        .route("/control/hold", post(control::hold))
        .route("/control/release", post(control::release))
        .route("/control/ledger", get(control::ledger))
        .route("/control/inflight", get(control::inflight))
        .route("/control/reset", post(control::reset))
        .with_state(Arc::new(model))
}
