//! The topics of a replay: what it writes, and nothing else.
//!
//! A replay writes what the line would write, and never where the line would read it: each of its topics has its name in front, each of its records has a
//! header with its name, and what is not among its own topics is neither written nor deleted.

mod names;
mod own;
mod there;
mod words;
mod writer;

pub use names::{Kind, Names};
pub use own::{OwnError, Settings, create, delete, list};
pub(crate) use there::MANIFEST;
pub use there::{Journal, Manifested, ThereError, ids, journal, manifest, results};
pub use words::Words;
pub use writer::{Awaited, WriteError, Writer};

#[cfg(test)]
mod tests;
