//! Beginnings of prompts that a provider keeps because it was asked to.

use super::request::{CacheLife, CacheMark, ChatRequest};
use super::tokens::{self, Usage};
use base16ct::lower;
use md5::{Digest as _, Md5};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Digests of the beginnings that were written. They do not expire.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    kept: Mutex<BTreeSet<String>>,
}

impl Cache {
    /// Which part of a prompt is read from the cache and which is written to it. A request without a mark reads in blocks, as
    /// providers do that cache of themselves, if `is_automatic`.
    pub(crate) fn share(&self, request: &ChatRequest, is_automatic: bool) -> Usage {
        match &request.cache {
            Some(mark) => self.marked(&request.model, mark),
            None if is_automatic => {
                Usage { cached_tokens: tokens::of_cache(&request.turns), ..Usage::default() }
            }
            None => Usage::default(),
        }
    }

    fn marked(&self, model: &str, mark: &CacheMark) -> Usage {
        let mut digest = Md5::new();
        digest.update(model);
        for turn in &mark.beginning {
            digest.update(&turn.role);
            digest.update([0]);
            digest.update(&turn.text);
            digest.update([0]);
        }
        let digest = lower::encode_string(&digest.finalize());
        let is_new = self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(digest);
        let size = mark.beginning.iter().map(|turn| 4 + tokens::of_text(&turn.text)).sum();
        match (is_new, mark.life) {
            (false, _) => Usage { cached_tokens: size, ..Usage::default() },
            (true, CacheLife::Minutes5) => Usage { cache_write_5m_tokens: size, ..Usage::default() },
            (true, CacheLife::Hour1) => Usage { cache_write_1h_tokens: size, ..Usage::default() },
        }
    }

    /// Forgets everything.
    pub(crate) fn forget(&self) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
