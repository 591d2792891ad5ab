//! Signatures of callers: Easemob's over its envelope, those of other sources over the whole body; and the window of time in which
//! a signature counts.

use std::time::Duration;

use base16ct::lower::encode_string;
use common::Secret;
use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use schemas::Millis;
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Easemob's signature: MD5 over call id, secret and the timestamp's digits. It does not cover the body.
pub(crate) fn easemob(call_id: &str, secret: &Secret, timestamp: &str) -> String {
    let mut digest = Md5::new();
    digest.update(call_id);
    digest.update(secret.expose());
    digest.update(timestamp);
    encode_string(&digest.finalize())
}

/// The signature of the other sources: HMAC-SHA256 over the timestamp's digits, a full stop and the raw body.
pub(crate) fn source(secret: &Secret, timestamp: &str, body: &[u8]) -> Option<String> {
    hmac(secret, &[timestamp.as_bytes(), b".", body])
}

/// The signature of a claim: HMAC-SHA256 over its text.
pub(crate) fn of_text(secret: &Secret, text: &str) -> Option<String> {
    hmac(secret, &[text.as_bytes()])
}

fn hmac(secret: &Secret, parts: &[&[u8]]) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).ok()?;
    parts.iter().for_each(|part| mac.update(part));
    Some(encode_string(&mac.finalize().into_bytes()))
}

/// Whether a given signature is the expected one, in a time that does not depend on where they differ.
pub(crate) fn matches(expected: &str, given: &str) -> bool {
    expected.as_bytes().ct_eq(given.to_ascii_lowercase().as_bytes()).into()
}

/// How far a timestamp may be from now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) behind: Duration,
    pub(crate) ahead: Duration,
}

impl Window {
    /// Whether a timestamp is near enough to now.
    pub(crate) fn contains(self, timestamp: Millis, now: Millis) -> bool {
        let furthest = if timestamp <= now { self.behind } else { self.ahead };
        u128::from(now.abs_diff(timestamp)) <= furthest.as_millis()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const VECTORS: [(&str, &str, &str, &str); 2] = [
        (
            "acme#support_3b0f6f0e-7c1e-4d0a-9c55-2f1b8f0c9a11",
            "s3cr3t-A",
            "1735689600123",
            "9fcaf2f161e2002135cf4552b81b04fc",
        ),
        ("acme#support_1501234567890123456", "s3cr3t-B", "1735689600456", "9da5e35585a28218c55ec94b9e248190"),
    ];

    proptest! {
        #![proptest_config(mangle::cases(2_000))]

        /// Whichever of the three differs from what was signed, the signature does not fit.
        #[test]
        fn fuzz_signature(
            (call, secret, timestamp, signed) in prop::sample::select(&VECTORS[..]),
            other in mangle::bytes([VECTORS[0].0, VECTORS[0].1, VECTORS[0].2]),
            changed in 0..3,
        ) {
            let other = other.lossy();
            let (call, secret, timestamp, same) = match changed {
                0 => (other.as_str(), secret, timestamp, other == call),
                1 => (call, other.as_str(), timestamp, other == secret),
                _ => (call, secret, other.as_str(), other == timestamp),
            };
            prop_assert_eq!(matches(&easemob(call, &Secret::new(secret), timestamp), signed), same);
            prop_assert!(source(&Secret::new(secret), timestamp, call.as_bytes()).is_some());
        }

        /// Whatever is given as a signature, only the right one is taken.
        #[test]
        fn fuzz_signature_given(given in mangle::bytes([VECTORS[0].3, VECTORS[1].3])) {
            let given = given.lossy();
            for (_, _, _, signed) in VECTORS {
                prop_assert_eq!(matches(signed, &given), given.eq_ignore_ascii_case(signed));
            }
        }
    }

    #[test]
    fn easemobs_signature_agrees_with_known_vectors() {
        for (call, secret, timestamp, expected) in VECTORS {
            assert_eq!(easemob(call, &Secret::new(secret), timestamp), expected);
        }
    }

    #[test]
    fn a_sources_signature_is_hmac_sha256() {
        // `printf '1735689600123.{}' | openssl dgst -sha256 -hmac key`
        let expected = "5efa9166fe279a04e8858846c55f4c01284fc8e3b080cebbf46d7da5f9062bc6";
        assert_eq!(source(&Secret::new("key"), "1735689600123", b"{}").unwrap(), expected);
    }

    #[test]
    fn the_case_of_a_signature_does_not_matter_and_its_length_does() {
        assert!(matches("9fca", "9FCA"));
        assert!(!matches("9fca", "9fcb"));
        assert!(!matches("9fca", "9fc"));
        assert!(!matches("9fca", ""));
    }

    #[test]
    fn a_timestamp_is_fresh_within_the_window_on_both_sides() {
        let window = Window { behind: Duration::from_secs(1), ahead: Duration::from_millis(500) };
        assert!(window.contains(9_000, 10_000) && window.contains(10_500, 10_000));
        assert!(!window.contains(8_999, 10_000) && !window.contains(10_501, 10_000));
        assert!(!window.contains(i64::MIN, i64::MAX) && !window.contains(i64::MAX, i64::MIN));
    }
}
