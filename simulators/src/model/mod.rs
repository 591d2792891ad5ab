//! Stand-in of the providers of six families, each under a path of its own, and of a plain OpenAI-like server under `/v1`.
//!
//! A wire (`dialect`) reads a call, refuses what its vendor refuses and words answers, streams and errors; the course of a call
//! (`serve`), its faults, limits and entry in the ledger are the same for all.

mod answer;
mod cache;
mod claude;
mod completion;
mod config;
mod control;
mod dialect;
mod family;
mod faults;
mod fields;
mod framing;
mod hold;
mod keys;
mod latency;
mod ledger;
mod limits;
mod openai;
mod openai_like;
mod pace;
mod performance;
mod refusal;
mod request;
mod rules;
mod serve;
mod state;
mod stream;
mod tokens;
mod whole;

use crate::plan::Plan;
use crate::server::{self, Handle, StartError};
use crate::wire::Connection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Uri};
use axum::routing::{MethodRouter, delete, get, post, put};
use axum::{Extension, Router};
use bytes::Bytes;
use cache::Cache;
use claude::CLAUDE;
pub use config::{Answer, CodeForm, Config, LimitConfig, ModelConfig};
use dialect::{Arrival, Dialect};
pub use family::Family;
use hold::Holds;
use keys::Tokens;
use ledger::Ledger;
use limits::Limits;
use openai::{OPENAI, PLAIN};
use rules::RuleBook;
use serve::Visit;
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
    let model = Model {
        rules: RuleBook::new().map_err(|error| StartError::Config(error.to_string()))?,
        faults: Plan::default(),
        holds: Holds::default(),
        ledger: Ledger::default(),
        limits: Limits::new(&config.models),
        tokens: Tokens::default(),
        cache: Cache::default(),
        config,
    };
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
        .route("/v1/chat/completions", wire(&PLAIN))
        .route("/v1/models", get(control::models))
        .route("/openai/v1/chat/completions", wire(&OPENAI))
        .route("/openai/v1/models", get(control::models))
        .route("/claude/v1/messages", wire(&CLAUDE))
        .route("/control/tokens", delete(control::expire))
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

/// The route of a wire.
fn wire(dialect: &'static dyn Dialect) -> MethodRouter<Arc<Model>> {
    let serve = move |State(model): State<Arc<Model>>,
                      Extension(connection): Extension<Connection>,
                      uri: Uri,
                      headers: HeaderMap,
                      bytes: Bytes| async move {
        let arrival = Arrival { connection, uri, headers, bytes };
        Visit { model: &model, dialect, arrival: &arrival }.serve().await
    };
    post(serve).layer(DefaultBodyLimit::max(MOST_BYTES))
}

/// Larger than what any wire takes, so that each refuses in its own words.
const MOST_BYTES: usize = 64 * 1024 * 1024;
