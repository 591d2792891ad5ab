//! The wire of OpenAI's chat completions, which several families share; what differs is a [`Dialect`].

mod reply;
mod request;

use catalogue::Provider;
use outbound::Class;

pub(crate) use reply::{Notes, Said, Wrong, read};
pub(crate) use request::{BodyError, body};

/// How one family speaks the shared wire.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dialect {
    /// Field that tells persons apart.
    pub(crate) person: &'static str,
    /// What an error means, by status and error object.
    pub(crate) class: fn(u16, &Wrong) -> Class,
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
mod fuzz;
#[cfg(test)]
mod tests;
