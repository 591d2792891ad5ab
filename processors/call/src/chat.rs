//! The wire of OpenAI's chat completions, which several families share; what differs is a [`Dialect`].

mod request;

use catalogue::Provider;
use outbound::Class;

pub(crate) use request::{BodyError, Omit, body};

use crate::reading::Wrong;

/// How one family speaks the shared wire.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dialect {
    /// Field that tells persons apart.
    pub(crate) person: &'static str,
    /// What an error means, by its status, where the family differs from what all share.
    pub(crate) class: fn(u16, &Wrong) -> Option<Class>,
}

impl Dialect {
    pub(crate) fn of(provider: Provider) -> &'static Self {
        match provider {
            Provider::Openai => &crate::openai::DIALECT,
            Provider::Local => &crate::local::DIALECT,
        }
    }
}

#[cfg(test)]
mod tests;
