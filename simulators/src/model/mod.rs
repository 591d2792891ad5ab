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
mod ernie;
mod family;
mod faults;
mod fields;
mod framing;
mod hold;
mod keys;
mod latency;
mod ledger;
mod limits;
mod local;
mod openai;
mod openai_like;
mod pace;
mod performance;
mod refusal;
mod request;
mod rules;
mod serve;
mod spark;
mod state;
mod stream;
mod tokens;
mod tongyi;
mod whole;

use crate::plan::Plan;
use crate::server::{self, Handle, StartError};
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::Response;
use axum::routing::{MethodRouter, delete, get, post, put};
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
        .route("/tongyi/compatible-mode/v1/chat/completions", wire(&tongyi::COMPATIBLE))
        .route("/tongyi/api/v1/services/aigc/text-generation/generation", wire(&tongyi::NATIVE))
        .route("/tongyi/api/v1/services/aigc/multimodal-generation/generation", wire(&tongyi::NATIVE))
        .route("/ernie/v2/chat/completions", wire(&ernie::V2))
        .route("/ernie/oauth/2.0/token", post(token).get(token))
        .route("/ernie/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/{model}", wire(&ernie::V1))
        .route("/spark/{generation}/chat/completions", wire(&spark::HTTP))
        .route("/spark/ws/{first}/{second}", get(spark::connect))
        .route("/local/v1/chat/completions", wire(&local::VLLM))
        .route("/vllm/v1/chat/completions", wire(&local::VLLM))
        .route("/llamacpp/v1/chat/completions", wire(&local::LLAMA_CPP))
        .route("/ollama/v1/chat/completions", wire(&local::OLLAMA_LIKE))
        .route("/ollama/api/chat", wire(&local::OLLAMA))
        .route("/control/tokens", delete(control::expire))
        .route("/control/faults", post(control::faults).delete(control::well))
        .route("/control/limits", put(control::limits))
        .route("/control/traffic", get(control::traffic))
        .route("/control/hold", post(control::hold))
        .route("/control/release", post(control::release))
        .route("/control/ledger", get(control::ledger))
        .route("/control/inflight", get(control::inflight))
        .route("/control/reset", post(control::reset))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .with_state(Arc::new(model))
}

/// Larger than what any wire takes, so that each refuses in its own words.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// The route of a wire.
fn wire(dialect: &'static dyn Dialect) -> MethodRouter<Arc<Model>> {
    let serve = move |State(model): State<Arc<Model>>, arrival: Arrival| async move {
        Visit { model: &model, dialect, arrival: &arrival }.serve().await
    };
    post(serve)
}

async fn token(State(model): State<Arc<Model>>, arrival: Arrival) -> Response {
    ernie::token(&model, &arrival).await
}
