//! Whether a callback comes from whom its path says.

use std::time::Duration;

use schemas::Millis;

use crate::callback::{Callback, Envelope};
use crate::config::Rule;
use crate::refusal::Refusal;
use crate::signature;

/// Clocks differ. Whatever the window, what has not happened yet is believed no further: it would stay news for as long.
const AHEAD: Duration = Duration::from_secs(300);

/// Checks signature and time.
///
/// # Errors
/// [`Refusal`] when the envelope is incomplete, not signed with the rule's secret, too old, or ahead of `now`.
pub(crate) fn envelope(callback: &Callback<'_>, rule: &Rule, now: Millis) -> Result<Envelope, Refusal> {
    let envelope = callback.envelope()?;
    let expected = signature::easemob(&envelope.call_id, &rule.secret, &envelope.timestamp);
    if !signature::matches(&expected, envelope.security.as_deref().unwrap_or_default()) {
        return Err(Refusal::BadSignature);
    }
    if !signature::is_fresh(envelope.sent_at, now, [rule.window, rule.window.min(AHEAD)]) {
        return Err(Refusal::Stale);
    }
    Ok(envelope)
}
