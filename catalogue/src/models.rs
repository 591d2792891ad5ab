//! The table of models: what is known of each, shipped and from the file.
//!
//! The shipped rows are `data/models.toml`, in the form of the file's own `[[model]]` rows. Whatever a row of the file says goes before
//! them. What a `[[target]]` leaves out comes from here.

use std::sync::OnceLock;

use common::Problems;
use schemas::Millis;
use serde::Deserialize;

use crate::model_traits::{Caching, MilliRange, SystemRole, ThinkingSwitch};
use crate::raw::RawModel;
use crate::target::{OutputCap, Provider};
use crate::validate::model;

/// What is known of one model; what is not known is absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// Provider family.
    pub provider: Provider,
    /// The model's name, or the beginning of names with `*` at its end.
    pub name: String,
    /// Context window in tokens.
    pub context_tokens: Option<u32>,
    /// Most tokens of one answer.
    pub max_output_tokens: Option<u32>,
    /// The request field that caps the output.
    pub output_cap: Option<OutputCap>,
    /// Sampling parameters that it takes.
    pub sampling: Option<Vec<&'static str>>,
    /// Temperatures that it takes.
    pub temperature_milli: Option<MilliRange>,
    /// How it is told the operator's instructions.
    pub system: Option<SystemRole>,
    /// It answers in streams only.
    pub stream_only: Option<bool>,
    /// Whether it thinks.
    pub thinks: Option<Thinks>,
    /// The field that switches its thinking.
    pub thinking_by: Option<ThinkingSwitch>,
    /// How the beginning of a prompt is kept.
    pub caching: Option<Caching>,
    /// It sees pictures.
    pub vision: Option<bool>,
    /// First moment at which it cannot be called any more.
    pub retires: Option<Millis>,
}

/// Whether a model thinks before it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thinks {
    /// Never.
    Never,
    /// As it is told.
    Switchable,
    /// In any case.
    Always,
}

/// The sampling parameters that a model may take.
pub(crate) const SAMPLING: [&str; 5] =
    ["temperature", "top_p", "top_k", "presence_penalty", "frequency_penalty"];

impl Model {
    /// How well the row fits a model: the length of its name, more for the very name; nothing if it is of another one.
    fn fit(&self, provider: Provider, model: &str) -> Option<usize> {
        if self.provider != provider {
            return None;
        }
        match self.name.strip_suffix('*') {
            Some(beginning) => model.starts_with(beginning).then_some(beginning.len()),
            None if self.name == model => Some(usize::MAX),
            None => is_snapshot(model, &self.name).then_some(self.name.len()),
        }
    }

    /// The row, with what it does not say as another one says it.
    fn or(self, other: &Model) -> Model {
        Model {
            provider: self.provider,
            name: self.name,
            context_tokens: self.context_tokens.or(other.context_tokens),
            max_output_tokens: self.max_output_tokens.or(other.max_output_tokens),
            output_cap: self.output_cap.or(other.output_cap),
            sampling: self.sampling.or_else(|| other.sampling.clone()),
            temperature_milli: self.temperature_milli.or(other.temperature_milli),
            system: self.system.or(other.system),
            stream_only: self.stream_only.or(other.stream_only),
            thinks: self.thinks.or(other.thinks),
            thinking_by: self.thinking_by.or(other.thinking_by),
            caching: self.caching.or(other.caching),
            vision: self.vision.or(other.vision),
            retires: self.retires.or(other.retires),
        }
    }
}

/// Whether a name is that of a dated snapshot of a model: its name, a dash, and at least four digits, which dashes may divide.
pub(crate) fn is_snapshot(name: &str, of: &str) -> bool {
    let Some(date) = name.strip_prefix(of).and_then(|rest| rest.strip_prefix('-')) else { return false };
    let digits = date.bytes().filter(u8::is_ascii_digit).count();
    digits >= 4 && date.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
}

/// The shipped table with the rows of a file before it.
#[derive(Debug, Default)]
pub struct Models {
    own: Vec<Model>,
}

impl Models {
    /// With the rows of a file; those that are wrong are left out, since checking the file tells them.
    pub fn with(own: &[RawModel]) -> Self {
        Self::checked(own, &mut Problems::default())
    }

    /// With the rows of a file, whose problems are told.
    pub(crate) fn checked(own: &[RawModel], problems: &mut Problems) -> Self {
        Self { own: own.iter().filter_map(|raw| model(raw, problems)).collect() }
    }

    /// What is known of a model; nothing if no row is of it.
    pub fn of(&self, provider: Provider, name: &str) -> Option<Model> {
        let best = |rows: &[Model]| {
            let fitting = rows.iter().filter_map(|row| Some((row.fit(provider, name)?, row)));
            fitting.max_by_key(|(fit, _)| *fit).map(|(_, row)| row.clone())
        };
        match (best(&self.own), best(shipped())) {
            (Some(own), Some(shipped)) => Some(own.or(&shipped)),
            (own, shipped) => own.or(shipped),
        }
    }
}

/// The rows of `data/models.toml`.
pub fn shipped() -> &'static [Model] {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Table {
        model: Vec<RawModel>,
    }
    static SHIPPED: OnceLock<Vec<Model>> = OnceLock::new();
    SHIPPED.get_or_init(|| {
        // A test reads every row.
        let table = toml::from_str::<Table>(include_str!("../data/models.toml"));
        let rows = table.map(|table| table.model).unwrap_or_default();
        rows.iter().filter_map(|raw| model(raw, &mut Problems::default())).collect()
    })
}

#[cfg(test)]
mod tests;
