//! A JSON value that borrows its texts from where it was read, in the order in which it stood there.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use serde_json::Number;

/// Any JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json<'a> {
    Null,
    Bool(bool),
    Number(Number),
    /// Owned where escapes had to be decoded.
    Text(Cow<'a, str>),
    List(Vec<Json<'a>>),
    Object(Fields<'a>),
}

/// An object's names and values; no name comes twice.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Fields<'a>(pub(super) Vec<(Cow<'a, str>, Json<'a>)>);

impl<'a> Json<'a> {
    /// The text, if it is one.
    pub(crate) fn as_str(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The fields, if it is an object.
    pub(crate) fn as_object(&self) -> Option<&Fields<'a>> {
        if let Self::Object(fields) = self { Some(fields) } else { None }
    }

    /// What stands under a name, if it is an object.
    pub(crate) fn get(&self, name: &str) -> Option<&Json<'a>> {
        self.as_object()?.get(name)
    }

    /// What stands under a name, to be changed.
    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut Json<'a>> {
        let Self::Object(fields) = self else { return None };
        fields.iter_mut().find_map(|(known, json)| (known == name).then_some(json))
    }

    /// What stands at the end of a path of names.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Json<'a>> {
        path.iter().try_fold(self, |json, name| json.get(name))
    }

    /// The same value, which owns its texts.
    pub(super) fn into_owned(self) -> Json<'static> {
        match self {
            Self::Null => Json::Null,
            Self::Bool(flag) => Json::Bool(flag),
            Self::Number(number) => Json::Number(number),
            Self::Text(text) => Json::Text(text.into_owned().into()),
            Self::List(items) => Json::List(items.into_iter().map(Json::into_owned).collect()),
            Self::Object(Fields(fields)) => Json::Object(Fields(
                fields
                    .into_iter()
                    .map(|(name, json)| (name.into_owned().into(), json.into_owned()))
                    .collect(),
            )),
        }
    }
}

impl<'a> Fields<'a> {
    /// What stands under a name.
    pub(crate) fn get(&self, name: &str) -> Option<&Json<'a>> {
        self.iter().find_map(|(known, json)| (known == name).then_some(json))
    }

    /// Names and values, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Json<'a>)> {
        self.0.iter().map(|(name, json)| (&**name, json))
    }

    /// Names and values, in order; the values can be changed.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Json<'a>)> {
        self.0.iter_mut().map(|(name, json)| (&**name, json))
    }
}

impl std::fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| std::fmt::Error)?)
    }
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => to.serialize_unit(),
            Self::Bool(flag) => to.serialize_bool(*flag),
            Self::Number(number) => number.serialize(to),
            Self::Text(text) => to.serialize_str(text),
            Self::List(items) => to.collect_seq(items),
            Self::Object(fields) => to.collect_map(fields.iter()),
        }
    }
}
