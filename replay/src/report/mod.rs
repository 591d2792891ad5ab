//! A replay as people read it: a table in the terminal, JSON, and a page that needs nothing but itself.
//!
//! - [`terminal`]: a table for the terminal
//! - [`json`]: everything, for programs
//! - [`html`]: the page
//! - [`words`]: what is said, in each language

pub mod format;
pub mod html;
pub mod sentences;
pub mod terminal;
pub mod words;

use serde::Serialize;

use crate::gate::Gate;
use crate::summary::Summary;
pub use words::Lang;

/// What a report tells.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Report<'a> {
    /// The replay.
    #[serde(flatten)]
    pub summary: &'a Summary,
    /// The same turns with another replay's candidate as the baseline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against: Option<&'a Summary>,
    /// What the gate says, where conditions were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gate: Option<&'a Gate>,
}

/// The report as JSON, one object in lines.
pub fn json(report: &Report<'_>) -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string_pretty(report)? + "\n")
}

#[cfg(test)]
mod tests;
