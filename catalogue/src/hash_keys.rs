//! The keys under which personal data are hashed. A bundle holds their fingerprints, the processes' files hold the keys.

use std::collections::BTreeMap;

use common::Secret;
use sha2::{Digest, Sha256};

/// Keys by their fingerprints.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HashKeys(BTreeMap<String, Secret>);

impl HashKeys {
    /// The key of that fingerprint.
    pub fn get(&self, fingerprint: &str) -> Option<&Secret> {
        self.0.get(fingerprint)
    }
}

impl FromIterator<Secret> for HashKeys {
    fn from_iter<T: IntoIterator<Item = Secret>>(keys: T) -> Self {
        Self(keys.into_iter().map(|key| (fingerprint(&key), key)).collect())
    }
}

/// What names a key and tells nothing of it: the first 16 hex digits of a SHA-256 over it. A key of 32 random characters cannot be
/// guessed from that.
pub(crate) fn fingerprint(key: &Secret) -> String {
    let hash = Sha256::new().chain_update("huiyin hash key\0").chain_update(key.expose()).finalize();
    base16ct::lower::encode_string(hash.get(..8).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_by_its_fingerprint_and_by_no_other() {
        let key = Secret::new("0123456789abcdef0123456789abcdef");
        let keys: HashKeys = [key.clone()].into_iter().collect();
        // printf 'huiyin hash key\0000123456789abcdef0123456789abcdef' | sha256sum | cut -c1-16
        assert_eq!(fingerprint(&key), "6eec2d59792b0401");
        assert_eq!(keys.get(&fingerprint(&key)), Some(&key));
        assert_eq!(keys.get(&fingerprint(&Secret::new("another"))), None);
        assert!(!format!("{keys:?}").contains("abcdef0"), "{keys:?}");
    }
}
