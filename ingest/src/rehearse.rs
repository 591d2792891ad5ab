//! What the rules would do with a callback, without its signature, its record, its metrics of rates, or anybody who waits.

use schemas::Millis;
use schemas::event::{Event, Message};
use schemas::ids::AppKey;
use schemas::tier::TierClaim;

use crate::active_bundle::ActiveBundle;
use crate::callback::{self, Callback};
use crate::config::Codes;
use crate::post_send;
use crate::pre_send::{Ruled, acknowledged, rule_on};
use crate::refusal::Refusal;
use crate::verify::Verified;

/// A callback that comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming<'a> {
    /// Its body.
    pub body: &'a [u8],
    /// What the app has signed of the sender of its message, as if its claim had been checked and taken out.
    pub claim: Option<TierClaim>,
    /// When it comes.
    pub received_at: Millis,
}

/// What the pre-send rule does with a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Rehearsed {
    /// The body that Easemob gets. Of a message to a bot: once its record is acknowledged.
    pub reply: String,
    /// What came of it, in a word: `intercepted`, `passed`, `blocked`, `unjudged`, `unrecorded`, `unreadable`.
    pub result: &'static str,
    /// The record that goes into the log, if one does.
    pub message: Option<Message>,
}

/// A callback that no rule takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Untaken(String);

impl From<Refusal> for Untaken {
    fn from(refusal: Refusal) -> Self {
        Self(refusal.to_string())
    }
}

/// What the pre-send rule of an app does with a callback. `codes` are what it tells senders.
///
/// # Errors
/// [`Untaken`] when the body is no callback, or the bundle does not have the app.
pub fn before_delivery(
    bundle: &ActiveBundle,
    app: &AppKey,
    codes: &Codes,
    incoming: Incoming<'_>,
) -> Result<Rehearsed, Untaken> {
    let text = callback::text(incoming.body);
    let verified = read(&text, incoming.received_at)?;
    Ok(match rule_on(bundle, app, codes, &verified, incoming.claim)? {
        Ruled::Respond { reply, result, record } => {
            Rehearsed { reply: reply.to_string(), result, message: record.map(|message| *message) }
        }
        Ruled::Await { message, pass_reply } => {
            let (policy, _) = bundle.app(app).ok_or(Refusal::Unconfigured)?;
            let (reply, result) = acknowledged(policy.answer, codes, pass_reply);
            Rehearsed { reply: reply.to_string(), result, message: Some(*message) }
        }
    })
}

/// The events that the post-send rule of an app makes of a callback.
///
/// # Errors
/// [`Untaken`] when the body is no callback, has more texts than are judged, or the bundle does not have the app.
pub fn after_delivery(
    bundle: &ActiveBundle,
    app: &AppKey,
    incoming: Incoming<'_>,
) -> Result<Vec<Event>, Untaken> {
    let text = callback::text(incoming.body);
    let verified = read(&text, incoming.received_at)?;
    let events = post_send::events(bundle, app, &verified, incoming.claim)?;
    events.ok_or_else(|| Untaken("it has more texts than are judged".to_owned()))
}

fn read(text: &str, received_at: Millis) -> Result<Verified<'_>, Untaken> {
    let callback = Callback::read(text)?;
    if !callback.is_readable() {
        return Err(Untaken("it cannot be read whole".to_owned()));
    }
    let sent_at = callback.envelope()?.sent_at;
    Ok(Verified { callback, sent_at, received_at })
}

#[cfg(test)]
mod tests;
