//! Whether a call of the webhook is the line's own: signed with the secret, made now, and not seen before.

use crate::secret::Secret;
use crate::time::now_ms;
use axum::http::StatusCode;
use base16ct::mixed;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// How far a timestamp may be from now, in milliseconds.
const WINDOW_MS: u64 = 300_000;

/// Ids of calls that were taken.
#[derive(Debug, Default)]
pub(super) struct Seen(Mutex<BTreeSet<String>>);

/// What a call says of itself.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) id: String,
    pub(super) timestamp: String,
    pub(super) signature: String,
}

impl Claim {
    /// The status with which the call is refused, if it is.
    pub(super) fn refused(&self, secret: &Secret, body: &[u8], seen: &Seen) -> Option<StatusCode> {
        if self.id.is_empty() || !self.is_signed(secret, body) || !self.is_fresh() {
            return Some(StatusCode::UNAUTHORIZED);
        }
        let is_new = seen.0.lock().unwrap_or_else(PoisonError::into_inner).insert(self.id.clone());
        (!is_new).then_some(StatusCode::CONFLICT)
    }

    fn is_signed(&self, secret: &Secret, body: &[u8]) -> bool {
        let given = mixed::decode_vec(&self.signature).unwrap_or_default();
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes()) else { return false };
        mac.update(format!("{}.{}.", self.id, self.timestamp).as_bytes());
        mac.update(body);
        mac.verify_slice(&given).is_ok()
    }

    fn is_fresh(&self) -> bool {
        self.timestamp.parse::<u64>().is_ok_and(|at| at.abs_diff(now_ms()) <= WINDOW_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(secret: &str, at: u64) -> Claim {
        let (id, timestamp) = ("a-1".to_owned(), at.to_string());
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("{id}.{timestamp}.{{}}").as_bytes());
        Claim { id, timestamp, signature: base16ct::lower::encode_string(&mac.finalize().into_bytes()) }
    }

    #[test]
    fn a_call_is_taken_once_and_only_when_it_is_signed_and_fresh() {
        let (secret, now, seen) = (Secret::from("key"), now_ms(), Seen::default());
        let refused =
            |claim: &Claim, body: &[u8]| claim.refused(&secret, body, &seen).map(|status| status.as_u16());
        assert_eq!(refused(&signed("other", now), b"{}"), Some(401));
        assert_eq!(refused(&signed("key", now), b"{ }"), Some(401));
        assert_eq!(refused(&signed("key", now - 600_000), b"{}"), Some(401));
        assert_eq!(refused(&Claim { id: String::new(), ..signed("key", now) }, b"{}"), Some(401));
        assert_eq!(refused(&signed("key", now), b"{}"), None);
        assert_eq!(refused(&signed("key", now), b"{}"), Some(409), "it was seen before");
    }
}
