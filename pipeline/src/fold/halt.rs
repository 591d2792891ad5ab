//! Why a partition stops at a record.

use super::FoldError;

/// Why a partition stops at a record.
#[derive(Debug, thiserror::Error)]
pub(super) enum Halt {
    #[error("pause partition: {0}")]
    Paused(&'static str),
    #[error(transparent)]
    Fold(#[from] FoldError),
    #[error("write snapshot: larger than an output may be")]
    OversizeState,
}

impl Halt {
    pub(super) fn label(&self) -> &'static str {
        match self {
            Self::Paused(reason) => reason,
            Self::Fold(FoldError::Restore(_)) => "restore",
            Self::Fold(FoldError::Control(_)) => "control",
            Self::OversizeState => "oversize_state",
        }
    }
}
