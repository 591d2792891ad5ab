//! Beginnings of prompts that a provider keeps because it was asked to.

use super::request::{CacheLife, CacheMarks, ChatRequest};
use super::tokens::{self, Usage};
use base16ct::lower;
use md5::{Digest as _, Md5};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// How many blocks before a mark a beginning is still found that was written earlier.
const LOOKBACK: usize = 20;

/// Digests of the beginnings that were written. They do not expire.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    kept: Mutex<BTreeSet<String>>,
}

impl Cache {
    /// Which part of a prompt is read from the cache and which is written to it. A request without a mark reads in blocks, as
    /// providers do that cache of themselves, if `is_automatic`.
    pub(crate) fn share(&self, request: &ChatRequest, is_automatic: bool) -> Usage {
        if request.cache.marks.is_empty() && is_automatic {
            return Usage { cached_tokens: tokens::of_cache(&request.turns), ..Usage::default() };
        }
        self.marked(&request.model, &request.cache)
    }

    /// The longest beginning that is there is read, and what follows it up to each mark is written.
    fn marked(&self, model: &str, CacheMarks { blocks, marks }: &CacheMarks) -> Usage {
        let size = |from: usize, to: usize| -> u64 {
            blocks.iter().take(to).skip(from).map(|turn| 4 + tokens::of_text(&turn.text)).sum()
        };
        let mut digest = Md5::new();
        digest.update(model);
        let mut all = Vec::with_capacity(blocks.len());
        for turn in blocks {
            digest.update(&turn.role);
            digest.update([0]);
            digest.update(&turn.text);
            digest.update([0]);
            all.push(lower::encode_string(&digest.clone().finalize()));
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // Beginnings that are looked for: those that end at a mark, or not far before one.
        let near = |length: &usize| marks.iter().any(|(mark, _)| length <= mark && mark - length < LOOKBACK);
        let found = (1..=blocks.len()).filter(near).filter(|length| kept.contains(&all[length - 1])).max();
        let mut done = found.unwrap_or(0);
        let mut usage = Usage { cached_tokens: size(0, done), ..Usage::default() };
        for (length, life) in marks.iter().filter(|(length, _)| *length > 0) {
            kept.insert(all[length - 1].clone());
            let written = size(done, *length);
            match life {
                CacheLife::Minutes5 => usage.cache_write_5m_tokens += written,
                CacheLife::Hour1 => usage.cache_write_1h_tokens += written,
            }
            done = done.max(*length);
        }
        usage
    }

    /// Forgets everything.
    pub(crate) fn forget(&self) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
