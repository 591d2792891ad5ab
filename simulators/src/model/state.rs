//! Everything that the stand-in knows.

use super::cache::Cache;
use super::config::{Config, ModelConfig};
use super::dialect::{Arrival, Dialect};
use super::faults::{Caller, Fault, Planned, Scope};
use super::hold::Holds;
use super::keys::Tokens;
use super::ledger::Ledger;
use super::limits::Limits;
use super::request::ChatRequest;
use super::rules::{RuleBook, Rules};
use crate::plan::Plan;
use crate::time::now_ms;
use std::time::SystemTime;

/// Header that asks for a fault.
const FAULT: &str = "x-sim-fault";

/// The configuration, what happened so far, and what is to go wrong.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) config: Config,
    pub(crate) rules: RuleBook,
    pub(crate) faults: Plan<Scope, Planned>,
    pub(crate) holds: Holds,
    pub(crate) ledger: Ledger,
    pub(crate) limits: Limits,
    pub(crate) tokens: Tokens,
    pub(crate) cache: Cache,
}

impl Model {
    fn configured(&self, name: &str) -> Option<&ModelConfig> {
        self.config.models.iter().find(|model| model.name == name)
    }

    /// The rules of a model of a wire.
    pub(crate) fn rules(&self, dialect: &dyn Dialect, name: &str) -> Rules {
        self.rules.of(dialect.family(), name, self.configured(name))
    }

    /// Whether a wire has a model of this name.
    pub(crate) fn knows(&self, dialect: &dyn Dialect, name: &str) -> bool {
        let listed = || self.rules.row(dialect.family(), name).is_some();
        let any = self.config.models.is_empty() && !dialect.is_strict();
        any || name.starts_with("sim-")
            || self.configured(name).is_some()
            || (dialect.is_strict() && listed())
    }

    /// The day by which models are retired.
    pub(crate) fn today(&self) -> String {
        let now = || humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let day = |text: String| text.get(..10).map(str::to_owned).unwrap_or_default();
        self.config.today.clone().unwrap_or_else(|| day(now()))
    }

    /// The planned fault of a request, else the one that a header or its model's name asks for.
    pub(crate) fn fault_of(
        &self,
        request: &ChatRequest,
        arrival: &Arrival,
        caller: Caller<'_>,
    ) -> Option<Planned> {
        let planned = self.faults.take_counted(now_ms(), |scope| scope.matches(request, caller));
        let asked = || arrival.header(FAULT).and_then(Fault::ordered_by);
        let unplanned = || asked().or_else(|| Fault::named_by(&request.model));
        match planned {
            Some((planned, met)) => Some(Planned { fault: planned.fault.grown(met), ..planned }),
            None => unplanned().map(|fault| Planned { fault, form: None }),
        }
    }
}
