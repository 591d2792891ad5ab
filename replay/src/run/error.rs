//! Why a replay cannot go on.

use pipeline::fold::RefoldError;
use pipeline::kafka::NameError;
use schemas::wire::EncodeError;

use crate::log::LogError;
use crate::shadow::WriteError;

/// Why a replay cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A topic cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The fold stops at a record.
    #[error(transparent)]
    Fold(#[from] RefoldError),
    /// A topic of the replay cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The deployment's name cannot be used.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A record that the replay makes has no form.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// A line of the results has no form.
    #[error("write a line of the results")]
    Line(#[source] serde_json::Error),
    /// The bundle of a request cannot be had.
    #[error(transparent)]
    Bundle(#[from] conversation::BundlesError),
}

impl RunError {
    /// A closed label for counters.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Log(error) => error.label(),
            Self::Fold(error) => error.label(),
            Self::Write(error) => error.label(),
            Self::Name(_) => "name",
            Self::Encode(_) => "encode",
            Self::Line(_) => "line",
            Self::Bundle(error) => error.label(),
        }
    }
}
