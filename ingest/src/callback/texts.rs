//! Every text of a payload: all its strings, except addresses, ids and words of the protocol.

mod change;
mod field;
mod gather;

pub(super) use change::visit;
pub(super) use gather::{Gathered, gather};

/// How often a text that is JSON may hold another text that is JSON. What is deeper is read as one text.
const MAX_NESTING: usize = 4;

/// Whether a text may be JSON that holds texts.
fn may_be_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

#[cfg(test)]
mod tests;
