//! Calls held back until they are released.

use super::request::ChatRequest;
use tokio::sync::watch;

/// Texts that hold a call back while they are set.
#[derive(Debug)]
pub(crate) struct Holds {
    texts: watch::Sender<Vec<String>>,
}

impl Default for Holds {
    fn default() -> Self {
        Self { texts: watch::Sender::new(Vec::new()) }
    }
}

impl Holds {
    /// Holds calls whose last user message contains `text`; empty text holds all.
    pub(crate) fn hold(&self, text: String) {
        self.texts.send_modify(|texts| texts.push(text));
    }

    /// Releases one text, or all of them.
    pub(crate) fn release(&self, text: Option<&str>) {
        self.texts.send_modify(|texts| texts.retain(|held| text.is_some_and(|text| text != held)));
    }

    /// Whether a call is held now.
    pub(crate) fn holds(&self, request: &ChatRequest) -> bool {
        matches(&self.texts.borrow(), request)
    }

    /// Waits until nothing holds the call.
    pub(crate) async fn released(&self, request: &ChatRequest) {
        let mut texts = self.texts.subscribe();
        // The sender lives as long as `self`, so waiting cannot fail.
        if texts.wait_for(|texts| !matches(texts, request)).await.is_err() {
            tracing::debug!("holds ended with the stand-in");
        }
    }
}

fn matches(texts: &[String], request: &ChatRequest) -> bool {
    texts.iter().any(|text| request.last_user().contains(text.as_str()))
}
