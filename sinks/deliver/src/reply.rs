//! What Easemob's replies mean. Statuses alone do not tell: a limit may come as 403.

use std::time::{Duration, SystemTime};

use common::Secret;
use outbound::{Class, Failure, HeaderMap, Reply, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::recall;

/// A shorter life is read as this one: Easemob bans apps that keep asking, and a token whose life is over is replaced anyway.
const SHORTEST_LIFE: Duration = Duration::from_secs(10);
/// Life of a token whose reply does not tell it, or says zero, which stands for "for ever".
const USUAL_LIFE: Duration = Duration::from_secs(3_600);
/// No token is trusted longer than this.
const LONGEST_LIFE: Duration = Duration::from_secs(60 * 24 * 3_600);
/// Easemob's ids of messages are far shorter, and they go into records.
const LONGEST_ID: usize = 128;
/// Easemob's code for a message that is too large.
pub(crate) const MESSAGE_TOO_LARGE: &str = "14007";

/// Why a send was not taken.
#[derive(Debug)]
pub(crate) enum Refused {
    /// Easemob refuses the token; with another one the message may be taken.
    Token,
    /// Its status is no success. Ambiguous when a gateway gave up on the server behind it.
    Failed(Failure),
    /// No status came. Ambiguous unless nothing was sent.
    Unanswered(Failure),
}

impl Refused {
    pub(crate) const fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Token => None,
            Self::Failed(failure) | Self::Unanswered(failure) => Some(failure),
        }
    }
}

/// A token as it was granted.
#[derive(Debug)]
pub(crate) struct Granted {
    pub(crate) token: Secret,
    pub(crate) life: Duration,
}

#[derive(Default, Deserialize)]
struct Envelope {
    error: Option<String>,
    error_description: Option<String>,
    error_code: Option<Value>,
}

/// Easemob's id of the message that was sent to `to`. A success means that the message was taken, whatever the body says: the id is empty
/// when the body does not tell it.
///
/// # Errors
/// Why the message was not taken.
pub(crate) fn sent(reply: &Reply, to: &str) -> Result<String, Refused> {
    if reply.status.as_u16() == 401 {
        return Err(Refused::Token);
    }
    if !reply.status.is_success() {
        return Err(Refused::Failed(refusal(reply)));
    }
    Ok(taken(&reply.body, to).unwrap_or_default())
}

/// Whether a recall was done; a success says so by its status.
///
/// # Errors
/// Why it was not.
pub(crate) fn recalled(reply: &Reply) -> Result<String, Refused> {
    if reply.status.as_u16() == 401 {
        return Err(Refused::Token);
    }
    if reply.status.is_success() {
        return Ok(String::new());
    }
    let envelope: Envelope = serde_json::from_slice(&reply.body).unwrap_or_default();
    let failure = refusal(reply);
    let word = recall::reason(envelope.error_description.as_deref().unwrap_or_default());
    Err(Refused::Failed(match word {
        Some(word) => failure.with_code(word),
        None => failure,
    }))
}

/// The token that was granted.
///
/// # Errors
/// Why there is none.
pub(crate) fn granted(reply: &Reply) -> Result<Granted, Failure> {
    if !reply.status.is_success() {
        let mut failure = refusal(reply);
        if failure.class == Class::BadRequest {
            // Wrong credentials, or an app that does not exist here.
            failure.class = Class::Auth;
        }
        return Err(failure);
    }
    let unusable = || reply.failure(Class::Protocol, "read the reply to a token request: it has no token");
    let fields: Map<String, Value> = serde_json::from_slice(&reply.body).map_err(|_| unusable())?;
    // A token that no header can carry would be held for weeks and fail every send.
    let usable = |token: &&str| !token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic());
    let token = fields.get("access_token").and_then(Value::as_str).filter(usable);
    let told = fields.get("expires_in").and_then(Value::as_u64).filter(|seconds| *seconds > 0);
    let life = told.map_or(USUAL_LIFE, Duration::from_secs).clamp(SHORTEST_LIFE, LONGEST_LIFE);
    Ok(Granted { token: Secret::new(token.ok_or_else(unusable)?), life })
}

fn taken(body: &[u8], to: &str) -> Option<String> {
    let fields: Map<String, Value> = serde_json::from_slice(body).ok()?;
    let data = fields.get("data")?.as_object()?;
    // Easemob's ids of users know no case, so that the only entry may be spelt differently.
    let id = data.get(to).or_else(|| data.values().next().filter(|_| data.len() == 1))?;
    let id = id.as_str().map(str::to_owned).or_else(|| id.as_u64().map(|id| id.to_string()));
    id.filter(|id| (1..=LONGEST_ID).contains(&id.len()))
}

/// What a status means when the body that belongs to it could not be read; `None` for a success.
pub(crate) fn refusal_of_status(status: u16) -> Option<Failure> {
    let status = StatusCode::from_u16(status).ok().filter(|status| !status.is_success())?;
    let (headers, body, received) = (HeaderMap::new(), Vec::new().into(), SystemTime::now());
    Some(refusal(&Reply { status, headers, body, received }))
}

fn refusal(reply: &Reply) -> Failure {
    let status = reply.status.as_u16();
    // Gateways answer with pages in place of JSON.
    let envelope: Envelope = serde_json::from_slice(&reply.body).unwrap_or_default();
    let error = envelope.error.unwrap_or_default();
    let description = envelope.error_description.unwrap_or_default().to_lowercase();
    let class = match status {
        401 => Class::Auth,
        403 if description.contains("message send reach limit") => Class::RateLimited,
        408 => Class::Timeout,
        429 if error == "resource_limited" => Class::QuotaExhausted,
        429 => Class::RateLimited,
        400..500 => Class::BadRequest,
        _ => Class::of_status(status).unwrap_or(Class::Protocol),
    };
    let failure = reply.failure(class, format!("easemob refused with http status {status}"));
    match envelope.error_code.filter(Value::is_number) {
        Some(code) => failure.with_code(code.to_string()),
        None if error.is_empty() => failure,
        None => failure.with_code(error),
    }
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
