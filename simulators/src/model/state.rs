//! Everything that the stand-in knows.

use super::config::{Config, ModelConfig};
use super::faults::{Fault, Planned, Scope};
use super::hold::Holds;
use super::ledger::Ledger;
use super::limits::Limits;
use super::request::ChatRequest;
use crate::plan::Plan;
use crate::time::now_ms;
use crate::wire::Connection;
use axum::http::{HeaderMap, header};

/// The configuration, what happened so far, and what is to go wrong.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) config: Config,
    pub(crate) faults: Plan<Scope, Planned>,
    pub(crate) holds: Holds,
    pub(crate) ledger: Ledger,
    pub(crate) limits: Limits,
}

impl Model {
    pub(crate) fn admits(&self, headers: &HeaderMap) -> bool {
        let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let key = bearer.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        self.config.api_keys.is_empty() || self.config.api_keys.iter().any(|known| known.reveal() == key)
    }

    pub(crate) fn profile(&self, name: &str) -> ModelConfig {
        let known = self.config.models.iter().find(|model| model.name == name).cloned();
        known.unwrap_or_else(|| ModelConfig { name: name.to_owned(), ..ModelConfig::default() })
    }

    pub(crate) fn knows(&self, name: &str) -> bool {
        let models = &self.config.models;
        models.is_empty() || name.starts_with("sim-") || models.iter().any(|model| model.name == name)
    }

    /// The planned fault of a request, else the one that its model's name asks for.
    pub(crate) fn fault_of(&self, request: &ChatRequest, connection: Connection) -> Option<Planned> {
        let planned = self.faults.take(now_ms(), |scope| scope.matches(request, connection));
        planned.or_else(|| Some(Planned { fault: Fault::named_by(&request.model)?, form: None }))
    }
}
