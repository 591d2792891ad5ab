//! The provider's invoice: every call, and what it is billed.

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
    pub(crate) model: String,
    /// Header `x-request-id` of the request.
    pub(crate) request_id: Option<String>,
    /// MD5 of the request body.
    pub(crate) fingerprint: String,
    /// First 200 characters of the last user message.
    pub(crate) last_user: String,
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
    pub(crate) by_model: BTreeMap<String, Totals>,
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
        OpenCall { ledger: self.clone(), number, fingerprint, end: End::ClientGone, status: None }
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
        let entry = entry.clone();
        book.totals.count(&entry);
        book.by_model.entry(entry.model.clone()).or_default().count(&entry);
    }
}
