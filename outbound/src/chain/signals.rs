//! What an attempt and its run tell one another while it is under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// What an attempt and its run tell one another. The default is that of a run in which nobody listens.
#[derive(Debug, Clone, Default)]
pub struct Signals(Option<Arc<Both>>);

#[derive(Debug, Default)]
struct Both {
    begun: Signal,
    cut: Signal,
}

#[derive(Debug, Default)]
struct Signal {
    given: AtomicBool,
    notify: Notify,
}

impl Signals {
    /// Those of an attempt whose run listens.
    pub(super) fn heard() -> Self {
        Self(Some(Arc::default()))
    }

    /// The first token has come: no second attempt is needed.
    pub fn begun(&self) {
        if let Some(both) = &self.0 {
            both.begun.give();
        }
    }

    /// Resolves once another attempt has made this one useless. It is to end at once then, with
    /// [`Class::Cancelled`](crate::Class::Cancelled); what is still under way at its next wait is dropped.
    pub async fn cut(&self) {
        match &self.0 {
            Some(both) => both.cut.given().await,
            None => std::future::pending().await,
        }
    }

    /// Resolves once the first token has come.
    pub(super) async fn has_begun(&self) {
        match &self.0 {
            Some(both) => both.begun.given().await,
            None => std::future::pending().await,
        }
    }

    /// The attempt is of no more use.
    pub(super) fn end(&self) {
        if let Some(both) = &self.0 {
            both.cut.give();
        }
    }
}

impl Signal {
    fn give(&self) {
        if !self.given.swap(true, Ordering::AcqRel) {
            self.notify.notify_waiters();
        }
    }

    async fn given(&self) {
        let notified = self.notify.notified();
        if !self.given.load(Ordering::Acquire) {
            notified.await;
        }
    }
}
