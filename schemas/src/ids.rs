//! Every identifier that could be swapped by mistake, as a type of its own.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use smol_str::{SmolStr, StrExt};
use uuid::Uuid;

/// Namespace of all ids that a fold derives from the id of its input.
const DERIVED: Uuid = Uuid::from_u128(0x7b1d_5c7e_4a55_4f0e_9d0e_0a6f_1c2b_3e4d);

/// An identifier that is not what its type says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read {kind} from {value:?}: {why}")]
pub struct BadId {
    /// What it should have been.
    pub kind: &'static str,
    /// What it was, at most 80 characters.
    pub value: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl BadId {
    pub(crate) fn new(kind: &'static str, value: &str, why: &'static str) -> Self {
        Self { kind, value: value.chars().take(80).collect(), why }
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Serialize, JsonSchema)]
        #[schemars(with = "String")]
        pub struct $name(SmolStr);

        impl $name {
            /// Checks and wraps the text.
            ///
            /// # Errors
            /// [`BadId`] when it is empty, too long or holds a character that it may not hold.
            pub fn new(value: impl Into<SmolStr>) -> Result<Self, BadId> {
                let value = value.into();
                Self::check(&value)?;
                Ok(Self(value))
            }

            /// Checks a text without wrapping it.
            ///
            /// # Errors
            /// As [`Self::new`].
            pub fn check(value: &str) -> Result<(), BadId> {
                let check: fn(&str) -> Result<(), &'static str> = $check;
                check(value).map_err(|why| BadId::new($kind, value, why))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadId;

            fn try_from(value: String) -> Result<Self, BadId> {
                Self::new(value)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0.into()
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                Self::new(SmolStr::deserialize(from)?).map_err(D::Error::custom)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

/// Whatever Easemob may have let somebody register: only control characters would break what it is written into.
fn name(value: &str, max: usize) -> Result<(), &'static str> {
    if value.trim().is_empty() {
        Err("it is empty")
    } else if value.len() > max {
        Err("it is too long")
    } else if value.chars().any(char::is_control) {
        Err("it holds a control character")
    } else {
        Ok(())
    }
}

/// No control characters, no separators of our keys, at most `max` bytes.
fn word(value: &str, max: usize) -> Result<(), &'static str> {
    if value.is_empty() {
        Err("it is empty")
    } else if value.len() > max {
        Err("it is too long")
    } else if value.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'/' | b'|' | b'@')) {
        Ok(())
    } else if value.chars().any(|c| c.is_control() || c.is_whitespace() || matches!(c, '/' | '|' | '@')) {
        Err("it holds a space, a control character or one of / | @")
    } else {
        Ok(())
    }
}

fn app_key(value: &str) -> Result<(), &'static str> {
    word(value, 128)?;
    match value.split_once('#') {
        Some((org, app)) if !org.is_empty() && !app.is_empty() && !app.contains('#') => Ok(()),
        _ => Err("it is not org#app"),
    }
}

text_id!(
    /// One Easemob App Key, `org#app`: the unit of tenancy.
    #[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
    AppKey,
    "app key",
    app_key
);
text_id!(
    /// An IM user, a bot included. Easemob: at most 64 bytes. Its documents ask for ASCII letters, digits and `_ - .`,
    /// its servers have others as well, and tell no two ids apart by the case of ASCII letters. So the text stays as it
    /// came, for whoever reads or sends it, while comparison, order and hash know no case.
    UserId,
    "user id",
    |v| name(v, 64)
);
text_id!(
    /// A group or chat room: a numeric string at Easemob.
    #[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
    GroupId,
    "group id",
    |v| name(v, 64)
);
text_id!(
    /// A target's name in the configuration.
    #[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
    TargetName,
    "target name",
    |v| word(v, 64)
);
text_id!(
    /// Hash of a bundle, 64 lowercase hex digits.
    #[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
    BundleHash,
    "bundle hash",
    |v| {
        if v.len() == 64 && v.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            Ok(())
        } else {
            Err("it is not 64 lowercase hex digits")
        }
    }
);
text_id!(
    /// A message that a person sent: app, event kind and Easemob's message id, `org#app/kind/id`.
    #[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
    MessageId,
    "message id",
    |v| {
        let mut parts = v.splitn(3, '/');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(app), Some(kind), Some(id)) => {
                app_key(app).map_err(|_| "its app is not org#app")?;
                word(kind, 32)?;
                word(id, 128)
            }
            _ => Err("it is not org#app/kind/id"),
        }
    }
);

impl AppKey {
    /// The organisation and the application.
    pub fn parts(&self) -> (&str, &str) {
        self.0.split_once('#').unwrap_or((&self.0, ""))
    }
}

impl UserId {
    /// The one spelling of all that are equal to it: for keys and whatever else is compared as text.
    #[must_use]
    pub fn canonical(&self) -> Self {
        Self(self.0.to_ascii_lowercase_smolstr())
    }

    fn caseless(&self) -> impl Iterator<Item = u8> + '_ {
        self.0.bytes().map(|byte| byte.to_ascii_lowercase())
    }
}

impl PartialEq for UserId {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for UserId {}

impl Ord for UserId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.caseless().cmp(other.caseless())
    }
}

impl PartialOrd for UserId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for UserId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.caseless().for_each(|byte| state.write_u8(byte));
        // As the hash of a text ends: no two ids in a row are another two.
        state.write_u8(0xff);
    }
}

