//! What a message brings that has no text of its own, as ingest reads it from its body.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::Text;

/// What can be said of a picture, file, place or event in words, and where a picture can be had. Nothing of it was fetched or looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Attachment {
    /// Its file name, address or event with its fields; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<Text>,
    /// The address of a picture, as the client of whoever sent it wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<Text>,
    /// The secret that the address needs; absent where Easemob restricts no access.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<Text>,
    /// Bytes of the picture, as the same client says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}
