//! The conversation: a pure fold from events to decisions, requests and answers.
//!
//! In reading order: what a fold reads ([`Rules`], [`At`]) and leaves behind ([`State`], [`Step`]), how it goes ([`fold`], [`fire`],
//! [`due`]), and how state is stored, read back and kept meanwhile ([`entries`], [`restore`], [`Kept`]). Equal inputs give equal steps, byte for byte:
//! no clock, no random number, no I/O.

mod book;
mod entries;
mod fold;
mod gate;
mod guard;
mod hash;
mod history;
mod kept;
mod parts;
mod prompt;
mod reason;
mod restore;
mod rules;
mod seen;
mod state;
mod step;

pub use entries::{control_entry, entries};
pub use fold::{due, fire, fold};
pub use kept::Kept;
pub use reason::BOUNDS;
pub use restore::{RestoreError, Restored, restore};
pub use rules::{Rules, RulesError};
pub use state::State;
pub use step::{At, Output, Step};
