//! The generations of Spark, which its addresses tell apart and the table of models does not.

/// A generation, by the name of its model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Generation {
    Lite,
    Pro,
    Pro128k,
    Max,
    Max32k,
    Ultra,
    /// X1.5 and X2.
    X,
    X25,
    /// Of the operator's own, or newer than this.
    Other,
}

impl Generation {
    pub(super) fn of(model: &str) -> Self {
        match model.to_ascii_lowercase().as_str() {
            "lite" => Self::Lite,
            "generalv3" => Self::Pro,
            "pro-128k" => Self::Pro128k,
            "generalv3.5" => Self::Max,
            "max-32k" => Self::Max32k,
            "4.0ultra" => Self::Ultra,
            name if name.starts_with("spark-x2.5") => Self::X25,
            name if name.starts_with("spark-x") => Self::X,
            _ => Self::Other,
        }
    }

    /// Whether it is served under this version over HTTP; nothing if that is not known.
    pub(super) fn is_under(self, version: &str) -> Option<bool> {
        match self {
            Self::Lite | Self::Pro | Self::Pro128k | Self::Max | Self::Max32k | Self::Ultra => {
                Some(version == "/v1")
            }
            Self::X | Self::X25 => Some(version != "/v1"),
            Self::Other => None,
        }
    }

    /// The path of its WebSocket.
    pub(super) fn path(self) -> Option<&'static str> {
        Some(match self {
            Self::Lite => "/v1.1/chat",
            Self::Pro => "/v3.1/chat",
            Self::Pro128k => "/chat/pro-128k",
            Self::Max => "/v3.5/chat",
            Self::Max32k => "/chat/max-32k",
            Self::Ultra => "/v4.0/chat",
            Self::X => "/v1/x1",
            Self::X25 | Self::Other => return None,
        })
    }

    /// It searches the web unless it is told not to.
    pub(super) fn searches(self) -> bool {
        !matches!(self, Self::Lite | Self::Other)
    }
}
