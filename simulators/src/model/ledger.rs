//! The provider's invoice: every call, and what it is billed.

use super::family::Family;
use super::tokens::Usage;
use crate::recent::Recent;
use crate::time::now_ms;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum End {
    /// Still running.
    Running,
    /// A status and a body were sent, or were begun.
    Replied,
    /// The connection was reset by plan.
    Reset,
    /// The client went away first.
    ClientGone,
}

/// One call.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Entry {
    pub(crate) family: Family,
    pub(crate) model: String,
    /// `key-` and the place of the key in the configuration, or `unknown-` and the beginning of its digest.
    pub(crate) key: Option<String>,
    /// Whether a stream was asked for.
    pub(crate) stream: bool,
    /// Header `x-request-id` of the request.
    pub(crate) request_id: Option<String>,
    /// MD5 of the request body.
    pub(crate) fingerprint: String,
    /// First 200 characters of the last user message.
    pub(crate) last_user: String,
    /// Pictures that it shows.
    pub(crate) images: usize,
    pub(crate) fault: Option<Value>,
    /// Milliseconds since the epoch.
    pub(crate) started_at: u64,
    pub(crate) ended_at: Option<u64>,
    pub(crate) status: Option<u16>,
    pub(crate) end: End,
    /// Set while, and after, an order held the call back.
    pub(crate) held: bool,
    /// Whether the tokens are on the invoice.
    pub(crate) billed: bool,
    /// Chunks of a stream that were generated.
    pub(crate) chunks: u32,
    #[serde(flatten)]
    pub(crate) usage: Usage,
}

/// Sums over calls that have ended.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Totals {
    pub(crate) requests: u64,
    pub(crate) billed_requests: u64,
    #[serde(flatten)]
    pub(crate) usage: Usage,
}

impl Totals {
    fn count(&mut self, entry: &Entry) {
        self.requests += 1;
        if entry.billed {
            self.billed_requests += 1;
            self.usage.add(entry.usage);
        }
    }
}

/// Entries and sums.
#[derive(Debug, Default)]
pub(crate) struct Book {
    pub(crate) entries: Recent<Entry>,
    pub(crate) totals: Totals,
    pub(crate) by_family: BTreeMap<Family, Totals>,
    pub(crate) by_model: BTreeMap<String, Totals>,
    pub(crate) by_key: BTreeMap<String, Totals>,
}

impl Book {
    fn count(&mut self, entry: &Entry) {
        self.totals.count(entry);
        self.by_family.entry(entry.family).or_default().count(entry);
        self.by_model.entry(entry.model.clone()).or_default().count(entry);
        if let Some(key) = &entry.key {
            self.by_key.entry(key.clone()).or_default().count(entry);
        }
    }
}

/// The ledger, shared by all calls.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    book: Arc<Mutex<Book>>,
}

impl Ledger {
    /// Locks the entries and sums.
    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens an entry; it closes when the returned guard goes.
    pub(crate) fn open(&self, entry: Entry) -> OpenCall {
        let fingerprint = entry.fingerprint.clone();
        let number = self.book().entries.push(entry);
        let (end, status, spent) = (End::ClientGone, None, None);
        OpenCall { ledger: self.clone(), number, fingerprint, end, status, spent }
    }
}

/// A running call. When it is dropped before it has ended, the client went away.
#[derive(Debug)]
pub(crate) struct OpenCall {
    ledger: Ledger,
    number: u64,
    fingerprint: String,
    end: End,
    status: Option<u16>,
    /// What a stream spent, and its chunks.
    spent: Option<(Usage, u32)>,
}

impl OpenCall {
    /// Number of the entry.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Fingerprint of the request.
    pub(crate) fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The model starts to work: from here the call is billed, whatever happens.
    pub(crate) fn bill(&self, usage: Usage) {
        self.change(|entry| (entry.billed, entry.usage) = (true, usage));
    }

    /// What a stream spent until it ended, and how many chunks it had.
    pub(crate) fn spent(&mut self, usage: Usage, chunks: u32) {
        self.spent = Some((usage, chunks));
    }

    /// An order holds the call back.
    pub(crate) fn hold(&self) {
        self.change(|entry| entry.held = true);
    }

    /// Ends the call with a reply.
    pub(crate) fn replied(mut self, status: u16) {
        (self.end, self.status) = (End::Replied, Some(status));
    }

    /// Ends the call with a planned reset.
    pub(crate) fn reset(mut self) {
        self.end = End::Reset;
    }

    fn change(&self, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.ledger.book().entries.get_mut(self.number) {
            change(entry);
        }
    }
}

impl Drop for OpenCall {
    fn drop(&mut self) {
        let mut book = self.ledger.book();
        let Some(entry) = book.entries.get_mut(self.number) else { return };
        (entry.end, entry.status, entry.ended_at) = (self.end, self.status, Some(now_ms()));
        if let Some((usage, chunks)) = self.spent {
            (entry.usage, entry.chunks) = (usage, chunks);
        }
        let entry = entry.clone();
        book.count(&entry);
    }
}
