//! Texts of a record that are borrowed from its bytes wherever they stand there as they are.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use schemas::ids::{AppKey, BadId, BundleHash, MessageId, TargetName, UserId};
use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// A text; copied only where the record has escapes in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Str<'a>(Cow<'a, str>);

impl Deref for Str<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Serialize for Str<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Str<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(Borrow).map(Self)
    }
}

impl<'a> From<&'a str> for Str<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

struct Borrow;

impl<'de> Visitor<'de> for Borrow {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text))
    }
}

/// An identifier of the type `T`, checked and not copied.
pub(crate) struct Id<'a, T>(Str<'a>, PhantomData<T>);

/// A type of identifiers that are texts.
pub(crate) trait Checked {
    /// Checks a text.
    fn check(text: &str) -> Result<(), BadId>;
}

macro_rules! checked {
    ($($id:ty),*) => {
        $(impl Checked for $id {
            fn check(text: &str) -> Result<(), BadId> {
                <$id>::check(text)
            }
        })*
    };
}

checked!(AppKey, BundleHash, MessageId, TargetName, UserId);

impl<T> Deref for Id<'_, T> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<T> fmt::Debug for Id<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T> PartialEq for Id<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T> Serialize for Id<'_, T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self)
    }
}

impl<'de: 'a, 'a, T: Checked> Deserialize<'de> for Id<'a, T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Str::deserialize(from)?;
        T::check(&text).map_err(D::Error::custom)?;
        Ok(Self(text, PhantomData))
    }
}

#[cfg(test)]
impl<'a, T> From<&'a str> for Id<'a, T> {
    fn from(text: &'a str) -> Self {
        Self(text.into(), PhantomData)
    }
}
