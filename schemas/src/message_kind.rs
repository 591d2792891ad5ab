//! Kinds of messages.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What kind of content a message has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// Plain text.
    Text,
    /// A picture.
    Image,
    /// A voice message.
    Audio,
    /// A video.
    Video,
    /// A file.
    File,
    /// A place.
    Location,
    /// A command between programs.
    Command,
    /// The app's own kind.
    Custom,
    /// Several forwarded messages in one.
    Combined,
    /// A kind that this version does not know.
    Other,
}

impl MessageKind {
    /// Its name in metrics and rows.
    pub fn label(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::Audio => "audio",
            Self::Video => "video",
            Self::File => "file",
            Self::Location => "location",
            Self::Command => "command",
            Self::Custom => "custom",
            Self::Combined => "combined",
            Self::Other => "other",
        }
    }
}
