//! Log lines about calls that fail and replies that are odd: each says why, without any text, and none floods the log.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use outbound::Failure;
use schemas::ids::TargetName;
use schemas::request::Request;
use tokio::time::Instant;

use crate::invoke::Completion;
use crate::metrics::{self, Unpriced};
use crate::reply::{Notes, is_word};

/// One line about the same thing at the same target within this time; the next one tells how many were left out.
const PAUSE: Duration = Duration::from_secs(10);

/// When each line about each target was last written.
#[derive(Debug, Default)]
pub(crate) struct Complaints(Mutex<BTreeMap<(TargetName, &'static str), Last>>);

#[derive(Debug)]
struct Last {
    at: Instant,
    left_out: u64,
}

impl Complaints {
    /// Logs what was wrong or odd about an attempt that has ended.
    pub(crate) fn attempt(
        &self,
        target: &TargetName,
        request: &Request,
        result: &Result<Completion, Failure>,
        notes: &Notes,
    ) {
        let request = request.id.to_string();
        let finish = notes.finish.as_deref().filter(|word| is_word(word));
        for oddity in &notes.oddities {
            metrics::odd(target.as_str(), *oddity);
            if let Some(left_out) = self.due(target, oddity.label()) {
                let oddity = oddity.label();
                tracing::info!(
                    target = target.as_str(),
                    request,
                    oddity,
                    finish,
                    left_out,
                    "odd reply of a model"
                );
            }
        }
        let Err(failure) = result else { return };
        if let Some(left_out) = self.due(target, failure.label()) {
            tracing::warn!(
                target = target.as_str(),
                request,
                class = failure.label(),
                status = notes.status,
                code = failure.code.as_deref().filter(|code| is_word(code)),
                why = failure.detail,
                left_out,
                "a model call failed"
            );
        }
    }

    /// The cost of an attempt is not known.
    pub(crate) fn unpriced(&self, target: &TargetName, why: Unpriced) {
        let why = why.label();
        if let Some(left_out) = self.due(target, why) {
            tracing::warn!(target = target.as_str(), why, left_out, "cost of an attempt is unknown");
        }
    }

    /// A target of a chain was passed over.
    pub(crate) fn skipped(&self, target: &TargetName, why: &'static str) {
        if let Some(left_out) = self.due(target, why) {
            tracing::warn!(target = target.as_str(), why, left_out, "a target of a chain is passed over");
        }
    }

    /// A request ended without any call.
    pub(crate) fn not_called(&self, request: &Request, why: &'static str) {
        let Some(target) = request.chain.first() else { return };
        if let Some(left_out) = self.due(target, why) {
            let request = request.id.to_string();
            tracing::warn!(
                target = target.as_str(),
                request,
                why,
                left_out,
                "a request ends without a model call"
            );
        }
    }

    /// How many lines were left out since the last one, if one may be written now.
    fn due(&self, target: &TargetName, what: &'static str) -> Option<u64> {
        let now = Instant::now();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(last) = all.get_mut(&(target.clone(), what)) else {
            all.insert((target.clone(), what), Last { at: now, left_out: 0 });
            return Some(0);
        };
        if now.duration_since(last.at) < PAUSE {
            last.left_out += 1;
            return None;
        }
        last.at = now;
        Some(std::mem::take(&mut last.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_line_about_one_thing_and_a_count_of_the_others() {
        let complaints = Complaints::default();
        let [main, spare] = ["main", "spare"].map(|name| TargetName::new(name).unwrap());
        assert_eq!(complaints.due(&main, "timeout"), Some(0));
        assert_eq!((complaints.due(&main, "timeout"), complaints.due(&main, "timeout")), (None, None));
        assert_eq!(complaints.due(&main, "auth"), Some(0), "another thing");
        assert_eq!(complaints.due(&spare, "timeout"), Some(0), "another target");
        tokio::time::advance(PAUSE).await;
        assert_eq!(complaints.due(&main, "timeout"), Some(2));
        assert_eq!(complaints.due(&main, "timeout"), None);
    }
}
