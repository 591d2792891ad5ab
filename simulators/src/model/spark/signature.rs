//! The signature of a handshake.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::time::{Duration, SystemTime};

/// Most that the clocks may differ.
const SKEW: Duration = Duration::from_secs(300);

/// What a handshake claims.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) api_key: String,
    pub(crate) signature: String,
}

impl Claim {
    /// Reads `authorization`, which is base64 of `api_key="…", algorithm="…", headers="…", signature="…"`; old clients write
    /// `hmac username` for `api_key`.
    pub(crate) fn read(authorization: &str) -> Option<Self> {
        let origin = String::from_utf8(STANDARD.decode(authorization).ok()?).ok()?;
        let mut claim = Self::default();
        let mut algorithm = "";
        for part in origin.split(',') {
            let (name, value) = part.trim().split_once('=')?;
            let value = value.trim_matches('"');
            match name {
                "api_key" | "hmac username" => value.clone_into(&mut claim.api_key),
                "signature" => value.clone_into(&mut claim.signature),
                "algorithm" => algorithm = value,
                _ => {}
            }
        }
        (algorithm == "hmac-sha256").then_some(claim)
    }
}

/// What is signed.
pub(crate) fn sign(secret: &str, host: &str, date: &str, path: &str) -> String {
    let text = format!("host: {host}\ndate: {date}\nGET {path} HTTP/1.1");
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// Whether a date is near enough to now.
pub(crate) fn is_timely(date: &str, now: SystemTime) -> bool {
    let Ok(date) = httpdate::parse_http_date(date) else { return false };
    let apart = now.duration_since(date).or_else(|_| date.duration_since(now));
    apart.is_ok_and(|apart| apart <= SKEW)
}

#[cfg(test)]
mod tests {
    use super::{Claim, is_timely, sign};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use std::time::{Duration, SystemTime};

    #[test]
    fn the_signature_is_the_one_that_was_computed_elsewhere() {
        let date = "Sun, 22 Nov 2026 08:00:00 GMT";
        let signed = sign("secret456", "spark-api.xf-yun.com", date, "/v3.5/chat");
        assert_eq!(signed, "JoyMS6s16bGuARWwqvGJ5m4HzMy5J1xMiZs10W3Qx9E=");
    }

    #[test]
    fn both_spellings_of_an_authorization_are_read() {
        for name in ["api_key", "hmac username"] {
            let origin = format!(
                "{name}=\"k\", algorithm=\"hmac-sha256\",         headers=\"host date request-line\", signature=\"s=\""
            );
            let claim = Claim::read(&STANDARD.encode(origin)).unwrap();
            assert_eq!((claim.api_key.as_str(), claim.signature.as_str()), ("k", "s="));
        }
        assert_eq!(Claim::read("no base64!"), None);
    }

    #[test]
    fn clocks_may_differ_by_five_minutes() {
        let now = SystemTime::now();
        let at = |seconds| httpdate::fmt_http_date(now - Duration::from_secs(seconds));
        assert!(is_timely(&at(290), now) && !is_timely(&at(310), now) && !is_timely("yesterday", now));
    }
}
