//! What stands in a message: a text, or pictures by their addresses and a text. The pictures come first: models read them better so.

use schemas::text::Text;
use serde::ser::{Serialize, SerializeSeq, Serializer};
use serde_json::json;

/// A content, as OpenAI's wire and its relatives have it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Content<'a> {
    pub(super) text: &'a str,
    pub(super) images: &'a [Text],
}

/// A content, as Anthropic's wire has it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Blocks<'a>(pub(super) Content<'a>);

impl Content<'_> {
    fn parts<S: Serializer>(
        &self,
        to: S,
        image: impl Fn(&str) -> serde_json::Value,
    ) -> Result<S::Ok, S::Error> {
        if self.images.is_empty() {
            return to.serialize_str(self.text);
        }
        let mut parts = to.serialize_seq(None)?;
        for url in self.images.iter().filter_map(Text::plain) {
            parts.serialize_element(&image(url))?;
        }
        parts.serialize_element(&json!({"type": "text", "text": self.text}))?;
        parts.end()
    }
}

impl Serialize for Content<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.parts(to, |url| json!({"type": "image_url", "image_url": {"url": url}}))
    }
}

impl Serialize for Blocks<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.parts(to, |url| json!({"type": "image", "source": {"type": "url", "url": url}}))
    }
}
