//! Keys and access tokens that calls show.

use super::config::Config;
use crate::random::Random;
use crate::time::{now_ms, whole_ms};
use base16ct::lower;
use md5::{Digest as _, Md5};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Name of a key in the ledger: its place in the configuration, or the beginning of its digest.
pub(crate) fn name(config: &Config, key: &str) -> String {
    let place = config.api_keys.iter().position(|known| known.reveal() == key);
    match place {
        Some(place) => format!("key-{}", place + 1),
        None => {
            let digest = lower::encode_string(&Md5::digest(key));
            format!("unknown-{}", digest.get(..8).unwrap_or_default())
        }
    }
}

/// Whether a key is accepted.
pub(crate) fn admits(config: &Config, key: Option<&str>) -> bool {
    let key = key.unwrap_or_default();
    config.api_keys.is_empty() || config.api_keys.iter().any(|known| known.reveal() == key)
}

/// The second part of a key of two parts, by the first.
pub(crate) fn secret_of<'a>(config: &'a Config, id: &str) -> Option<&'a str> {
    let mut parts = config.api_keys.iter().filter_map(|key| key.reveal().split_once(':'));
    parts.find_map(|(known, secret)| (known == id).then_some(secret))
}

/// An access token that was given out.
#[derive(Clone, Debug)]
struct Token {
    key: String,
    /// Milliseconds since the epoch.
    ends_ms: u64,
}

/// What is known of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// It is good, and was given out for this key.
    Good(String),
    Expired,
    Never,
}

/// Access tokens that were given out.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    given: Mutex<BTreeMap<String, Token>>,
}

impl Tokens {
    /// Gives out a token for a key of two parts.
    pub(crate) fn give(&self, config: &Config, key: &str) -> String {
        let mut given = self.lock();
        let digits = Random::new(config.seed, given.len() as u64 + 1).uuid().replace('-', "");
        let token = format!("24.{digits}.{}.sim-{}", config.token_life.as_secs(), given.len() + 1);
        let ends_ms = now_ms().saturating_add(whole_ms(config.token_life));
        given.insert(token.clone(), Token { key: key.to_owned(), ends_ms });
        token
    }

    /// What is known of a token now.
    pub(crate) fn known(&self, token: &str) -> Known {
        match self.lock().get(token) {
            None => Known::Never,
            Some(token) if token.ends_ms <= now_ms() => Known::Expired,
            Some(token) => Known::Good(token.key.clone()),
        }
    }

    /// Every token has expired.
    pub(crate) fn expire(&self) {
        self.lock().values_mut().for_each(|token| token.ends_ms = 0);
    }

    /// Forgets them all.
    pub(crate) fn forget(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Token>> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{Known, Tokens, admits, name, secret_of};
    use crate::model::Config;

    #[test]
    fn keys_are_named_without_being_shown() {
        let config = Config { api_keys: vec!["sk-a".into(), "ak:sk".into()], ..Config::default() };
        assert_eq!(name(&config, "ak:sk"), "key-2");
        assert_eq!(name(&config, "other"), "unknown-795f3202");
        assert_eq!((secret_of(&config, "ak"), secret_of(&config, "sk-a")), (Some("sk"), None));
        assert!(admits(&config, Some("sk-a")) && !admits(&config, None));
        assert!(admits(&Config::default(), None));
    }

    #[test]
    fn a_token_is_good_until_it_expires() {
        let (tokens, config) = (Tokens::default(), Config::default());
        let token = tokens.give(&config, "ak:sk");
        assert_eq!(tokens.known(&token), Known::Good("ak:sk".into()));
        tokens.expire();
        assert_eq!((tokens.known(&token), tokens.known("24.x")), (Known::Expired, Known::Never));
    }
}