impl MessageId {
    /// Composes the id of an event of that kind.
    ///
    /// # Errors
    /// [`BadId`] when Easemob's id is empty or malformed.
    pub fn of(app: &AppKey, kind: &str, easemob_id: &str) -> Result<Self, BadId> {
        Self::new(format!("{app}/{kind}/{easemob_id}"))
    }

    /// Easemob's own id of the message.
    pub fn easemob_id(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// The app that the message belongs to.
    pub fn app(&self) -> &str {
        Self::app_of(&self.0)
    }

    /// The app of a message id in text form.
    pub fn app_of(id: &str) -> &str {
        id.split('/').next().unwrap_or(id)
    }
}

/// What an id is derived from. Every record has several: no formatting machinery.
fn named(label: &str, cause: &str, ordinal: usize) -> String {
    let mut name = String::with_capacity(label.len() + cause.len() + 22);
    name.push_str(label);
    name.push('\n');
    name.push_str(cause);
    name.push('\n');
    match u8::try_from(ordinal) {
        Ok(digit @ 0..=9) => name.push(char::from(b'0' + digit)),
        _ => name.push_str(&ordinal.to_string()),
    }
    name
}

macro_rules! derived_id {
    ($(#[$doc:meta])* $name:ident, $label:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub struct $name(Uuid);

        impl $name {
            /// Derives the id (UUIDv5) from the id of the input that caused it and an ordinal among its likes.
            pub fn derive(cause: &str, ordinal: usize) -> Self {
                Self(Uuid::new_v5(&DERIVED, named($label, cause, ordinal).as_bytes()))
            }

            /// Reads the hyphenated form.
            ///
            /// # Errors
            /// [`BadId`] when it is not a UUID.
            pub fn parse(value: &str) -> Result<Self, BadId> {
                Uuid::try_parse(value).map(Self).map_err(|_| BadId::new($label, value, "it is not a UUID"))
            }

            /// The UUID.
            pub fn uuid(&self) -> Uuid {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

derived_id!(
    /// One question-and-answer unit of a lane.
    TurnId,
    "turn id"
);
derived_id!(
    /// One piece of work for the call step.
    RequestId,
    "request id"
);
derived_id!(
    /// One part of an answer; the idempotency mark that a client can see.
    AnswerId,
    "answer id"
);
derived_id!(
    /// One decision.
    DecisionId,
    "decision id"
);
derived_id!(
    /// One fact of money.
    LedgerId,
    "ledger id"
);
derived_id!(
    /// One record that has no other id: an outcome, a delivery, a control record.
    EventId,
    "event id"
);

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashSet};

    use super::*;

    #[test]
    fn an_app_key_is_org_and_app() {
        assert_eq!(AppKey::new("acme#support").unwrap().parts(), ("acme", "support"));
        for bad in ["", "acme", "#app", "org#", "a#b#c", "a b#c", "a/b#c"] {
            assert!(AppKey::new(bad).is_err(), "{bad:?} was taken");
        }
    }

    #[test]
    fn user_ids_that_differ_in_case_are_one_and_stay_as_they_came() {
        let id = |text: &str| UserId::new(text).unwrap();
        for (one, other) in [("alice", "Alice"), ("bot_helpdesk", "Bot_HelpDesk"), ("A@B.c", "a@b.C")] {
            let (one, other) = (id(one), id(other));
            assert_eq!(one, other);
            assert_eq!(one.cmp(&other), Ordering::Equal);
            assert_eq!(HashSet::from([one.clone(), other.clone()]).len(), 1);
            assert_eq!(BTreeSet::from([one.clone(), other.clone()]).len(), 1);
            assert_ne!(one.as_str(), other.as_str());
            assert_eq!(one.canonical().as_str(), other.canonical().as_str());
        }
        // Where Easemob tells two people apart they must not become one.
        for (one, other) in
            [("ivan", "iván"), ("Ünal", "ünal"), ("k", "\u{212a}"), ("ａ", "Ａ"), ("a_", "a-")]
        {
            assert_ne!(id(one), id(other));
        }
        assert!(id("Bob") > id("alice") && id("alice") < id("BOB"));
    }

    #[test]
    fn a_user_may_have_whatever_id_easemob_gave() {
        for legal in ["a b", "a@b.com", "a/b", "a|b", "a%40b", "12345", "张三", "-", "#", "a\u{3000}b"] {
            assert_eq!(UserId::new(legal).unwrap().as_str(), legal);
        }
        for bad in ["", " ", "\u{3000}", "a\nb", "a\0", &"u".repeat(65)] {
            assert!(UserId::new(bad).is_err(), "{bad:?} was taken");
        }
    }

    #[test]
    fn a_message_id_keeps_app_kind_and_easemobs_id() {
        let id = MessageId::of(&AppKey::new("acme#support").unwrap(), "chat", "1501234567890123456").unwrap();
        assert_eq!((id.app(), id.easemob_id()), ("acme#support", "1501234567890123456"));
        assert!(MessageId::new("acme#support/chat").is_err());
    }

    #[test]
    fn derived_ids_repeat_and_differ_by_ordinal_and_kind() {
        assert_eq!(TurnId::derive("m", 0), TurnId::derive("m", 0));
        assert_ne!(TurnId::derive("m", 0), TurnId::derive("m", 1));
        assert_ne!(TurnId::derive("m", 0).uuid(), RequestId::derive("m", 0).uuid());
    }
}
