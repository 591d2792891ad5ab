//! Engines of single dictionaries and lists of rules, and tables of tiers: each is built once and shared.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use safety::Engine;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::tier::TierTable;

/// Engines and tables by what they were made of, for as long as somebody uses them: every app and every bundle that needs the same one gets
/// the same one.
#[derive(Default)]
pub struct Parts {
    engines: Shared<dyn Engine>,
    tables: Shared<TierTable>,
}

/// Parts of one kind.
struct Shared<T: ?Sized>(Mutex<BTreeMap<String, Weak<T>>>);

impl Parts {
    /// The engine that was built of this, or a new one.
    pub(super) fn get<E>(
        &self,
        made_of: &impl Serialize,
        build: impl FnOnce() -> Result<Arc<dyn Engine>, E>,
    ) -> Result<Arc<dyn Engine>, E> {
        self.engines.get(made_of, build)
    }

    /// The table that was read of this, or a new one.
    pub(super) fn table<E>(
        &self,
        made_of: &impl Serialize,
        read: impl FnOnce() -> Result<Arc<TierTable>, E>,
    ) -> Result<Arc<TierTable>, E> {
        self.tables.get(made_of, read)
    }

    /// How many are in use.
    pub fn in_use(&self) -> usize {
        self.engines.in_use() + self.tables.in_use()
    }
}

impl<T: ?Sized> Default for Shared<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: ?Sized> Shared<T> {
    fn get<E>(
        &self,
        made_of: &impl Serialize,
        build: impl FnOnce() -> Result<Arc<T>, E>,
    ) -> Result<Arc<T>, E> {
        let key = key(made_of);
        let mut parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(part) = parts.get(&key).and_then(Weak::upgrade) {
            return Ok(part);
        }
        parts.retain(|_, part| part.strong_count() > 0);
        let part = build()?;
        parts.insert(key, Arc::downgrade(&part));
        Ok(part)
    }

    fn in_use(&self) -> usize {
        let parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        parts.values().filter(|part| part.strong_count() > 0).count()
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").field("in_use", &self.in_use()).finish()
    }
}

/// A hash of what something is made of.
pub(super) fn key(made_of: &impl Serialize) -> String {
    let json = serde_json::to_vec(made_of).unwrap_or_default();
    base16ct::lower::encode_string(&Sha256::digest(json))
}
