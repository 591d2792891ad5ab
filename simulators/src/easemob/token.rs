//! App tokens: issue, check, revoke.

use crate::random::Random;
use std::collections::HashMap;
use std::time::Duration;

/// Life shown for a token that never expires; the documentation names no number.
const NEVER_S: u64 = 10 * 365 * 24 * 3_600;

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Missing, expired or revoked.
    Expired,
    /// Never issued here.
    Unknown,
}

/// Tokens of one app.
#[derive(Debug)]
pub(crate) struct Tokens {
    random: Random,
    expiry: HashMap<String, u64>,
}

impl Tokens {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: Random::new(seed, 1), expiry: HashMap::new() }
    }

    /// A new token and its life in seconds. `ttl_s` 0 means for ever, `None` the app's own life.
    pub(crate) fn issue(&mut self, ttl_s: Option<u64>, usual: Duration, now_ms: u64) -> (String, u64) {
        let life_s = match ttl_s {
            Some(0) => NEVER_S,
            Some(seconds) => seconds,
            None => usual.as_secs(),
        };
        let token = format!("YWMt{:016x}{:016x}", self.random.next(), self.random.next());
        self.expiry.insert(token.clone(), now_ms.saturating_add(life_s.saturating_mul(1_000)));
        (token, life_s)
    }

    pub(crate) fn check(&self, token: Option<&str>, now_ms: u64) -> Result<(), Refused> {
        let token = token.ok_or(Refused::Expired)?;
        let expiry = self.expiry.get(token).ok_or(Refused::Unknown)?;
        if now_ms < *expiry { Ok(()) } else { Err(Refused::Expired) }
    }

    /// Expires every token issued so far; says how many.
    pub(crate) fn revoke_all(&mut self) -> usize {
        let live = self.expiry.values_mut().filter(|expiry| **expiry > 0);
        live.map(|expiry| *expiry = 0).count()
    }
}

#[cfg(test)]
mod tests {
    use super::{Refused, Tokens};
    use std::time::Duration;

    const USUAL: Duration = Duration::from_secs(100);

    #[test]
    fn a_token_lives_as_long_as_asked() {
        let mut tokens = Tokens::new(1);
        let (short, life_s) = tokens.issue(Some(2), USUAL, 1_000);
        assert_eq!(life_s, 2);
        assert_eq!(tokens.check(Some(&short), 2_999), Ok(()));
        assert_eq!(tokens.check(Some(&short), 3_000), Err(Refused::Expired));
        let (usual, life_s) = tokens.issue(None, USUAL, 0);
        assert_eq!(life_s, 100);
        assert_eq!(tokens.check(Some(&usual), 100_000), Err(Refused::Expired));
        let (forever, _) = tokens.issue(Some(0), USUAL, 0);
        assert_eq!(tokens.check(Some(&forever), 1_000_000_000), Ok(()));
    }

    #[test]
    fn revoked_missing_and_foreign_tokens_are_told_apart() {
        let mut tokens = Tokens::new(1);
        let (token, _) = tokens.issue(None, USUAL, 0);
        assert_eq!(tokens.revoke_all(), 1);
        assert_eq!(tokens.check(Some(&token), 1), Err(Refused::Expired));
        assert_eq!(tokens.check(None, 1), Err(Refused::Expired));
        assert_eq!(tokens.check(Some("YWMtother"), 1), Err(Refused::Unknown));
    }
}
