//! Pseudonyms: what stands for users and conversations in analytics.

use std::fmt;

use common::secret::Secret;
use hmac::digest::InvalidLength;
use hmac::{Hmac, KeyInit, Mac};
use schemas::conversation::{Conversation, SpeltConversation};
use schemas::ids::{AppKey, UserId};
use schemas::key::escaped;
use sha2::Sha256;

/// Half of the code tells users apart and keeps the columns small.
const BYTES: usize = 16;

/// Keyed pseudonyms, different for the same id in different apps. [`AccountConfig::pseudonyms`](crate::AccountConfig::pseudonyms) gives them.
#[derive(Debug, Clone)]
pub struct Pseudonyms {
    keyed: Hmac<Sha256>,
}

impl Pseudonyms {
    pub(crate) fn new(key: &Secret) -> Result<Self, InvalidLength> {
        Hmac::new_from_slice(key.expose().as_bytes()).map(|keyed| Self { keyed })
    }

    /// Of a user: the first 32 hex digits of HMAC-SHA256 over the app, a zero byte and the user's id as keys spell it.
    pub(crate) fn of_user(&self, app: &AppKey, user: &UserId) -> String {
        self.of_spelt_user(app.as_str(), user.as_str()).to_string()
    }

    /// The same of texts that were checked.
    pub(crate) fn of_spelt_user(&self, app: &str, user: &str) -> Pseudonym {
        self.of(app, &escaped(&user.to_ascii_lowercase()))
    }

    /// Of a conversation: the same over its kind and id (`chat/bot/user`, `group/id`), which no user id can be.
    pub fn of_conversation(&self, conversation: &Conversation) -> String {
        let app = conversation.app();
        let key = conversation.to_string();
        self.of(app.as_str(), &key[app.as_str().len() + 1..]).to_string()
    }

    /// Of what stands for a conversation where its key is not known.
    pub(crate) fn of_name(&self, app: &AppKey, name: &str) -> String {
        self.of(app.as_str(), &format!("named/{}", escaped(name))).to_string()
    }

    /// Those of a record.
    pub(crate) fn who<'a>(&self, conversation: &SpeltConversation<'a>, user: Option<&str>) -> Who<'a> {
        let app = conversation.app();
        Who {
            app,
            chat_kind: conversation.kind().label(),
            conversation: self.of(app, conversation.within_app()),
            user: user.map(|user| self.of_spelt_user(app, user)),
        }
    }

    fn of(&self, app: &str, id: &str) -> Pseudonym {
        let code =
            self.keyed.clone().chain_update(app).chain_update([0]).chain_update(id).finalize().into_bytes();
        let mut digits = [0; 2 * BYTES];
        let pairs = digits.chunks_exact_mut(2).zip(code.iter());
        pairs.for_each(|(pair, byte)| pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 0xf)]));
        Pseudonym(digits)
    }
}

/// A hexadecimal digit.
fn digit(nibble: u8) -> u8 {
    nibble + if nibble < 10 { b'0' } else { b'a' - 10 }
}

/// A pseudonym: hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pseudonym([u8; 2 * BYTES]);

impl Pseudonym {
    /// As columns have it.
    pub(crate) fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whom a record is about, as its rows have it.
#[derive(Debug)]
pub(crate) struct Who<'a> {
    pub(crate) app: &'a str,
    pub(crate) chat_kind: &'static str,
    conversation: Pseudonym,
    user: Option<Pseudonym>,
}

impl Who<'_> {
    /// The conversation's pseudonym.
    pub(crate) fn conversation(&self) -> &str {
        self.conversation.as_str()
    }

    /// The person's pseudonym, empty where nobody is named.
    pub(crate) fn user(&self) -> &str {
        self.user.as_ref().map(Pseudonym::as_str).unwrap_or_default()
    }
}

/// The pseudonym of a user whom a person names: it is taken as it is where it is one already, and nothing stays nothing.
///
/// # Errors
/// What is expected.
pub(crate) fn given(key: &Secret, app: &str, user: &str) -> Result<String, &'static str> {
    let is_pseudonym = user.len() == 2 * BYTES && user.bytes().all(|c| c.is_ascii_hexdigit());
    if user.is_empty() || is_pseudonym {
        return Ok(user.to_owned());
    }
    let app = AppKey::new(app).map_err(|_| "a pseudonym; a user's id needs the parameter app beside it")?;
    let user = UserId::new(user).map_err(|_| "a user's id")?;
    Pseudonyms::new(key).map(|names| names.of_user(&app, &user)).map_err(|_| "a user's id, for want of a key")
}

#[cfg(test)]
mod tests {
    use schemas::ids::GroupId;

    use super::*;

    fn app(name: &str) -> AppKey {
        AppKey::new(name).unwrap()
    }

    fn user(id: &str) -> UserId {
        UserId::new(id).unwrap()
    }

    fn pseudonyms(key: &str) -> Pseudonyms {
        Pseudonyms::new(&Secret::new(key)).unwrap()
    }

    #[test]
    fn a_pseudonym_is_the_keyed_code_of_app_and_user() {
        // printf 'acme#support\0alice' | openssl dgst -sha256 -hmac key
        assert_eq!(
            pseudonyms("key").of_user(&app("acme#support"), &user("alice")),
            "0a104764abb035510f6bc48329b01e8c"
        );
    }

    #[test]
    fn a_user_is_named_by_id_with_the_app_or_by_pseudonym() {
        let of = |app: &str, user: &str| given(&Secret::new("key"), app, user);
        let alice = "0a104764abb035510f6bc48329b01e8c";
        assert_eq!(of("acme#support", "alice").as_deref(), Ok(alice));
        assert_eq!(of("", alice).as_deref(), Ok(alice));
        assert_eq!(of("", "").as_deref(), Ok(""));
        assert!(of("", "alice").unwrap_err().contains("needs the parameter app"));
    }

    #[test]
    fn apps_users_keys_and_conversations_all_differ() {
        let one = pseudonyms("key");
        let alice = one.of_user(&app("a#b"), &user("alice"));
        let chat = Conversation::with_bot(app("a#b"), user("bot"), user("alice"));
        let others = [
            one.of_user(&app("a#c"), &user("alice")),
            one.of_user(&app("a#b"), &user("bob")),
            pseudonyms("other").of_user(&app("a#b"), &user("alice")),
            one.of_conversation(&chat),
            one.of_conversation(&Conversation::with_bot(app("a#c"), user("bot"), user("alice"))),
        ];
        assert!(others.iter().all(|other| *other != alice && other.len() == 32));
        assert_eq!(one.of_conversation(&chat), one.of_conversation(&chat.clone()));
        // Nor does an id that looks like a conversation's stand for one.
        let group = Conversation::group(app("a#b"), GroupId::new("1").unwrap());
        assert_ne!(one.of_user(&app("a#b"), &user("group/1")), one.of_conversation(&group));
        assert_eq!(one.of_user(&app("a#b"), &user("Alice")), alice);
    }
}
