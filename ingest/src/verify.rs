//! Whether a callback comes from Easemob, for the rule of its path, and in time.

use std::time::Duration;

use schemas::Millis;

use crate::callback::Callback;
use crate::config::Rule;
use crate::refusal::Refusal;
use crate::signature::{self, Window};

/// How far ahead of our clock a callback may be, however long the rule's window is: clocks differ. One from further ahead would
/// stay fresh for longer than the window.
const AHEAD: Duration = Duration::from_secs(300);

/// A callback that was signed with its rule's secret and came in time.
pub(crate) struct Verified<'a> {
    pub(crate) callback: Callback<'a>,
    /// When Easemob sent it, by its own clock.
    pub(crate) sent_at: Millis,
    /// When it reached us.
    pub(crate) received_at: Millis,
}

/// Checks signature and time.
///
/// # Errors
/// [`Refusal`] when the envelope is incomplete, not signed with the rule's secret, too old, or too far ahead of `received_at`.
pub(crate) fn callback<'a>(
    callback: Callback<'a>,
    rule: &Rule,
    received_at: Millis,
) -> Result<Verified<'a>, Refusal> {
    let envelope = callback.envelope()?;
    let expected = signature::easemob(&envelope.call_id, &rule.secret, &envelope.timestamp);
    if !signature::matches(&expected, envelope.security.as_deref().unwrap_or_default()) {
        return Err(Refusal::BadSignature);
    }
    let window = Window { behind: rule.window, ahead: rule.window.min(AHEAD) };
    if !window.contains(envelope.sent_at, received_at) {
        return Err(Refusal::Stale);
    }
    Ok(Verified { callback, sent_at: envelope.sent_at, received_at })
}
