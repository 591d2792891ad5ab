//! Why the driver ends by itself.

use crate::kafka;
use crate::kafka::commit_meta::MetadataError;

/// Why the driver ends by itself.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The client is of no use any more.
    #[error(transparent)]
    Kafka(#[from] kafka::Error),
    /// A dead letter could not be written, so its record would be lost.
    #[error("write dead letter: {0}")]
    DeadLetter(String),
    /// The commit metadata cannot be written.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
}

impl Failure {
    /// A closed label for logs.
    pub(super) fn label(&self) -> &'static str {
        match self {
            Self::Kafka(error) => error.label(),
            Self::DeadLetter(_) => "dead_letter",
            Self::Metadata(error) => error.label(),
        }
    }
}
