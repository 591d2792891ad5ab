//! The conversation: a pure fold from events to decisions, requests and answers.
//!
//! In reading order: what a fold reads ([`Rules`], [`At`]) and leaves behind ([`State`], [`Step`]); its steps ([`fold`], [`fire`], [`due`]);
//! how a state is named ([`Key`]), stored ([`entries`]), read back ([`restore`]) and held in memory ([`LazyState`]). Equal inputs give equal
//! steps, byte for byte: no clock, no random number, no I/O.

mod bound;
mod commands;
pub mod complexity;
mod entries;
mod fold;
mod gate;
mod guard;
mod hash;
mod history;
mod kept;
mod key;
mod lazy;
mod ledger;
mod parts;
mod personal;
mod pins;
mod prompt;
mod reason;
mod recent;
mod remembered;
mod restore;
mod route;
mod rules;
mod seen;
mod state;
mod step;
mod stored;

pub use entries::{control_entry, entries};
pub use fold::{due, fire, fold};
pub use key::Key;
pub use lazy::{LazyState, StoredState};
pub use reason::Reason;
pub use restore::{Restored, restore};
pub use route::Telling;
pub use rules::Rules;
pub use state::State;
pub use step::{At, Output, Step};
pub use stored::RestoreError;
