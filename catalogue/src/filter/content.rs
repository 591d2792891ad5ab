//! Files of words, known by the hash of their bytes.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A file as a bundle names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Content {
    /// SHA-256 of its bytes in lowercase hex: what `sha256sum` says of the file.
    pub hash: String,
    /// Its bytes.
    pub bytes: u64,
    /// Its words or spans.
    pub count: u64,
}

/// Bytes that are not the content which they are taken for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadContent {
    /// They have another hash.
    #[error("the content has the hash {found}")]
    Hash {
        /// The hash that they have.
        found: String,
    },
    /// They are no text.
    #[error("the content is not UTF-8")]
    Text,
    /// It is not among those that are there.
    #[error("the content is not there")]
    Missing,
}

impl Content {
    /// What names this text, which has that many words or spans.
    pub fn of(text: &str, count: usize) -> Self {
        Self { hash: hash(text.as_bytes()), bytes: text.len() as u64, count: count as u64 }
    }

    /// The text, if the bytes are those of the content.
    ///
    /// # Errors
    /// [`BadContent`] when they are not.
    pub fn text(&self, bytes: Vec<u8>) -> Result<Arc<str>, BadContent> {
        let found = hash(&bytes);
        if found != self.hash {
            return Err(BadContent::Hash { found });
        }
        String::from_utf8(bytes).map(Arc::from).map_err(|_| BadContent::Text)
    }
}

fn hash(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(&Sha256::digest(bytes))
}

/// Texts by the hash of their bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents(BTreeMap<String, Arc<str>>);

impl Contents {
    /// The text of a content.
    ///
    /// # Errors
    /// [`BadContent::Missing`] when it is not among them.
    pub fn get(&self, content: &Content) -> Result<Arc<str>, BadContent> {
        self.0.get(&content.hash).cloned().ok_or(BadContent::Missing)
    }

    /// Adds a text under its content's hash.
    pub fn insert(&mut self, content: &Content, text: Arc<str>) {
        self.0.insert(content.hash.clone(), text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_is_its_bytes_and_no_others() {
        let content = Content::of("赌博\n", 1);
        assert_eq!((content.bytes, content.hash.len()), (7, 64));
        assert_eq!(content.text("赌博\n".into()).as_deref(), Ok("赌博\n"));
        assert!(matches!(content.text("赌博".into()), Err(BadContent::Hash { .. })));
        let mut contents = Contents::default();
        assert_eq!(contents.get(&content), Err(BadContent::Missing));
        contents.insert(&content, "赌博\n".into());
        assert_eq!(contents.get(&content).as_deref(), Ok("赌博\n"));
    }
}
